"""T7: hosts that start together and read the whole image: what the uplink carries, and when the last one is done; BitTorrent beside."""
import collections
import os
import statistics
import threading
import time

from . import images, ours, rivals
from .classroom import UPLINK, Classroom
from .lab import MIB, Lab, processor, run, wait_for, warm_tree

HOSTS = (2, 8, 32)
PEERS = ("--peers", "on", "--group", "bench")
LIMIT = 900  # seconds

Figures = collections.namedtuple("Figures", "seconds uplink busy duplicates")


def measure(report):
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(images.reference(), "disk")
        files = sorted(path for path in (repository.path / "blocks").rglob("*") if path.is_file())
        joined = lab.new_folder("joined") / "all"
        with open(joined, "wb") as target:
            for path in files:
                target.write(path.read_bytes())
        warm_tree(repository.path)
        report.say(f"{len(files)} block files, {os.path.getsize(joined)} bytes: {os.path.getsize(joined) / UPLINK:.1f} s of the uplink")
        for hosts in HOSTS:
            classroom_of(report, hosts, repository, files, joined)


def classroom_of(report, hosts, repository, files, joined):
    unique = os.path.getsize(joined)
    rounds = collections.defaultdict(list)
    for _ in range(min(3, report.rounds)):
        for name, contestant in {"curl": one_curl, "ours": together, "aria2": torrent}.items():
            # Each host has a disk of its own; here one would have to serve all.
            with Lab(in_memory=True) as lab:
                figures = contestant(lab, hosts, repository, files, joined)
            rounds[name].append(figures)
            report.say(f"{hosts} hosts | {name} | {figures.seconds:.1f} s, uplink {figures.uplink} bytes, machine {figures.busy:.0%} busy, "
                       f"{figures.duplicates} bytes of blocks given again")
    median = {name: Figures(*map(statistics.median, zip(*figures))) for name, figures in rounds.items()}
    rows(report, hosts, unique, median)


def rows(report, hosts, unique, median):
    mine, what = median["ours"], f"{hosts} hosts: "
    ratio = mine.uplink / median["curl"].uplink
    report.row(what + f"uplink bytes, against one curl {median['curl'].uplink / 1e6:.1f} MB", f"{mine.uplink / 1e6:.1f} MB = {ratio:.3f} x", "<= 1.05 x", ratio <= 1.05)
    share = mine.duplicates / unique
    report.row(what + "block bytes fetched again", f"{share:.1%}", "<= 3 %", share <= 0.03)
    limit = unique / UPLINK
    ratio = mine.seconds / limit
    # On a machine that is out of processor the time says nothing of the line.
    met = ratio <= 1.3 if mine.busy < 0.9 else None
    report.row(what + f"last one done, of {limit:.1f} s of uplink", f"{mine.seconds:.1f} s = {ratio:.2f} x, machine {mine.busy:.0%} busy", "<= 1.3 x", met)
    other = median["aria2"]
    report.row(what + f"against aria2 {other.seconds:.1f} s, {other.uplink / median['curl'].uplink:.2f} x the bytes, machine {other.busy:.0%} busy",
               f"{other.seconds / mine.seconds:.2f} x faster", ">= 3 x", other.seconds >= 3 * mine.seconds)


def one_curl(lab, hosts, repository, files, joined):
    room = Classroom(lab, 1)
    url = rivals.nginx(lab, repository.path, room.MIRROR, room.on_mirror)
    config = lab.new_folder("curl") / "config"
    config.write_text("".join(f"url={url}/{path.relative_to(repository.path)}\noutput={os.devnull}\n" for path in files))
    return watched(room, lambda: run(*room.on[0], "curl", "-sfK", config))


def together(lab, hosts, repository, files, joined):
    room = Classroom(lab, hosts)
    log = lab.new_folder("log") / "access.log"
    url = rivals.nginx(lab, repository.path, room.MIRROR, room.on_mirror, log)
    agents = []

    def one(number):
        # Started over a second; each reads as soon as its mount answers.
        time.sleep(number / hosts)
        agent = ours.Agent(lab, repository, url, options=PEERS, prefix=room.on[number])
        agents.append(agent)
        read_data(agent.disk("disk"))

    figures = watched(room, lambda: in_parallel(one, hosts))
    # All at once, or the first would be gone while the last still waits for its own end.
    in_parallel(lambda number: agents[number].stop(), len(agents))
    return figures._replace(duplicates=given_again(log))


def torrent(lab, hosts, repository, files, joined):
    room = Classroom(lab, hosts)
    swarm = rivals.Torrent(lab, joined, room.MIRROR, room.on_mirror)
    time.sleep(5)  # The seed checks its file and tells the tracker.

    def all_get_it():
        done = [swarm.client(lab, prefix) for prefix in room.on]
        wait_for(lambda: all(path.exists() for path in done), LIMIT, "aria2 did not finish")
    return watched(room, all_get_it)


def watched(room, action):
    """What an action took: seconds, bytes over the uplink, share of the machine's processors."""
    # What earlier rounds wrote must not be written back during this one.
    os.sync()
    uplink, stat, begun = room.uplink_bytes(), processor(), time.perf_counter()
    action()
    took = time.perf_counter() - begun
    idle, total = (after - before for before, after in zip(stat, processor()))
    return Figures(took, room.uplink_bytes() - uplink, 1 - idle / total, 0)


def in_parallel(action, count):
    failures = []

    def guarded(number):
        try:
            action(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def read_data(path):
    """Reads everything but the holes, as cp does, and lets the kernel forget it: the pages of all hosts' disks would not fit in one machine."""
    fd = os.open(path, os.O_RDONLY)
    try:
        size, offset, buffer = os.fstat(fd).st_size, 0, [bytearray(MIB)]
        while (offset := next_data(fd, offset)) < size:
            end = os.lseek(fd, offset, os.SEEK_HOLE)
            while offset < end and (got := os.preadv(fd, buffer, offset)):
                os.posix_fadvise(fd, offset, got, os.POSIX_FADV_DONTNEED)
                offset += got
    finally:
        os.close(fd)


def next_data(fd, offset):
    try:
        return os.lseek(fd, offset, os.SEEK_DATA)
    except OSError:
        return os.fstat(fd).st_size  # only a hole is left


def given_again(log):
    """Bytes of block files that the mirror gave beyond the first time."""
    bytes_of = collections.defaultdict(list)
    for line in open(log):
        status, sent, path, *_ = line.split()
        if status in ("200", "206") and path.startswith("/blocks/"):
            bytes_of[path].append(int(sent))
    return sum(sum(sent) - max(sent) for sent in bytes_of.values())
