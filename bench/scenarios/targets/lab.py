"""Processes, mounts and time: everything started here is stopped here, in reverse order, whatever happens."""
import contextlib
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
STORE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "oscircular-bench"
WORK = STORE / "work"
MIB = 1 << 20


class Failed(Exception):
    """Something needed for a measurement did not work; the message says what."""


def run(*command, quiet=True, **options):
    """Runs to the end and returns standard output; an error carries what the program said."""
    result = subprocess.run([str(part) for part in command], text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE if quiet else None, **options)
    if result.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {result.returncode}\n{(result.stderr or '')[-2000:]}")
    return result.stdout


def seconds(action):
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def timed(*command):
    return seconds(lambda: run(*command))


def read_all(path, fd=None):
    """Reads a file once from start to end, 1 MiB at a time, as cp and dd do; returns bytes read."""
    own = fd is None
    fd = os.open(path, os.O_RDONLY) if own else fd
    try:
        buffer, offset = [bytearray(MIB)], 0
        while got := os.preadv(fd, buffer, offset):
            offset += got
        return offset
    finally:
        if own:
            os.close(fd)


def evict(path):
    """Takes a file's pages out of the kernel's cache and leaves everything else warm (drop_caches makes the next run pay for host memory)."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def warm_tree(folder):
    """Brings every file of a folder into the kernel's cache."""
    for name in pathlib.Path(folder).rglob("*"):
        if name.is_file():
            read_all(name)


@contextlib.contextmanager
def work_disk():
    """
    A file system of its own for all that is written, ext4 as mke2fs makes it: a machine's own may be of any kind, and without a journal
    ext4 searches long for an inode where many files were deleted in the last minute, as ours and other people's are.
    """
    disk = STORE / "work.ext4"
    WORK.mkdir(parents=True, exist_ok=True)
    unmount(WORK)
    try:
        with open(disk, "wb") as file:
            file.truncate(40 << 30)
        run("mke2fs", "-q", "-t", "ext4", "-E", "nodiscard", disk)
        run("mount", "-o", "loop,noatime,noinit_itable", disk, WORK)
        yield
    finally:
        unmount(WORK)
        disk.unlink()


class Lab(contextlib.ExitStack):
    """One section's work: a folder of its own on the work disk, or in memory, and what was started in it."""

    def __init__(self, in_memory=False):
        super().__init__()
        self._in_memory = in_memory

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        if self._in_memory:
            run("mount", "-t", "tmpfs", "-o", "size=16g", "none", self.folder)
            self.callback(unmount, self.folder)
        return self

    def new_folder(self, name):
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def start(self, *command, ready=None, stop=signal.SIGTERM, timeout=60, **options):
        """Starts a program, waits for the line `ready` on its output where one is named, and has it stopped at the end."""
        log = open(self.folder / f"{pathlib.Path(str(command[0])).name}.{time.monotonic_ns()}.log", "w+")
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, text=True, bufsize=1,
                                   stdout=subprocess.PIPE if ready else log, stderr=log, **options)
        process.log = log.name
        self.callback(end, process, stop)
        if ready:
            expect(process, ready, timeout)
        return process

    def mounted(self, path, timeout=30):
        """Waits until something is mounted there, and has it unmounted at the end."""
        self.callback(unmount, path)
        wait_for(lambda: os.path.ismount(path), timeout, f"nothing was mounted at {path}")


def expect(process, line, timeout=60):
    """Waits for a line that begins with `line` on the program's output and returns it."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        got = process.stdout.readline()
        if got.startswith(line):
            return got.strip()
        if not got:
            break
    raise Failed(f"{process.args[0]} did not say '{line}' within {timeout} s: {pathlib.Path(process.log).read_text()[-2000:]}")


def end(process, stop=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def processor():
    """Idle and all time of all processors so far; what waits for a disk is idle."""
    fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def unmount(path):
    for command in (["umount", path], ["umount", "-l", path]):
        if not os.path.ismount(path) or subprocess.run([str(p) for p in command], stderr=subprocess.DEVNULL).returncode == 0:
            return


def wait_for(condition, timeout, message):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(message)
        time.sleep(0.02)
