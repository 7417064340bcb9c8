"""T2: the kernel's pages warm: the agent is not asked at all, so what counts is what it told the kernel to keep."""
import os
import statistics

from . import images, ours, rivals
from .lab import Lab, evict, read_all, seconds


def warm(path):
    """Seconds to read a file whose pages were just read in: which memory they lie in changes the figure more than who brought them, so each round draws anew."""
    evict(path)
    read_all(path)
    return statistics.median(seconds(lambda: read_all(path)) for _ in range(3))


def measure(report):
    image = images.dense()
    size = os.path.getsize(image)
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        agent = ours.Agent(lab, repository, ours.file_url(repository.path))
        files = {"ours": agent.disk("disk"), "libfuse passthrough_ll": rivals.passthrough(lab, image), "ext4": image}
        medians = report.paired("warm sequential", "MB/s", {
            name: lambda path=path: size / 1e6 / warm(path) for name, path in files.items()})
    ratio = medians["ours"] / medians["libfuse passthrough_ll"]
    report.row(f"against libfuse's passthrough_ll {medians['libfuse passthrough_ll']:.0f} MB/s (ext4 {medians['ext4']:.0f})",
               f"{medians['ours']:.0f} MB/s = {ratio:.2f}", ">= 0.95", ratio >= 0.95)
