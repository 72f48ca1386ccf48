# shellcheck shell=bash
# What the benchmarks over HTTP share: a database and a server of their own, gone when they end, and what loads them.
# Sourced, from the repository's root, by a script that has set how many guests there are.

# shellcheck source=scripts/lib/database.sh
source scripts/lib/database.sh
perks=.build/release/perks

# What PostgreSQL is run by may be another user, who has to get at it.
directory=$(mktemp -d "${TMPDIR:-/tmp}/perks-bench.XXXXXX")
chmod 711 "$directory"
export PERKS_DATA_DIRECTORY=$directory/data
unset DATABASE_URL PERKS_BRAND
server_process=
leave() {
    if [ -n "$server_process" ]; then
        kill "$server_process" 2>/dev/null || true
        wait "$server_process" 2>/dev/null || true
    fi
    "$perks" database stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
trap leave EXIT

# Runs a command that is to say nothing unless it fails.
quietly() {
    if ! "$@" >"$directory/said" 2>&1; then
        cat "$directory/said" >&2
        echo "That came of: $*" >&2
        exit 1
    fi
}

# The programs of PostgreSQL, from where the server's are taken.
program() {
    local folder
    for folder in "${PERKS_PG_BIN:-}" "$(pg_config --bindir 2>/dev/null || true)" \
        "$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -rV | head -n 1)"; do
        if [ -n "$folder" ] && [ -x "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
    command -v "$1" || { echo "$1 is not on this machine; it comes with PostgreSQL." >&2; return 1; }
}
psql=$(program psql)

# Prints one field of the JSON object on standard input.
field() {
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# MARK: What is there

# Starts a database that has the guests in it.
prepare() {
    uri=$("$perks" database start | grep -oE 'postgresql://[^" ]+' | head -n 1)
    quietly "$perks" migrate
    # shellcheck disable=SC2016,SC2154 # the dollars are awk's; the guests are the caller's
    awk -v guests="$guests" 'BEGIN {
        print "network,handle,birth_date,country,score,score_model,score_measured_at"
        for (n = 1; n <= guests; n++)
            printf "twitter,guest_%d,%d-%02d-15,US,%d,bench,2026-11-01T00:00:00Z\n", n, 1950 + n % 50, 1 + n % 12, 60 + n % 40
    }' >"$directory/guests.csv"
    quietly "$perks" guest import "$directory/guests.csv"
}

sql() { "$psql" -XqAt -v ON_ERROR_STOP=1 "$uri" "$@"; }

# A brand with one venue and a campaign that everybody of age may take part in.
brand() {
    quietly "$perks" brand create "$1" --name "$1" --country US --time-zone America/Los_Angeles --minimum-age 18
    quietly "$perks" venue create desk --brand "$1" --name Desk --country US --region NV --time-zone America/Los_Angeles
    quietly "$perks" campaign create all-year --brand "$1" --name "All year" --category general --starts 2020-01-01 \
        --ends 2049-12-31 --rule 'country in (US, CA)' --landing-url https://bench.example/
}

key() { "$perks" key create --brand "$1" --role "$2" --label bench --output json 2>/dev/null | field secret; }

# Starts a server behind so many proxies, and waits until it is ready.
serve() {
    PORT=$(free_port 0)
    export PORT
    "$perks" serve --port "$PORT" --trusted-proxies "$1" 2>"$directory/log" >&2 &
    server_process=$!
    until curl -fs -o /dev/null "http://127.0.0.1:$PORT/readyz"; do
        if ! kill -0 "$server_process" 2>/dev/null; then
            echo "The server did not start:" >&2
            cat "$directory/log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# Sends the requests of a file of curl's that keeps the answers where they are looked for when one is a refusal.
request() {
    curl --config "$1" || { cat "$directory/answer" >&2; exit 1; }
}

# MARK: Loads

# Loads the server as the holder of a key with phases, and keeps what came of them.
load() {
    local key=$1
    shift
    KEY=$key .build/release/DeskBenchmark "$@" >>"$directory/figures"
}

# A column of what came of a label: 2 is how many, 3 how many a second, 4 and 5 the percentiles.
figure() { awk -F '\t' -v label="$1" -v column="$2" '$1 == label { print $column }' "$directory/figures"; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
