"""T12: from start to "ready" with many blocks cached, and memory when idle."""
import shutil
import time

from . import images, ours
from .lab import Lab, STORE, run, seconds

COUNTS = {100_000: 0.5, 1_000_000: 2.0}


def filled_cache(count):
    """A cache with that many tiny block files and their catalogue, made by the cache's own code and kept."""
    path = STORE / f"cache-{count}"
    if not path.exists():
        building = path.with_suffix(".building")
        shutil.rmtree(building, ignore_errors=True)
        run(ours.LIMITS, "fill-cache", building, str(count))
        building.rename(path)
    # It belongs to the repository of the run that used it last; this run has another.
    for name in ("head.minisig", "agent/trust.json"):
        (path / name).unlink(missing_ok=True)
    return path


def measure(report):
    image = images.reference()
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        for count, target in COUNTS.items():
            cache = filled_cache(count)
            start(repository, cache)
            medians = report.paired(f"{count} blocks, from start to ready", "s", {"ours": lambda: start(repository, cache)})
            report.row(f"start to ready with {count} blocks cached", f"{medians['ours']:.2f} s", f"<= {target} s", medians["ours"] <= target)
            memory, status = idle(repository, cache)
            report.say(f"status: {status}")
            report.row(f"idle memory with {count} blocks cached ({memory['RssAnon']:.0f} MiB of it its own, the rest mapped files)",
                       f"{memory['VmRSS']:.0f} MiB", "<= 100 MiB", memory["VmRSS"] <= 100)


def start(repository, cache):
    with Lab() as lab:
        return seconds(lambda: ours.Agent(lab, repository, ours.file_url(repository.path), cache))


def idle(repository, cache):
    with Lab() as lab:
        agent = ours.Agent(lab, repository, ours.file_url(repository.path), cache)
        time.sleep(20)
        return agent.memory(), agent.counts()
