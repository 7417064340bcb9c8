"""T13: disks of 1 TiB, nearly empty and with every page of the index there: from the agent's start and from opening to the first bytes, and the index fetched."""
import os
import pathlib
import random
import statistics
import time

from . import ours, rivals
from .lab import Lab, run, seconds

SIZE, BLOCK, PAGE = 1 << 40, 64 * 1024, 512 * 64 * 1024
LIMIT = 2 << 20


def image_of(path, places):
    with open(path, "wb") as file:
        file.truncate(SIZE)
        for place in places:
            os.pwrite(file.fileno(), b"block %016d" % place, place)


def index_bytes(cache):
    return sum(file.stat().st_size for file in pathlib.Path(cache, "indexes").glob("*"))


def measure(report):
    eighths = range(0, SIZE, SIZE // 8)
    # One block makes a page; the pages that are read have all their rows, for a page's size is that of its rows.
    full = [place + row for place in eighths for row in range(0, PAGE, BLOCK)]
    for name, places, read_at in (("nearly empty", eighths, eighths), ("every page present", [*range(0, SIZE, PAGE), *full], full)):
        with Lab() as lab:
            repository = ours.Repository(lab)
            image = lab.folder / "disk.raw"
            image_of(image, places)
            report.say(run(ours.AGENT, "publish", image, "--repository", repository.path, "--name", "disk", "--key", repository.key, "--block-size", "64KiB").strip())
            url = rivals.nginx(lab, repository.path)
            fetched, from_start = [], []

            def first_bytes():
                with Lab() as own:
                    begun = time.perf_counter()
                    agent = ours.Agent(own, repository, url)
                    place = random.choice(read_at)

                    def read():
                        file = os.open(agent.disk("disk"), os.O_RDONLY)
                        assert os.pread(file, 22, place) == b"block %016d" % place
                        os.close(file)
                    took = seconds(read)
                    from_start.append(time.perf_counter() - begun)
                    fetched.append(index_bytes(agent.cache))
                    return took

            median = report.paired(f"1 TiB, {name}: open and read at any place", "s", {"ours": first_bytes})["ours"]
            report.say(f"with the agent's start: {' '.join(f'{each:.3f}' for each in from_start)} s; index fetched: {' '.join(map(str, fetched))} bytes")
            report.row(f"1 TiB, {name}: open and read", f"{median * 1000:.0f} ms", "<= 1 s", median <= 1)
            started = statistics.median(from_start)
            report.row(f"1 TiB, {name}: the same with the agent's start", f"{started * 1000:.0f} ms", "<= 1 s", started <= 1)
            report.row(f"1 TiB, {name}: index fetched for it", f"{max(fetched) / 1024:.0f} KiB", "<= 2 MB", max(fetched) <= LIMIT)
