"""T4: 10 GB read steadily out of a filled cache: what the runtime collects, and how much memory the agent has."""
from . import images, ours
from .lab import Lab, evict, read_all


def measure(report):
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(images.dense(), "disk")
        filling = ours.Agent(lab, repository, ours.file_url(repository.path))
        read_all(filling.disk("disk"))
        filled = filling.memory()
        filling.stop()

        agent = ours.Agent(lab, repository, ours.file_url(repository.path), filling.cache)
        disk = agent.disk("disk")
        read_all(disk)
        before, total = agent.counts(), 0
        while total < 10e9:
            evict(disk)
            total += read_all(disk)
        memory, after = agent.memory(), agent.counts()
    report.say(f"before: {before}\nafter: {after}")
    collections = [later - sooner for sooner, later in zip(before["collections"], after["collections"])]
    allocated = after["allocatedBytes"] - before["allocatedBytes"]
    report.row(f"garbage collections while {total / 1e9:.1f} GB are read ({allocated / 1024:.0f} KiB allocated)",
               f"{sum(collections)}", "0", sum(collections) == 0)
    report.row(f"resident memory of the agent, at most ({memory['RssAnon']:.0f} MiB of it its own, the rest mapped files)",
               f"{memory['VmHWM']:.0f} MiB", "<= 150 MiB", memory["VmHWM"] <= 150)
    report.row(f"resident memory after it filled the cache itself, at most ({filled['RssAnon']:.0f} MiB of it its own)", f"{filled['VmHWM']:.0f} MiB", "", None)
