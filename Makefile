# Everything a developer runs. `make setup` is cheap when nothing changed, so each target begins with it.
.PHONY: setup demo up test check lock

setup:
	@infra/local/setup.sh

demo: setup
	@.venv/bin/pressroom demo $(PRODUCT)

up: setup
	@.venv/bin/pressroom up

test: setup
	@.venv/bin/pytest --numprocesses 2 --dist loadfile

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/vulture

# Locks carry names, versions and hashes only: no index address, so they work behind any mirror.
LOCK = uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--python-version 3.11 pyproject.toml
lock:
	$(LOCK) --output-file infra/deploy/locks/run.txt
	$(LOCK) --extra local --extra dev --constraint infra/deploy/locks/run.txt --output-file infra/deploy/locks/dev.txt
