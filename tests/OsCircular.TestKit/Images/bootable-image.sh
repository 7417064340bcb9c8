#!/usr/bin/env bash
# Makes a Debian disk that boots by its own loader, once, and keeps it; prints the folder that holds it:
#   disk.raw    GPT, GRUB for BIOS and for UEFI, the root file system of debian-image.sh with an older kernel; 2 GiB, sparse
#   update/     kernel.deb, a newer kernel with the few modules this guest needs, and sample.deb, which installs the program oscircular-sample
# A guest prints "OSCIRCULAR-MULTI-USER N KERNEL SAMPLE" on its console once it has reached multi-user: the image's number, what uname -r says, and the version of
# sample.deb or "none". Then, where a second disk is there, it runs the script "run" that lies on it, prints "OSCIRCULAR-JOB EXIT-CODE" and turns itself off.
# usage: bootable-image.sh FOLDER     as root; the packages come from where this machine's own apt has them
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin"

keep=$(realpath -m "${1:?usage: bootable-image.sh FOLDER}")
here=$(dirname "$(readlink -f "$0")")
architecture=$(dpkg --print-architecture)
[ "$architecture" = amd64 ] || { echo "bootable-image.sh: it knows the boot loaders of amd64 only" >&2; exit 1; }
base=$("$here/debian-image.sh" "$keep")
done="$keep/bootable-$architecture-$(cat "$0" "$here/debian-image.sh" | sha256sum | cut -c1-12)"
exec 9>"$keep/bootable.lock"
flock 9
if [ -d "$done" ]; then echo "$done"; exit; fi

# Mounts made below die with this process, whatever ends it.
if [ "${2-}" != inside ]; then exec 3>&1; exec unshare --mount --propagation private "$0" "$keep" inside; fi

work=$(mktemp -d "$keep/tmp.XXXXXX")
trap 'umount -q "$work"/root/proc "$work/old" "$work"/disk/{proc,dev} "$work/disk" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
log() { "$@" >>"$work/log" 2>&1 9>&- || { tail -30 "$work/log" >&2; echo "bootable-image.sh: failed: $*" >&2; exit 1; }; }
proxy=$(apt-config shell proxy Acquire::http::Proxy | sed -n "s/^proxy='\(.*\)'$/\1/p")
[ -z "$proxy" ] || export http_proxy="$proxy"

root="$work/root" out="$work/out"
mkdir "$work/old" "$root" "$work/disk" "$out" "$out/update"
log mount -o loop,ro "$base/v1.raw" "$work/old"
log cp -a "$work/old/." "$root"
log umount "$work/old"
log mount -t proc proc "$root/proc"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"

# The initrd holds what this guest needs and no more, for it is read by an emulated boot loader.
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=gzip\nCOMPRESSLEVEL=1\n' >"$root/etc/initramfs-tools/conf.d/small"
modules='virtio_pci virtio_blk virtio_net virtio_rng ext4'
echo "$modules" | tr ' ' '\n' >>"$root/etc/initramfs-tools/modules"
mkdir -p "$root/etc/default"
cat >"$root/etc/default/grub" <<'GRUB'
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_DISABLE_OS_PROBER=true
GRUB_TERMINAL="serial console"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_CMDLINE_LINUX="console=ttyS0 rw"
GRUB

# Two kernels: the oldest that the archive has is the disk's, the newest its update.
log chroot "$root" apt-get -q update
kernels=$(chroot "$root" apt-cache search --names-only "^linux-image-[0-9].*-cloud-$architecture\$" | cut -d' ' -f1 | grep -v -- '-unsigned' | sort -V)
older=$(head -1 <<<"$kernels") newer=$(tail -1 <<<"$kernels")
[ "$older" != "$newer" ] || { echo "bootable-image.sh: the archive has one kernel only: $kernels" >&2; exit 1; }
log chroot "$root" apt-get -q -y --no-install-recommends install "$older" grub2-common grub-pc-bin grub-efi-amd64-bin mtools dosfstools fdisk
others=$(chroot "$root" dpkg-query -W -f '${Package}\n' 'linux-image-*' | grep -vx "$older" || true)
# shellcheck disable=SC2086
[ -z "$others" ] || log chroot "$root" apt-get -q -y purge $others

# The update's packages. Its kernel is the archive's, but without the modules that nothing here asks for and with its initrd: an emulated guest would take half a minute
# to make that. GRUB's menu is made anew in the guest.
log chroot "$root" sh -c "cd /tmp && apt-get -q download $newer && dpkg-deb -R ./$newer*.deb kernel && depmod -b kernel ${newer#linux-image-}"
chroot "$root" sh -c "cd /tmp && for module in $modules; do modprobe --show-depends -d /tmp/kernel -S ${newer#linux-image-} \$module; done" |
    sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u >"$work/needed"
find "$root/tmp/kernel/lib/modules" -name '*.ko*' | while read -r module; do grep -qx "${module#"$root"}" "$work/needed" || rm "$module"; done
rm -f "$root"/tmp/kernel/lib/modules/*/modules.*.bin "$root"/tmp/kernel/lib/modules/*/modules.{dep,alias,symbols,softdep,devname} "$root/tmp/kernel/DEBIAN/md5sums"
log chroot "$root" sh -c "cp -a /tmp/kernel/lib/modules/* /lib/modules/ && depmod ${newer#linux-image-} && cp /tmp/kernel/boot/config-* /boot/"
log chroot "$root" mkinitramfs -o "/tmp/kernel/boot/initrd.img-${newer#linux-image-}" "${newer#linux-image-}"
rm -rf "$root/lib/modules/${newer#linux-image-}" "$root/boot/config-${newer#linux-image-}"
mkdir -p "$root/tmp/sample/DEBIAN" "$root/tmp/sample/usr/bin"
printf 'Package: oscircular-sample\nVersion: 2.0\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: says its version\n' >"$root/tmp/sample/DEBIAN/control"
printf '#!/bin/sh\necho 2.0\n' >"$root/tmp/sample/usr/bin/oscircular-sample"
chmod +x "$root/tmp/sample/usr/bin/oscircular-sample"
log chroot "$root" sh -c 'cd /tmp && dpkg-deb --root-owner-group -Znone -b kernel kernel.deb && dpkg-deb --root-owner-group -b sample sample.deb'
mv "$root"/tmp/{kernel,sample}.deb "$out/update/"
rm -rf "$root"/tmp/*

cat >"$root/etc/systemd/system/oscircular-marker.service" <<'UNIT'
[Unit]
DefaultDependencies=no
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo OSCIRCULAR-MULTI-USER $(cat /etc/oscircular-image) $(uname -r) $(oscircular-sample 2>/dev/null || echo none) >/dev/console'
[Install]
WantedBy=multi-user.target
UNIT
cat >"$root/etc/systemd/system/oscircular-job.service" <<'UNIT'
[Unit]
DefaultDependencies=no
After=oscircular-marker.service
ConditionPathExists=/dev/vdb
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir -p /run/job && mount -o ro /dev/vdb /run/job && sh -ex /run/job/run >/dev/console 2>&1; echo OSCIRCULAR-JOB $? >/dev/console; sync; systemctl poweroff'
[Install]
WantedBy=multi-user.target
UNIT
log chroot "$root" systemctl enable oscircular-marker.service oscircular-job.service

# The disk: a partition for GRUB's core, one for UEFI, one for Debian. Written without partition devices, which not every kernel has for loop devices.
disk="$out/disk.raw"
first=2048 core_sectors=2048 esp_sectors=16384
esp=$((first + core_sectors)) system=$((first + core_sectors + esp_sectors))
identity=0c5a4f16-7f0e-4d5a-9a3b-05c19c01a201
truncate -s 2G "$disk" && cp "$disk" "$root/tmp/disk"
printf 'label: gpt\nstart=%s,size=%s,type=21686148-6449-6E6F-744E-656564454649\nstart=%s,size=%s,type=U\nstart=%s,type=L\n' $first $core_sectors $esp $esp_sectors $system >"$work/table"
log chroot "$root" sfdisk -q /tmp/disk <"$work/table"
cat >"$root/tmp/early.cfg" <<EARLY
search --no-floppy --fs-uuid --set=root $identity
set prefix=(\$root)/boot/grub
EARLY
log chroot "$root" grub-mkimage -O i386-pc -o /tmp/core.img -p /boot/grub -c /tmp/early.cfg biosdisk part_gpt ext2 search search_fs_uuid normal
log chroot "$root" grub-mkimage -O x86_64-efi -o /tmp/boot.efi -p /boot/grub -c /tmp/early.cfg part_gpt ext2 search search_fs_uuid normal
log chroot "$root" sh -c "truncate -s $((esp_sectors * 512)) /tmp/esp && mkfs.vfat /tmp/esp && mmd -i /tmp/esp ::/EFI ::/EFI/BOOT && mcopy -i /tmp/esp /tmp/boot.efi ::/EFI/BOOT/BOOTX64.EFI"
little_endian() { for ((i = 0; i < 8; i++)); do printf "\\x$(printf %02x $(($1 >> (8 * i) & 255)))"; done; }
patch() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
cp "$root/usr/lib/grub/i386-pc/boot.img" "$work/boot.img"
little_endian $first | patch "$work/boot.img" $((0x5c))                                # where boot.img finds the core's first sector
little_endian $((first + 1)) | patch "$root/tmp/core.img" $((0x1f4))                   # and that sector the others
cp --sparse=always "$root/tmp/disk" "$disk"
dd if="$work/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$root/tmp/core.img" of="$disk" bs=512 seek=$first conv=notrunc status=none
dd if="$root/tmp/esp" of="$disk" bs=512 seek=$esp conv=notrunc,sparse status=none
rm -rf "$root"/tmp/*

echo "UUID=$identity / ext4 defaults,discard 0 1" >"$root/etc/fstab"
log mkdir -p "$root/boot/grub"
log cp -r "$root"/usr/lib/grub/{i386-pc,x86_64-efi} "$root/boot/grub/"
log chroot "$root" apt-get -q -y purge grub-efi-amd64-bin mtools dosfstools fdisk
log chroot "$root" apt-get clean
rm -f "$root/usr/sbin/policy-rc.d" "$root"/var/lib/apt/lists/*_*
log umount "$root/proc"
blocks=$(((2 * 1024 * 1024 * 1024 - system * 512 - 1024 * 1024) / 4096))
log mke2fs -q -t ext4 -b 4096 -U $identity -E "offset=$((system * 512))" -d "$root" "$disk" $blocks
log mount -o "loop,offset=$((system * 512))" "$disk" "$work/disk"
log mount -t proc proc "$work/disk/proc"
log mount --bind /dev "$work/disk/dev"
# It writes no entries where the root file system lies on a loop device; here it does, in the guest it does not.
linux="$work/disk/etc/grub.d/10_linux"
cp -a "$linux" "$work/10_linux" && sed -i 's#/dev/loop/\*|/dev/loop\[0-9\])#/dev/none)#' "$linux"
log chroot "$work/disk" update-grub
cp -a "$work/10_linux" "$linux"
sed -i "s#root=/dev/loop[0-9]*#root=UUID=$identity#" "$work/disk/boot/grub/grub.cfg"
grep -q "vmlinuz-${older#linux-image-}" "$work/disk/boot/grub/grub.cfg" || { echo "bootable-image.sh: GRUB's menu does not name $older" >&2; exit 1; }
log umount "$work/disk/proc" "$work/disk/dev" "$work/disk"
mv "$out" "$done"
echo "$done"
