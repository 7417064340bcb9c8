"""T6: seconds until a guest is at multi-user over a line of 25 Mbit/s with a round trip of 30 ms, and the bytes that it took."""
import collections
import json
import os
import statistics

from . import guests, images, ours, rivals
from .lab import Failed, Lab, processor, run, seconds, warm_tree
from .slowline import BYTES_PER_SECOND, SERVER, SlowLine

LIMIT = 100  # seconds for a boot
RECORDED = 2  # boots, for the profile

Boot = collections.namedtuple("Boot", "seconds bytes")


def measure(report):
    image = images.reference()
    with Lab() as lab:
        kernel = guests.Kernel(lab, image)
        repository = ours.Repository(lab)
        repository.publish(image, "plain")
        profile = record(lab, kernel, repository, os.path.getsize(image))
        repository.publish(image, "profiled", "--profile", profile)
        need = needed(report, repository, profile)
        warm_tree(repository.path)
        line = SlowLine(lab)
        blocks = rivals.nginx(lab, repository.path, SERVER, line.server)
        raw = rivals.nginx(lab, image.parent, SERVER, line.server)
        try_line(report, lab, line)

        def mine(name):
            def start(own):
                agent = ours.Agent(own, repository, blocks, prefix=line.client)
                own.callback(lambda: say_fetched(report, name, agent))
                return agent.disk(name)
            return start

        def boot(name, start, cache="none"):
            return boot_once(report, line, kernel, name, start, os.path.getsize(image), cache)

        contestants = {
            "local file": lambda own: image,
            "ours, profile": mine("profiled"),
            "ours, no profile": mine("plain"),
            "nbdkit": lambda own: rivals.nbdkit_socket(own, f"{raw}/{image.name}", line.client),
        }
        rounds = collections.defaultdict(list)
        for _ in range(min(3, report.rounds)):
            for name, start in contestants.items():
                rounds[name].append(boot(name, start))
        medians = {name: Boot(*map(statistics.median, zip(*figures))) for name, figures in rounds.items()}
        rows(report, medians, need)
        # Once each: they take long, and decide nothing. httpdirfs takes no reads past the page cache.
        once(report, "QEMU's http driver", lambda: boot("QEMU's http driver", lambda own: f"{raw}/{image.name}"))
        once(report, "httpdirfs", lambda: boot("httpdirfs", lambda own: rivals.httpdirfs(own, raw, image.name, line.client), "writeback"))


def rows(report, medians, need):
    local, profiled, plain, nbdkit = (medians[name] for name in ("local file", "ours, profile", "ours, no profile", "nbdkit"))
    limit = max(local.seconds, need / BYTES_PER_SECOND)
    ratio = profiled.seconds / limit
    report.row(f"boot with profile, against the larger of a local file {local.seconds:.1f} s and {need / BYTES_PER_SECOND:.1f} s of line",
               f"{profiled.seconds:.1f} s = {ratio:.2f} x", "<= 1.15 x", ratio <= 1.15)
    ratio = profiled.bytes / need
    report.row(f"... bytes over the line, against the {need / 1e6:.1f} MB of block files that a boot needs", f"{profiled.bytes / 1e6:.1f} MB = {ratio:.3f} x", "<= 1.1 x", ratio <= 1.1)
    ratio = plain.seconds / nbdkit.seconds
    report.row(f"boot without profile ({plain.bytes / 1e6:.1f} MB), against nbdkit {nbdkit.seconds:.1f} s, {nbdkit.bytes / 1e6:.1f} MB",
               f"{plain.seconds:.1f} s = {ratio:.2f} x", "<= 0.6 x", ratio <= 0.6)


def say_fetched(report, name, agent):
    counts = agent.counts()
    report.say(f"{name}: {counts['loads']['mirrors']} blocks fetched; read ahead: {counts['reads']['readAheadBlocks']}, of them used {counts['reads']['readAheadUsed']}")


def once(report, name, boot):
    try:
        figures = boot()
        report.row(f"{name}, one boot ({figures.bytes / 1e6:.1f} MB)", f"{figures.seconds:.1f} s", "", None)
    except Failed as failure:
        report.say(f"the console's end: {str(failure)[-300:]!r}")
        report.row(f"{name}, one boot", f"not at multi-user within {LIMIT} s", "", None)


def boot_once(report, line, kernel, name, start, size, cache):
    """What is asked for before the guest starts, a head or a first page, counts with the bytes and not with the seconds: that program runs already where guests are booted."""
    with Lab() as own:
        before = line.received()
        backing = start(own)
        # What earlier boots wrote must not be written back during this one.
        os.sync()
        stat = processor()
        took = guests.boot(own, kernel, backing, size, LIMIT, line.client, cache)
        idle, total = (after - before for before, after in zip(stat, processor()))
        figures = Boot(took, line.received() - before)
    report.say(f"{name} | {figures.seconds:.2f} s, {figures.bytes} bytes, machine {1 - idle / total:.0%} busy")
    return figures


def record(lab, kernel, repository, size):
    """Boots from a mirror on this host's own disk while an agent notes what is read; returns the profile."""
    profile = lab.new_folder("profile") / "profile.json"
    with Lab() as own:
        agent = ours.Agent(own, repository, ours.file_url(repository.path))
        for _ in range(RECORDED):
            with agent.recording(own, "plain", profile):
                guests.boot(own, kernel, agent.disk("plain"), size, LIMIT)
    return profile


def needed(report, repository, profile):
    """Bytes of the block files that the profile names, each once."""
    blocks, lengths = json.loads(profile.read_text())["blocks"], repository.stored_lengths("plain")
    need = sum(lengths[block] for block in blocks)
    report.say(f"a boot needs {len(blocks)} blocks, {len(blocks) * images.BLOCK / 1e6:.1f} MB, {need} bytes of block files: {need / BYTES_PER_SECOND:.2f} s of the line")
    return need


def try_line(report, lab, line):
    """What the line really gives: the round trip of a packet, and one curl of 20 MB."""
    file = lab.new_folder("probe") / "probe"
    file.write_bytes(os.urandom(20_000_000))
    url = rivals.nginx(lab, file.parent, SERVER, line.server)
    trips = sorted(float(run(*line.client, "curl", "-so", os.devnull, "-w", "%{time_connect}", f"{url}/none")) for _ in range(9))
    took = seconds(lambda: run(*line.client, "curl", "-so", os.devnull, f"{url}/probe"))
    report.say(f"the line: round trip {1000 * statistics.median(trips):.1f} ms (9 greetings, at most {1000 * trips[-1]:.1f} ms), "
               f"20 MB in {took:.2f} s = {20e6 / took / BYTES_PER_SECOND:.3f} of 25 Mbit/s")
