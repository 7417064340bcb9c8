#!/usr/bin/env bash
# Makes an ISO that installs a very small system by itself, without a network, once, and keeps it; prints its path. It boots by BIOS from its own GRUB, makes a partition
# and a file system on /dev/vda, unpacks a system of busybox with Debian's kernel (that of debian-image.sh), writes GRUB as its boot loader, prints "OSCIRCULAR-INSTALLED"
# and turns the machine off; where any of that fails it prints "OSCIRCULAR-INSTALL-FAILED".
# The system it installs boots by its own loader, in seconds even where it is emulated, and prints on its serial console
#   OSCIRCULAR-SMALL N KERNEL     N: what stands in /etc/oscircular-image, "1" as installed
#   OSCIRCULAR-READ K right       once a second, past its own cache: the next of the 64 files of 256 KiB in /data has the digest that /data.sha256 has for it; else "K WRONG"
# Neither kernel checks the timer: where an emulated machine gets too little time, that check fails, and the kernel stops.
# usage: installer-iso.sh FOLDER     as root
set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

keep=$(realpath -m "${1:?usage: installer-iso.sh FOLDER}")
here=$(dirname "$(readlink -f "$0")")
architecture=$(dpkg --print-architecture)
[ "$architecture" = amd64 ] || { echo "installer-iso.sh: it knows the boot loaders of amd64 only" >&2; exit 1; }
base=$("$here/debian-image.sh" "$keep")
done="$keep/installer-$architecture-$(cat "$0" "$here/debian-image.sh" | sha256sum | cut -c1-12)"
exec 9>"$keep/installer.lock"
flock 9
if [ -d "$done" ]; then echo "$done/installer.iso"; exit; fi

# Mounts made below die with this process, whatever ends it.
if [ "${2-}" != inside ]; then exec unshare --mount --propagation private "$0" "$keep" inside; fi

work=$(mktemp -d "$keep/tmp.XXXXXX")
trap 'umount -q "$work/debian" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
log() { "$@" >>"$work/log" 2>&1 9>&- || { tail -30 "$work/log" >&2; echo "installer-iso.sh: failed: $*" >&2; exit 1; }; }
initrd="$work/initrd" tree="$work/tree" iso="$work/iso"
mkdir -p "$work/debian" "$initrd"/{bin,modules,proc,sys,dev,cd,root} "$tree"/{bin,sbin,etc,proc,dev,data,boot} "$iso/boot/grub"

# The modules that installer and system need, in the order in which they load.
log mount -o loop,ro "$base/v1.raw" "$work/debian"
version=$(ls "$work/debian/lib/modules")
for module in virtio_pci virtio_blk virtio_scsi sr_mod isofs ext4; do
    chroot "$work/debian" modprobe --show-depends -S "$version" $module
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
    cp "$work/debian$module" "$initrd/modules/"
    echo "/modules/${module##*/}" >>"$initrd/modules/order"
done
log umount "$work/debian"

busybox=$(command -v busybox)
cp "$busybox" "$initrd/bin/busybox"
cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo 1 >/proc/sys/kernel/printk
while read -r module; do insmod "$module"; done </modules/order
until [ -e /dev/vda ]; do sleep 0.1; done
if grep -q oscircular-install /proc/cmdline; then
    sh -ex /install && echo OSCIRCULAR-INSTALLED || echo OSCIRCULAR-INSTALL-FAILED
    poweroff -f
fi
until [ -e /dev/vda1 ]; do sleep 0.1; done
mount -t ext4 /dev/vda1 /root
umount /sys /proc
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
INIT
cat >"$initrd/install" <<'INSTALL'
until [ -e /dev/sr0 ]; do sleep 0.1; done
mount -t iso9660 -o ro /dev/sr0 /cd
printf 'o\nn\np\n1\n2048\n\na\n1\nw\n' | fdisk -u /dev/vda
until [ -e /dev/vda1 ]; do sleep 0.1; done
mke2fs -b 4096 /dev/vda1
mount -t ext4 /dev/vda1 /root
tar -x -f /cd/tree.tar -C /root
dd if=/cd/boot.img of=/dev/vda bs=440 count=1 conv=notrunc
dd if=/cd/core.img of=/dev/vda bs=512 seek=1 conv=notrunc
umount /root
sync
INSTALL
chmod +x "$initrd/init"
(cd "$initrd" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -9) >"$iso/boot/initrd"

# The system.
cp "$busybox" "$tree/bin/busybox"
for applet in sh mount grep sha256sum sleep uname cat sync; do ln -s busybox "$tree/bin/$applet"; done
echo 1 >"$tree/etc/oscircular-image"
for ((i = 10; i < 74; i++)); do head -c 256K /dev/urandom >"$tree/data/$i"; done
(cd "$tree" && sha256sum data/* >data.sha256)
cat >"$tree/sbin/init" <<'SYSTEM'
#!/bin/sh
export PATH=/bin
cd /
mount -t proc proc /proc
exec >/dev/console 2>&1
echo "OSCIRCULAR-SMALL $(cat /etc/oscircular-image) $(uname -r)"
k=0
while :; do
    for file in data/*; do
        k=$((k + 1))
        echo 3 >/proc/sys/vm/drop_caches
        if grep " $file\$" data.sha256 | sha256sum -c -s; then echo "OSCIRCULAR-READ $k right"; else echo "OSCIRCULAR-READ $k WRONG, $file"; fi
        sleep 1
    done
done
SYSTEM
chmod +x "$tree/sbin/init"
cp "$base/vmlinuz" "$iso/boot/initrd" "$tree/boot/"
cp "$base/vmlinuz" "$iso/boot/"
log tar -c -f "$iso/tree.tar" -C "$tree" --owner=0 --group=0 .

# Its boot loader has its one entry built in; boot.img looks for the core in the sectors that follow it, where grub-mkimage expects it.
cat >"$work/boot.cfg" <<'BOOT'
set root=(hd0,msdos1)
linux /boot/vmlinuz console=ttyS0 quiet no_timer_check
initrd /boot/initrd
boot
BOOT
log grub-mkimage -O i386-pc -o "$iso/core.img" -p /boot/grub -c "$work/boot.cfg" biosdisk part_msdos ext2 linux
cp /usr/lib/grub/i386-pc/boot.img "$iso/"
cat >"$iso/boot/grub/grub.cfg" <<'MENU'
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
menuentry "Install" {
    linux /boot/vmlinuz console=ttyS0 quiet no_timer_check oscircular-install
    initrd /boot/initrd
}
MENU
mkdir "$work/out"
log grub-mkrescue -d /usr/lib/grub/i386-pc -o "$work/out/installer.iso" "$iso"
mv "$work/out" "$done"
echo "$done/installer.iso"
