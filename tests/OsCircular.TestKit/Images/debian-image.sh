#!/usr/bin/env bash
# Makes the Debian test images once and keeps them; prints the folder that holds them:
#   v1.raw  bookworm minbase with kernel and systemd, ext4 on a 2 GiB sparse disk without partitions
#   v2.raw  the same file system after apt-get install of a few packages in it
#   vmlinuz, initrd.img
# A guest prints "OSCIRCULAR-MULTI-USER N" on its console once it has reached multi-user; N is the image's number.
# usage: debian-image.sh FOLDER     as root; the packages come from where this machine's own apt has them
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin"

keep=$(realpath -m "${1:?usage: debian-image.sh FOLDER}")
architecture=$(dpkg --print-architecture)
# The name holds a digest of the recipe: another recipe is another folder.
done="$keep/debian-$architecture-$(sha256sum <"$0" | cut -c1-12)"
mkdir -p "$keep"
exec 9>"$keep/lock"
flock 9
if [ -f "$done/v2.raw" ]; then echo "$done"; exit; fi

# Mounts made below die with this process, whatever ends it.
if [ "${2-}" != inside ]; then exec 3>&1; exec unshare --mount --propagation private "$0" "$keep" inside; fi

work=$(mktemp -d "$keep/tmp.XXXXXX")
trap 'umount -q "$work/disk/proc" "$work/disk" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
log() { "$@" >>"$work/log" 2>&1 9>&- || { tail -30 "$work/log" >&2; echo "debian-image.sh: failed: $*" >&2; exit 1; }; }

proxy=$(apt-config shell proxy Acquire::http::Proxy | sed -n "s/^proxy='\(.*\)'$/\1/p")
[ -z "$proxy" ] || export http_proxy="$proxy"
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
    awk '$1 == "bookworm" && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
    awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || { echo "debian-image.sh: apt on this machine knows no Debian archive" >&2; exit 1; }

root="$work/root"
log debootstrap --variant=minbase --include="linux-image-cloud-$architecture,systemd-sysv,udev" bookworm "$root" "$mirror"
rm -f "$root"/var/cache/apt/archives/*.deb
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
echo circular >"$root/etc/hostname"
echo 1 >"$root/etc/oscircular-image"
cat >"$root/etc/systemd/system/oscircular-marker.service" <<'UNIT'
[Unit]
DefaultDependencies=no
After=multi-user.target
[Service]
ExecStart=/bin/sh -c 'echo OSCIRCULAR-MULTI-USER $(cat /etc/oscircular-image) >/dev/console'
[Install]
WantedBy=multi-user.target
UNIT
log chroot "$root" systemctl enable oscircular-marker.service
mkdir "$work/out"
cp -L "$root"/boot/vmlinuz-* "$work/out/vmlinuz"
cp -L "$root"/boot/initrd.img-* "$work/out/initrd.img"
log mke2fs -q -t ext4 -d "$root" "$work/out/v1.raw" 2G

cp --sparse=always "$work/out/v1.raw" "$work/out/v2.raw"
disk="$work/disk"
mkdir "$disk"
log mount -o loop "$work/out/v2.raw" "$disk"
log mount -t proc proc "$disk/proc"
cp -L /etc/resolv.conf "$disk/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$disk/usr/sbin/policy-rc.d"
chmod +x "$disk/usr/sbin/policy-rc.d"
log chroot "$disk" apt-get -q update
log chroot "$disk" apt-get -q -y --no-install-recommends install nginx-light python3-minimal openssh-server
log chroot "$disk" apt-get clean
rm "$disk/usr/sbin/policy-rc.d"
echo 2 >"$disk/etc/oscircular-image"
log umount "$disk/proc" "$disk"
mv "$work/out" "$done"
echo "$done"
