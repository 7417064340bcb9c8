"""Scale of a repository: many tiny block files published, mirrored, verified and collected; time and memory for each block are to be flat in their number."""
import os
import shutil
import subprocess
import time

from . import ours, rivals
from .lab import Lab, Failed

BLOCK = 64 * 1024
COUNTS = [int(count) for count in os.environ.get("SCALE_COUNTS", "100000 1000000").split()]


def image_of(path, blocks):
    """Every block different from all others, and nearly all zeros: one page of each takes room here, and a few dozen bytes in the repository."""
    with open(path, "wb") as file:
        file.truncate(blocks * BLOCK)
        for block in range(blocks):
            os.pwrite(file.fileno(), b"block %016d" % block, block * BLOCK)


def step(report, what, blocks, *command):
    """Runs one command; returns its seconds and its memory at most, in MiB."""
    begun = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begun
    if process.returncode != 0:
        raise Failed(f"{what}: exit {process.returncode}\n{output[-2000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    report.say(f"{what} | {blocks} blocks | {took:.1f} s, {1e6 * took / blocks:.1f} us a block, {cpu:.1f} s of processor time, {usage.ru_maxrss / 1024:.0f} MiB at most")
    report.say("\n".join(f"    {line}" for line in output.strip().splitlines()[-6:]))
    return took, cpu, usage.ru_maxrss / 1024


def measure(report):
    found = {}
    for blocks in COUNTS:
        with Lab() as lab:
            found[blocks] = one(report, lab, blocks)
    few, many = COUNTS[0], COUNTS[-1]
    for what, (took, cpu, memory) in found[many].items():
        ratio = (cpu / many) / (found[few][what][1] / few)
        report.row(f"{what}, {many} blocks", f"{took:.0f} s, {1e6 * took / many:.0f} us a block ({1e6 * cpu / many:.0f} us of processor time = {ratio:.2f} x that of {few}), {memory:.0f} MiB "
                   f"({found[few][what][2]:.0f} MiB for {few})", "flat in the number of blocks", None)


def one(report, lab, blocks):
    repository = ours.Repository(lab)
    image, key = lab.folder / "image.raw", repository.key
    image_of(image, blocks)
    steps = {}

    def do(what, *command):
        steps[what] = step(report, what, blocks, ours.AGENT, *command)

    publish = ["publish", image, "--repository", repository.path, "--name", "disk", "--key", key, "--block-size", "64KiB"]
    do("publish", *publish)
    copy = lab.folder / "copy"
    do("mirror from a folder", "mirror", ours.file_url(repository.path), copy, "--public-key", f"{key}.pub")
    # The work disk has inodes for two copies and not for three.
    shutil.rmtree(copy)
    do("mirror over http", "mirror", rivals.nginx(lab, repository.path), copy, "--public-key", f"{key}.pub")
    do("mirror again, nothing new", "mirror", ours.file_url(repository.path), copy, "--public-key", f"{key}.pub")
    do("verify", "verify", copy, "--public-key", f"{key}.pub")
    # The next version keeps a tenth of it.
    os.truncate(image, blocks // 10 * BLOCK)
    step(report, "publish a tenth of it", blocks // 10, ours.AGENT, *publish)
    do("gc --dry-run", "gc", repository.path, "--keep", "1", "--grace", "0s", "--key", key, "--dry-run")
    do("gc, nine tenths swept", "gc", repository.path, "--keep", "1", "--grace", "0s", "--key", key)
    step(report, "verify after gc", blocks // 10, ours.AGENT, "verify", repository.path, "--public-key", f"{key}.pub")
    return steps
