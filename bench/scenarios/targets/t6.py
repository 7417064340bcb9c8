"""T6: seconds until a guest is at multi-user over a line of 25 Mbit/s with a round trip of 30 ms, and the bytes that it took."""
import collections
import os
import statistics

from . import guests, images, ours, rivals
from .lab import Failed, Lab, evict, run, seconds, warm_tree
from .slowline import BYTES_PER_SECOND, SERVER, SlowLine

LIMIT = 150  # seconds for a boot

Boot = collections.namedtuple("Boot", "seconds bytes")


def measure(report):
    image = images.reference()
    size = os.path.getsize(image)
    with Lab() as lab:
        kernel = guests.Kernel(lab, image)
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        warm_tree(repository.path)
        line = SlowLine(lab)
        log = lab.new_folder("log") / "access.log"
        blocks = rivals.nginx(lab, repository.path, SERVER, line.server, log)
        raw = rivals.nginx(lab, image.parent, SERVER, line.server)
        try_line(report, lab, line)
        contestants = {
            "local file": lambda own: image,
            "ours": lambda own: ours.Agent(own, repository, blocks, prefix=line.client).disk("disk"),
            "nbdkit": lambda own: rivals.nbdkit_socket(own, f"{raw}/{image.name}", line.client),
        }
        figures = collections.defaultdict(list)
        for _ in range(min(3, report.rounds)):
            for name, start in contestants.items():
                figures[name].append(boot(report, line, kernel, name, start, size))


def boot(report, line, kernel, name, start, size):
    """What is asked for before the guest starts, a head or a first page, counts with the bytes and not with the seconds: that program runs already where guests are booted."""
    with Lab() as own:
        before = line.received()
        backing = start(own)
        # What earlier boots wrote must not be written back during this one.
        os.sync()
        took = guests.boot(own, kernel, backing, size, LIMIT, line.client)
        figures = Boot(took, line.received() - before)
    report.say(f"{name} | {figures.seconds:.2f} s, {figures.bytes} bytes")
    return figures


def try_line(report, lab, line):
    """What the line really gives: the round trip of a packet, and one curl of 20 MB."""
    file = lab.new_folder("probe") / "probe"
    file.write_bytes(os.urandom(20_000_000))
    url = rivals.nginx(lab, file.parent, SERVER, line.server)
    trips = sorted(float(run(*line.client, "curl", "-so", os.devnull, "-w", "%{time_connect}", f"{url}/none")) for _ in range(9))
    took = seconds(lambda: run(*line.client, "curl", "-so", os.devnull, f"{url}/probe"))
    report.say(f"the line: round trip {1000 * statistics.median(trips):.1f} ms (9 greetings, at most {1000 * trips[-1]:.1f} ms), "
               f"20 MB in {took:.2f} s = {20e6 / took / BYTES_PER_SECOND:.3f} of 25 Mbit/s")
