#!/bin/sh
# Creates .venv from the hashed lock and sees to the system libraries. Asks nothing; a second run returns at once.
# `setup.sh tests` sees to the programs that only tests run, too.
set -eu
cd "$(dirname "$0")/../.."

LOCK=infra/deploy/locks/dev.txt
KEDA=infra/deploy/locks/keda.txt
STAMP=.venv/.set-up
# What WeasyPrint and mongod need from the system, and what books go without: other scripts and emoji are boxes then.
PACKAGES="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libcurl4"
FONTS="fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"

wanted=$(cat "$LOCK" "$KEDA" pyproject.toml "$0" | sha256sum | cut -d' ' -f1)
fail() { echo "setup: $1" >&2; exit 1; }

find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$name"; return; }
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || printf '%s ' "$package"
    done
}

install_packages() {
    missing=$(missing_packages "$@")
    [ -z "$missing" ] && return
    as_root true || fail "please run: sudo apt-get install -y $missing"
    echo "setup: installing $missing"
    # shellcheck disable=SC2086  # one word a package
    if ! as_root apt-get update -qq >/dev/null || ! as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends $missing >/dev/null; then
        fail "apt-get could not install $missing"
    fi
}

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps "$@"; }

set_up() {
    if command -v apt-get >/dev/null; then
        # shellcheck disable=SC2086
        install_packages $PACKAGES
        # shellcheck disable=SC2086
        (install_packages $FONTS) || echo "setup: going on: without these fonts, other scripts and emoji are boxes" >&2
    elif command -v brew >/dev/null; then
        brew list pango >/dev/null 2>&1 || brew install --quiet pango || fail "please run: brew install pango"
    else
        echo "setup: no apt-get or brew here: make sure that Pango 1.50 or later is installed" >&2
    fi

    python=$(find_python)
    if [ -z "$python" ] && command -v apt-get >/dev/null; then
        install_packages python3 python3-venv
        python=$(find_python)
    fi
    [ -n "$python" ] || fail "Python 3.11 to 3.13 is needed; please run: sudo apt-get install -y python3 python3-venv"
    echo "setup: $("$python" --version), packages from $LOCK"
    rm -f $STAMP
    if ! "$python" -m venv --clear .venv >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print(*sys.version_info[:2], sep=".")')
        install_packages "python$version-venv"
        "$python" -m venv --clear .venv
    fi
    pip_install --require-hashes -r "$LOCK"
    pip_install --no-build-isolation --no-index --editable .
    .venv/bin/python -c 'import weasyprint' 2>/dev/null || fail "WeasyPrint finds no Pango: is it installed for this Python?"
    echo "$wanted" > $STAMP
    echo "setup: done"
}

# KEDA's schemas, which nothing else may import; a browser for the pages; promtool for the alert rules, and a proxy: without
# their packages, which would run servers.
add_tools_of_tests() {
    [ -d .venv/keda ] || pip_install --require-hashes --target .venv/keda -r "$KEDA"
    command -v apt-get >/dev/null || return 0
    command -v chromium >/dev/null || install_packages chromium
    [ -x .venv/bin/promtool ] && [ -x .venv/bin/nginx ] && return
    folder=$(mktemp -d)
    as_root apt-get update -qq >/dev/null || true  # what is known of packages may do
    for package in prometheus nginx; do
        (cd "$folder" && apt-get download -qq "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb .) \
            || fail "apt-get could not download $package"
    done
    mv "$folder/usr/bin/promtool" "$folder/usr/sbin/nginx" .venv/bin/
    rm -r "$folder"
}

[ "$(cat $STAMP 2>/dev/null)" = "$wanted" ] || set_up
[ "${1:-}" != tests ] || add_tools_of_tests
