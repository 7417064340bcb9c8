#!/usr/bin/env bash
# Kills the agent at random moments while several programs read its mount and compare every byte, and starts it again each time.
# usage: bench/scenarios/kills.sh [--kills N] [--seed S] [--program FILE] [--json FILE]
#   Needs root, /dev/fuse, python3 and Linux 6.9; fio takes part where it is installed. Everything is removed at the end.
#   Ends with 0 where no byte was wrong, no read failed and none hung.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
[ "$(id -u)" = 0 ] || { echo "kills.sh: must be root: it mounts" >&2; exit 1; }
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here" exec python3 -m kills "$@"
