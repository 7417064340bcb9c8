"""T3: random reads of 4 KiB, one at a time: a miss in memory with the block file in the page cache, and a hit in memory."""
import json

from . import images, ours, rivals
from .lab import Lab, evict, read_all, run, warm_tree


def latency(path, direct, reads=20000, span=None):
    """Median microseconds of one random read of 4 KiB, by fio."""
    evict(path)
    result = json.loads(run("fio", "--name=random", f"--filename={path}", "--readonly", "--allow_file_create=0", "--rw=randread", "--bs=4k",
                            "--ioengine=psync", f"--direct={int(direct)}", "--randrepeat=0", f"--number_ios={reads}",
                            *([f"--size={span}"] if span else []), "--output-format=json"))
    return result["jobs"][0]["read"]["clat_ns"]["percentile"]["50.000000"] / 1000


def measure(report):
    image = images.dense()
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        agent = ours.Agent(lab, repository, ours.file_url(repository.path))
        disk = agent.disk("disk")
        nbdkit = rivals.nbdkit(lab, f"{rivals.nginx(lab, image.parent)}/{image.name}")
        for path in (disk, nbdkit):
            read_all(path)
        warm_tree(agent.cache / "blocks")
        misses = report.paired("random 4 KiB over the whole disk, p50", "us", {
            "ours, buffered": lambda: latency(disk, False),
            "ours, O_DIRECT": lambda: latency(disk, True),
            "nbdfuse + nbdkit, buffered": lambda: latency(nbdkit, False),
        })
        latency(disk, True, span="24m")
        hits = report.paired("random 4 KiB within 24 MiB, O_DIRECT, p50", "us", {
            "ours": lambda: latency(disk, True, span="24m"),
        })
        report.say(f"status: {agent.counts()}")
    for name in ("ours, buffered", "ours, O_DIRECT"):
        report.row(f"miss in memory, block file in page cache, {name.split(', ')[1]}", f"p50 {misses[name]:.0f} us", "<= 300 us", misses[name] <= 300)
    report.row("hit in memory, O_DIRECT", f"p50 {hits['ours']:.1f} us", "<= 25 us", hits["ours"] <= 25)
