# shellcheck shell=bash
# A private database for the scripts, apart from any that a person works with. Sourced, from the repository's root.

perks=.build/debug/perks

# Names the folder of a private cluster and starts that cluster with an empty database in it.
#
# As an ordinary user it is kept in .build and goes with it. As root, PostgreSQL runs as the user postgres, who may
# not enter a clone below /root, so that it is kept where that user can reach it.
fresh_database() {
    local name=$1 uri
    if [ "$(id -u)" -eq 0 ]; then
        PERKS_DATA_DIRECTORY=/var/lib/perks-$name
    else
        PERKS_DATA_DIRECTORY=$PWD/.build/$name
    fi
    export PERKS_DATA_DIRECTORY
    unset DATABASE_URL PERKS_BRAND
    uri=$("$perks" database start | grep -oE 'postgresql://[^" ]+' | head -n 1)
    # The cluster stays from run to run, the database does not.
    psql -Xq -v ON_ERROR_STOP=1 "$uri" \
        -c "set client_min_messages = error" \
        -c "drop database if exists $name with (force)" \
        -c "create database $name"
    DATABASE_URL=${uri/\/perks\?/\/$name?}
    export DATABASE_URL
}

# Stops the cluster that fresh_database started.
stop_database() {
    env -u DATABASE_URL "$perks" database stop >/dev/null
}

# A port of this machine that nobody listens on, the preferred one if it is free.
free_port() {
    python3 - "$1" <<'PYTHON'
import socket
import sys

for port in (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PYTHON
}
