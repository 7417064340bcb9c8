"""A guest that boots under QEMU without KVM, on an overlay of its own that is thrown away."""
import pathlib
import re
import time

from .lab import Failed, end, run

# Through the kernel's own messages, for what systemd writes to the console is lost where a getty takes the console over in that moment.
COMMAND_LINE = "root=/dev/vda rw console=ttyS0 systemd.log_target=kmsg printk.devkmsg=on"
MULTI_USER = re.compile(rb"Reached target .*multi-user\.target")


class Kernel:
    """The image's own kernel and initrd, taken out of its file system: QEMU starts them, and no boot loader reads the disk."""

    def __init__(self, lab, image):
        folder = lab.new_folder("kernel")
        names = [line.split("/")[5] for line in run("debugfs", "-R", "ls -p /boot", image).splitlines() if line.startswith("/")]
        self.files = []
        for kind in ("vmlinuz-", "initrd.img-"):
            name = next(name for name in names if name.startswith(kind))
            run("debugfs", "-R", f"dump /boot/{name} {folder / name}", image)
            self.files.append(folder / name)


def boot(lab, kernel, backing, size, limit, prefix=(), cache="none"):
    """
    Boots from the disk at `backing`, any name that QEMU knows, past the host's page cache with QEMU's cache "none"; returns seconds until multi-user.
    Raises Failed where that takes longer than `limit` seconds.
    """
    overlay = lab.new_folder("overlay") / "overlay.qcow2"
    # Unchecked, or the line would be used before the guest starts.
    run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", overlay, str(size))
    guest = lab.start(*prefix, "qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-nographic", "-nic", "none", "-no-reboot",
                      "-drive", f"file={overlay},if=virtio,cache={cache}", "-kernel", kernel.files[0], "-initrd", kernel.files[1],
                      "-append", COMMAND_LINE)
    begun = time.perf_counter()
    try:
        wait_for_multi_user(guest, begun + limit)
        return time.perf_counter() - begun
    finally:
        guest.kill()
        end(guest)


def wait_for_multi_user(guest, deadline):
    """Looks at the console's log twenty times a second: a pipe that nobody empties would stop the guest."""
    log = pathlib.Path(guest.log)
    while not MULTI_USER.search(log.read_bytes()):
        if guest.poll() is not None or time.perf_counter() > deadline:
            raise Failed(f"the guest did not come to multi-user: {log.read_bytes()[-1500:].decode(errors='replace')}")
        time.sleep(0.05)
