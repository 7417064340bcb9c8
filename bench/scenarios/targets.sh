#!/usr/bin/env bash
# Measures the targets beside the rivals' own programs, in one run on one machine, and prints medians with raw figures kept.
# usage: bench/scenarios/targets.sh [--rounds N] [--results DIR] [SECTION]...
#   sections: t1 t2 t3 t4 t5 t6 t7 t8 t9 t11 t12 t13 (none named: all), and scale (a million block files, half an hour; SCALE_COUNTS="20000 100000" for fewer).
#   Needs root, a Debian machine and /dev/fuse, t6 an amd64 one and /dev/net/tun as well; uses loopback and network namespaces only.
#   Images and tools are kept in ${XDG_CACHE_HOME:-~/.cache}/oscircular-bench (about 12 GB); everything else is removed at the end.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
export PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive LC_ALL=C
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

fail() { echo "targets.sh: $*" >&2; exit 1; }

# A file that a needed package brings, and the package.
needs() {
    cat <<'LIST'
/usr/bin/nbdfuse libnbd-bin
/usr/bin/nbdkit nbdkit
/usr/bin/rclone rclone
/usr/bin/casync casync
/usr/bin/mksquashfs squashfs-tools
/usr/bin/fio fio
/usr/bin/zstd zstd
/usr/include/fuse3/fuse.h libfuse3-dev
/usr/bin/fusermount3 fuse3
/usr/bin/gcc gcc
/usr/bin/pkg-config pkg-config
/usr/sbin/debootstrap debootstrap
/usr/sbin/mke2fs e2fsprogs
/usr/sbin/nginx nginx-light
/usr/sbin/tc iproute2
/usr/sbin/ethtool ethtool
/usr/bin/nsenter util-linux
/usr/bin/curl curl
/usr/bin/aria2c aria2
/usr/bin/opentracker opentracker
/usr/bin/mktorrent mktorrent
/usr/bin/python3 python3
/usr/bin/qemu-system-x86_64 qemu-system-x86
/usr/bin/qemu-img qemu-utils
/usr/lib/x86_64-linux-gnu/qemu/block-curl.so qemu-block-extra
/usr/bin/httpdirfs httpdirfs
LIST
}

install_missing() {
    local file package packages='' made_policy='' log
    while read -r file package; do
        [ -e "$file" ] || [ -e "${file/\/usr/}" ] || packages+=" $package"
    done < <(needs)
    [ -z "$packages" ] && return
    command -v apt-get >/dev/null || fail "these packages are missing:$packages"
    echo "installing$packages" >&2
    # Debian starts a freshly installed server at once; the measurements start their own.
    [ -e /usr/sbin/policy-rc.d ] || { made_policy=1; printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
    log=$(mktemp)
    # shellcheck disable=SC2086
    { apt-get -qq update && apt-get -qq -y --no-install-recommends install $packages; } >"$log" 2>&1 || { tail -20 "$log" >&2; fail "apt-get could not install$packages"; }
    rm -f "$log"
    [ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d
}

[ "$(id -u)" = 0 ] || fail "must be root: it makes loop devices, network namespaces and a chroot"
[ -c /dev/fuse ] || fail "/dev/fuse is missing: load the kernel module fuse"
install_missing
for project in src/OsCircular.Agent/OsCircular.Agent.csproj bench/OsCircular.Benchmarks/OsCircular.Benchmarks.csproj; do
    # No compiler server: it would outlive this run, and be measured along.
    built=$(dotnet build -c Release -v q -nologo -p:UseSharedCompilation=false "$project" 2>&1) || { echo "$built" >&2; fail "$project does not build"; }
done
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here" exec python3 -m targets "$@"
