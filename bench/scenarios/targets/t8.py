"""T8: a host alone: what it costs to look for peers where there are none, against peers off."""
from . import images, ours, rivals
from .classroom import Classroom
from .lab import Lab, evict, read_all, seconds, warm_tree

CONTESTANTS = {"peers on": ("--peers", "on", "--group", "bench"), "peers off": ("--peers", "off")}


def measure(report):
    image = images.reference()
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        warm_tree(repository.path)
        room = Classroom(lab, 1)
        shaped = rivals.nginx(lab, repository.path, room.MIRROR, room.on_mirror)
        loopback = rivals.nginx(lab, repository.path, prefix=room.on[0])
        row(report, "first read over 100 Mbit/s", lambda options: first_read(repository, shaped, room, options))
        row(report, "first read over loopback", lambda options: first_read(repository, loopback, room, options))
        agents = {options: ours.Agent(lab, repository, loopback, options=options, prefix=room.on[0]) for options in CONTESTANTS.values()}
        for agent in agents.values():
            read_all(agent.disk("disk"))
        row(report, "kernel pages cold, block files cached", lambda options: again(agents[options]))


def row(report, what, measure_one):
    medians = report.paired(what, "s", {name: lambda options=options: measure_one(options) for name, options in CONTESTANTS.items()})
    ratio = medians["peers on"] / medians["peers off"]
    report.row(f"{what}, against peers off {medians['peers off']:.3f} s", f"{medians['peers on']:.3f} s = {ratio:.3f} x", "<= 1.02 x", ratio <= 1.02)


def first_read(repository, url, room, options):
    """From the agent's start: looking for peers is a part of it."""
    with Lab() as own:
        return seconds(lambda: read_all(ours.Agent(own, repository, url, options=options, prefix=room.on[0]).disk("disk")))


def again(agent):
    evict(agent.disk("disk"))
    return seconds(lambda: read_all(agent.disk("disk")))
