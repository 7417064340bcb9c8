"""T5: the first read of everything over HTTP: on loopback, and on a line of 100 Mbit/s between two network namespaces."""
import os
import pathlib

from . import images, ours, rivals
from .lab import Lab, read_all, run, seconds, warm_tree

LINE = 100e6 / 8  # bytes a second


def measure(report):
    image = images.reference()
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        warm_tree(repository.path)
        read_all(image)
        loopback(report, lab, repository, image)
        shaped(report, lab, repository)


def loopback(report, lab, repository, image):
    size = os.path.getsize(image)
    blocks, raw = rivals.nginx(lab, repository.path), rivals.nginx(lab, image.parent)

    def first_read(start):
        with Lab() as round_lab:
            disk = start(round_lab)
            # What earlier rounds wrote must not be written back during this one.
            os.sync()
            return size / 1e6 / seconds(lambda: read_all(disk))

    medians = report.paired("first read over loopback", "MB/s", {
        "ours": lambda: first_read(lambda own: ours.Agent(own, repository, blocks).disk("disk")),
        "nbdfuse + nbdkit": lambda: first_read(lambda own: rivals.nbdkit(own, f"{raw}/{image.name}")),
        "rclone": lambda: first_read(lambda own: rivals.rclone(own, raw, image.name)),
    })
    for name in ("nbdfuse + nbdkit", "rclone"):
        ratio = medians["ours"] / medians[name]
        report.row(f"first read over loopback, against {name} {medians[name]:.0f} MB/s", f"{medians['ours']:.0f} MB/s = {ratio:.2f} x", ">= 2 x", ratio >= 2)


def shaped(report, lab, repository):
    """Beside ours: one curl of one file with all the bytes of the same block files, over the same line."""
    server, client = line(lab)
    address = "10.117.0.1"
    joined = lab.new_folder("joined")
    files = sorted(path for path in (repository.path / "blocks").rglob("*") if path.is_file())
    with open(joined / "all", "wb") as target:
        for path in files:
            target.write(path.read_bytes())
    stored = os.path.getsize(joined / "all")
    blocks, plain = rivals.nginx(lab, repository.path, address, server), rivals.nginx(lab, joined, address, server)

    def mine():
        with Lab() as own:
            disk = ours.Agent(own, repository, blocks, prefix=client).disk("disk")
            before = received(client)
            took = seconds(lambda: read_all(disk))
            report.say(f"line used: {(received(client) - before) / took / LINE:.3f} of 100 Mbit/s")
            return took

    medians = report.paired(f"{stored} bytes in {len(files)} block files over 100 Mbit/s", "s", {
        "ours": mine,
        "curl of one file": lambda: seconds(lambda: run(*client, "curl", "-s", "-o", os.devnull, f"{plain}/all")),
    }, rounds=min(3, report.rounds))
    ratio = medians["curl of one file"] / medians["ours"]
    report.row(f"first read over 100 Mbit/s, against one curl of the same bytes {medians['curl of one file']:.1f} s",
               f"{medians['ours']:.1f} s = {ratio:.3f}", ">= 0.95", ratio >= 0.95)


def line(lab):
    """Two network namespaces joined by a line of 100 Mbit/s; returns how to run a program at either end."""
    ends = []
    for name in ("server", "client"):
        space = f"oscb-{os.getpid()}-{name}"
        run("ip", "netns", "add", space)
        lab.callback(run, "ip", "netns", "del", space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        ends.append(space)
    run("ip", "-n", ends[0], "link", "add", "line", "type", "veth", "peer", "name", "line", "netns", ends[1])
    for number, space in enumerate(ends, 1):
        run("ip", "-n", space, "addr", "add", f"10.117.0.{number}/24", "dev", "line")
        run("ip", "-n", space, "link", "set", "line", "up")
        # Segments as a real line carries them, or the bucket would count whole bursts.
        run(*inside(space), "ethtool", "-K", "line", "tso", "off", "gso", "off", "gro", "off")
        run("tc", "-n", space, "qdisc", "add", "dev", "line", "root", "tbf", "rate", "100mbit", "burst", "64kb", "latency", "50ms")
    return tuple(map(inside, ends))


def inside(space):
    """Only the network of the namespace: `ip netns exec` would hide our mounts as well."""
    return ("nsenter", f"--net={pathlib.Path('/run/netns') / space}")


def received(client):
    return int(run(*client, "cat", "/proc/net/dev").split("line:")[1].split()[0])
