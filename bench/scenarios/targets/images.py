"""The disk images that everything is measured with, built once and kept."""
import os
import pathlib
import platform
import shutil

from .lab import MIB, STORE, Failed, run

BLOCK = 256 * 1024


def debian_mirror():
    """The Debian mirror that this machine itself is configured with."""
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages").splitlines():
        address, release, component = line.split()
        if release in ("bookworm", "stable", "oldstable") and component == "main":
            return address
    raise Failed("apt knows no mirror of Debian bookworm")


def kept(name, build):
    """The image of that name in the store; built beside its place and renamed, so that half an image is never taken for one."""
    path = STORE / "images" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        work = STORE / "images" / f"{name}.building"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            build(work, work / "disk.raw")
            os.rename(work / "disk.raw", path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return path


def reference():
    """Debian bookworm, minbase with kernel and systemd: ext4 on a sparse disk of 2 GiB."""
    def build(work, disk):
        machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
        run("debootstrap", "--variant=minbase", f"--include=linux-image-{machine},systemd-sysv,udev,dbus",
            "bookworm", work / "root", debian_mirror())
        shutil.rmtree(work / "root/var/cache/apt/archives", ignore_errors=True)
        run("mke2fs", "-q", "-t", "ext4", "-d", work / "root", disk, "2G")
    return kept("reference.raw", build)


def dense():
    """An image without holes: the blocks that are not zeros of an ext4 of this machine's own /usr, one after another, 1 GiB of them.
    No file system any more, which nobody who only reads it sees."""
    def build(work, disk):
        filled = work / "filled.raw"
        gather(pathlib.Path("/usr"), work / "root", 1100 * MIB)
        run("mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", work / "root", filled, "1600M")
        with open(filled, "rb") as source, open(disk, "wb") as target:
            while target.tell() < 1024 * MIB and (block := source.read(BLOCK)):
                if not is_zero(block):
                    target.write(block)
    return kept("dense.raw", build)


def gather(source, target, limit):
    """Copies files in the order of their paths until the limit is reached."""
    total = 0
    for folder, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            path = pathlib.Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            place = target / path.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            total += path.stat().st_size
            if total >= limit:
                return


def is_zero(block):
    return block[0] == 0 and not any(block)


def zero_blocks(image):
    """How many blocks of the image are all zeros, and how many it has."""
    zeros, count = 0, 0
    with open(image, "rb") as file:
        while block := file.read(BLOCK):
            count += 1
            zeros += is_zero(block)
    return zeros, count
