"""A slow line between a server and a client: two network namespaces, the rate by tbf at both ends, the delay by a relay between them."""
import os
import sys

from .classroom import inside
from .lab import run

BYTES_PER_SECOND = 25e6 / 8
ROUND_TRIP = 0.030  # seconds
SERVER, CLIENT = "10.119.0.1", "10.119.0.2"


class SlowLine:
    """25 Mbit/s each way and 30 ms there and back; `server` and `client` say how to run a program at either end."""

    def __init__(self, lab):
        devices = [f"oscb{os.getpid()}{end}" for end in "sc"]
        lab.start(sys.executable, "-m", "targets.relay", ROUND_TRIP / 2, *devices, ready="ready")
        spaces = [self._end(lab, *end) for end in zip(("server", "client"), devices, (SERVER, CLIENT))]
        run("ip", "-n", spaces[0], "route", "add", CLIENT, "dev", "line")
        run("ip", "-n", spaces[1], "route", "add", SERVER, "dev", "line")
        self.server, self.client = map(inside, spaces)

    def received(self):
        """Bytes that came to the client so far, headers and all."""
        return int(run(*self.client, "cat", "/proc/net/dev").split("line:")[1].split()[0])

    def _end(self, lab, name, device, address):
        space = f"oscb-{os.getpid()}-slow-{name}"
        run("ip", "netns", "add", space)
        lab.callback(run, "ip", "netns", "del", space)
        run("ip", "link", "set", device, "netns", space, "name", "line")
        run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", space, "addr", "add", f"{address}/32", "dev", "line")
        run("ip", "-n", space, "link", "set", "line", "up")
        # A tenth of a second waits before the line, as in a home's router.
        run("tc", "-n", space, "qdisc", "add", "dev", "line", "root", "tbf", "rate", "25mbit", "burst", "64kb", "latency", "100ms")
        return space
