"""Programs that read the mounted disk and compare every byte with the image it was published from. Each is a process of its own, so that one that hangs hangs alone."""
import json
import mmap
import os
import random
import signal
import time

BLOCK = 256 * 1024
MIB = 1024 * 1024


class Tally:
    """What one reader has seen. Times in seconds."""

    def __init__(self, name):
        self.name, self.reads, self.bytes, self.wrong, self.errors, self.longest = name, 0, 0, [], [], 0.0

    def timed(self, read, *arguments):
        """Runs one read; its error is counted, and nothing comes back then."""
        began = time.monotonic()
        try:
            return read(*arguments)
        except OSError as error:
            self.errors.append(f"{error.strerror} after {time.monotonic() - began:.3f} s")
            return None
        finally:
            self.reads += 1
            self.longest = max(self.longest, time.monotonic() - began)

    def compare(self, got, expected, offset):
        """A read that ends early, as one does whose first part came and whose second failed, is an error and not a wrong byte."""
        if got is None:
            return
        self.bytes += len(got)
        if got == expected:
            return
        at = next((i for i, pair in enumerate(zip(got, expected)) if pair[0] != pair[1]), None)
        if at is None:
            self.errors.append(f"{len(got)} of {len(expected)} bytes at {offset}")
        else:
            self.wrong.append(f"from {offset + at}: {got[at:at + 16].hex()} and not {expected[at:at + 16].hex()}")


class Source:
    """The image, and the same disk in the mount."""

    def __init__(self, image, disk, seed):
        self.random = random.Random(seed)
        self.image_file = os.open(image, os.O_RDONLY)
        self.image = mmap.mmap(self.image_file, 0, prot=mmap.PROT_READ)
        self.size = len(self.image)
        self.disk = disk
        self.buffers = {}

    def expected(self, offset, length):
        return self.image[offset:offset + length]

    def aligned(self, length):
        if length not in self.buffers:
            self.buffers[length] = mmap.mmap(-1, length)
        return self.buffers[length]


def forget(file, offset=0, length=0):
    """Has the kernel drop the file's pages, so that the next read asks the agent."""
    os.posix_fadvise(file, offset, length, os.POSIX_FADV_DONTNEED)


def buffered(source, tally, length, sequential):
    file = os.open(source.disk, os.O_RDONLY)
    try:
        for offset in offsets(source, length, sequential):
            forget(file, offset, length)
            tally.compare(tally.timed(os.pread, file, length, offset), source.expected(offset, length), offset)
            yield
    finally:
        os.close(file)


def direct(source, tally, length, sequential):
    file = os.open(source.disk, os.O_RDONLY | os.O_DIRECT)
    buffer = source.aligned(length)
    try:
        for offset in offsets(source, length, sequential):
            count = tally.timed(os.preadv, file, [buffer], offset)
            tally.compare(None if count is None else buffer[:count], source.expected(offset, length), offset)
            yield
    finally:
        os.close(file)


def mapped(source, tally, length, sequential):
    """A failed read would end the process by SIGBUS, which the parent sees."""
    file = os.open(source.disk, os.O_RDONLY)
    try:
        with mmap.mmap(file, 0, prot=mmap.PROT_READ) as pages:
            for offset in offsets(source, length, sequential):
                pages.madvise(mmap.MADV_DONTNEED, offset, length)
                forget(file, offset, length)
                tally.compare(tally.timed(lambda: pages[offset:offset + length]), source.expected(offset, length), offset)
                yield
    finally:
        os.close(file)


def metadata(source, tally):
    """Names, sizes, links and opens."""
    version = os.path.dirname(source.disk)
    image = os.path.dirname(version)
    wanted = (["latest", "1"], ["disk.raw"], "1", source.size)
    while True:
        seen = tally.timed(lambda: (os.listdir(image), os.listdir(version), os.readlink(os.path.join(image, "latest")), os.stat(source.disk).st_size))
        if seen is not None and (sorted(seen[0]), *seen[1:]) != (sorted(wanted[0]), *wanted[1:]):
            tally.wrong.append(f"names: {seen}")
        for name in ("absent", "absent-too"):
            tally.timed(os.path.exists, os.path.join(image, name))
        file = tally.timed(os.open, source.disk, os.O_RDONLY)
        if file is not None:
            os.close(file)
        time.sleep(0.002)
        yield


def offsets(source, length, sequential):
    """For ever: one pass after another, or places at random."""
    while True:
        for offset in range(0, source.size, length):
            yield offset if sequential else source.random.randrange(source.size // length) * length


READERS = {
    "buffered, in order, 128 KiB": lambda source, tally: buffered(source, tally, 128 * 1024, True),
    "buffered, at random, 4 KiB": lambda source, tally: buffered(source, tally, 4096, False),
    "O_DIRECT, in order, 1 MiB": lambda source, tally: direct(source, tally, MIB, True),
    "O_DIRECT, at random, 4 KiB": lambda source, tally: direct(source, tally, 4096, False),
    "mmap, in order, 64 KiB": lambda source, tally: mapped(source, tally, 64 * 1024, True),
    "mmap, at random, 4 KiB": lambda source, tally: mapped(source, tally, 4096, False),
    "names, sizes, links, opens": metadata,
}


def run(name, image, disk, seed, result):
    """The whole of a reader's process: reads until SIGTERM, then writes what it has seen."""
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tally = Tally(name)
    try:
        for _ in READERS[name](Source(image, disk, seed), tally):
            if ending:
                break
    except OSError as error:
        tally.errors.append(f"gave up: {error.strerror}")
    with open(result, "w", encoding="utf-8") as file:
        json.dump(vars(tally), file)
