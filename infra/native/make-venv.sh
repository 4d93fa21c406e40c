#!/usr/bin/env bash
# Make the virtual environment $1 from the locked, hashed requirements in $2.
set -euo pipefail
venv=$1 lock=$2 started=$SECONDS

find_python() {
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
        then
            command -v "$name"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed; install python3 (and python3-venv)" >&2
    return 1
}

# A Python without ensurepip (Debian's, before python3-venv) cannot make an environment.
ensure_venv_module() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    local root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if command -v apt-get >/dev/null && { [ -z "$root" ] || $root true 2>/dev/null; }; then
        echo "installing python3-venv …"
        { $root apt-get update -q && $root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends python3-venv; } >/dev/null
    else
        echo "this Python cannot make virtual environments: install python3-venv" >&2
        return 1
    fi
}

python=$(find_python)
ensure_venv_module
if ! "$venv/bin/python" -c '' 2>/dev/null || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "making $venv with $python …"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
echo "installing the locked requirements (0.5 GB on the first time) …"
# The lock is complete. Were pip to resolve dependencies too, a release of tomorrow could enter by way
# of a package's extras, which the lock does not name, and be refused for want of a hash.
"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$lock"
# urllib3-future, which grafana-client needs, would copy itself over urllib3 whenever Python starts;
# each is wanted under its own name. Nothing has started yet since pip brought both.
find "$venv" -name urllib3_future.pth -delete
"$venv/bin/pip" check --disable-pip-version-check
echo "Python is ready ($((SECONDS - started)) s)"
