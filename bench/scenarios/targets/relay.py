"""
A wire with a delay, for kernels without netem: two tun devices, and every packet that enters one leaves the other some milliseconds later.
The ends' own TCP sees the round trip, in its greeting and its slow start as well; a relay of streams would answer for the far end.
usage: python3 -m targets.relay SECONDS DEVICE DEVICE       runs until it is ended; the devices may be moved to network namespaces meanwhile
"""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def device(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main():
    delay = float(sys.argv[1])
    ends = [device(name) for name in sys.argv[2:4]]
    others = dict(zip(ends, reversed(ends)))
    under_way = collections.deque()  # due time, where to, packet: the delay is one, so the oldest is due first
    # A real wire waits for no processor.
    os.nice(-20)
    print("ready", flush=True)
    while True:
        left = under_way[0][0] - time.monotonic() if under_way else None
        for fd in select.select(ends, [], [], left if left is None or left > 0 else 0)[0]:
            take(fd, others[fd], delay, under_way)
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            give(*under_way.popleft()[1:])


def take(fd, other, delay, under_way):
    for _ in range(64):
        try:
            packet = os.read(fd, 65536)
        except (BlockingIOError, OSError):
            return  # none left, or the device is down
        under_way.append((time.monotonic() + delay, other, packet))


def give(fd, packet):
    try:
        os.write(fd, packet)
    except OSError:
        pass  # the device is down: lost, as on a cut wire


main()
