"""T4: 10 GB read steadily: what the runtime collects, and how much memory the agent has."""
import os

from . import images, ours
from .lab import Lab, evict, read_all


def measure(report):
    image = images.dense()
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(image, "disk")
        agent = ours.Agent(lab, repository, ours.file_url(repository.path))
        disk = agent.disk("disk")
        read_all(disk)
        before, total = agent.status(), 0
        while total < 10e9:
            evict(disk)
            total += read_all(disk)
        after = agent.status()
        resident, peak = agent.memory()
    report.say(f"before: {before}\nafter: {after}\n{total} bytes read, {resident:.0f} MiB resident, {peak:.0f} MiB at most")
    collections = [later - sooner for sooner, later in zip(before["process"]["collections"], after["process"]["collections"])]
    allocated = after["process"]["allocatedBytes"] - before["process"]["allocatedBytes"]
    report.row(f"garbage collections while {total / 1e9:.1f} GB are read ({allocated / 1024:.0f} KiB allocated)",
               f"{sum(collections)}", "0", sum(collections) == 0)
    report.row("memory of the agent, at most", f"{peak:.0f} MiB", "<= 150 MiB", peak <= 150)
