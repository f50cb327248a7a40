#!/usr/bin/env bash
# What the charts need of the official image's entrypoint: at the first start, a database with its role and password.
set -euo pipefail

make_database() {
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # Not reachable over the network until all is made.
  pg_ctl -w start -o "-c listen_addresses=''"
  PGHOST=/var/run/postgresql psql --username "$POSTGRES_USER" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  pg_ctl -w -m fast stop
}

if [[ "$1" == postgres ]]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  [[ -s "$PGDATA/PG_VERSION" ]] || make_database
fi
exec "$@"
