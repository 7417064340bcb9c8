#!/usr/bin/env bash
# Injects faults of eighteen kinds from a seed into an agent's cache, its peers and mirrors while readers compare every byte, and prints what readers saw of them.
# usage: bench/scenarios/faults.sh [--faults N] [--seed S] [--report FILE]     10,000 and 1; 10,000 take about a quarter of an hour. Needs root and /dev/fuse.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export PATH="$PATH:/usr/sbin:/sbin" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

faults=10000 seed=1 report=''
while [ $# -gt 0 ]; do
    case $1 in
        --faults) faults=$2 ;;
        --seed) seed=$2 ;;
        --report) report=$2 ;;
        *) echo "faults.sh: $1 is not understood; see the head of $0" >&2; exit 2 ;;
    esac
    shift 2
done

log=$(mktemp)
kept=${report:-$(mktemp)}
trap 'rm -f "$log"; [ -n "$report" ] || rm -f "$kept"' EXIT
dotnet build -c Release -v q -p:UseSharedCompilation=false tests/OsCircular.SystemTests/OsCircular.SystemTests.csproj >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
result=0
OCT_FAULTS=$faults OCT_SEED=$seed OCT_REPORT=$kept artifacts/bin/OsCircular.SystemTests/release/OsCircular.SystemTests -noLogo -noColor -class '*.FaultCampaignTests' >"$log" 2>&1 || result=$?
[ ! -s "$kept" ] || cat "$kept"
[ $result = 0 ] || { tail -50 "$log" >&2; exit 1; }
