#!/usr/bin/env bash
# As the official image's: options alone are the server's, and its files are nobody else's.
set -euo pipefail

[[ "${1-}" != -* ]] || set -- redis-server "$@"
umask 0077
exec "$@"
