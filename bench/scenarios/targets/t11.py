"""T11: serving block files to peers, beside nginx: how fast, and for how much processor time."""
import os
import pathlib
import random
import statistics

from . import images, ours, rivals
from .lab import Lab, read_all, run, seconds, warm_tree
from .t7 import in_parallel

CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")


def measure(report):
    with Lab() as lab:
        repository = ours.Repository(lab)
        repository.publish(images.reference(), "disk")
        paths = [path.relative_to(repository.path) for path in sorted((repository.path / "blocks").rglob("*")) if path.is_file()]
        total = sum(os.path.getsize(repository.path / path) for path in paths)
        url, process = rivals.nginx_process(lab, repository.path)
        port = rivals.free_port()
        agent = ours.Agent(lab, repository, url, options=("--peers", "on", "--group", "bench", "--listen", f"127.0.0.1:{port}"))
        read_all(agent.disk("disk"))
        warm_tree(repository.path)
        warm_tree(agent.cache / "blocks")
        contestants = {"ours": (f"http://127.0.0.1:{port}", agent.process.pid), "nginx": (url, process.pid)}
        scripts = {name: scripts_of(lab, paths, base) for name, (base, _) in contestants.items()}
        report.say(f"{len(paths)} block files, {total} bytes, {CONNECTIONS} connections, each reads all of them in its own order")
        figures = {name: [] for name in contestants}
        for _ in range(report.rounds):
            for name, (_, pid) in contestants.items():
                before = processor(pid)
                took = seconds(lambda: in_parallel(lambda number: run("curl", "-sfK", scripts[name][number]), CONNECTIONS))
                figures[name].append((CONNECTIONS * total / took / 1e6, (processor(pid) - before) / (CONNECTIONS * total / 1e9)))
        for name, rounds in figures.items():
            report.say(f"{name} | {' '.join(f'{rate:.0f} MB/s {cpu:.3f} s/GB' for rate, cpu in rounds)}")
        rates, costs = ({name: statistics.median(values[column] for values in rounds) for name, rounds in figures.items()} for column in (0, 1))
        ratio = rates["ours"] / rates["nginx"]
        report.row(f"block files, {CONNECTIONS} connections, against nginx {rates['nginx']:.0f} MB/s", f"{rates['ours']:.0f} MB/s = {ratio:.2f} x", ">= 0.8 x", ratio >= 0.8)
        ratio = costs["ours"] / costs["nginx"]
        report.row(f"processor time, against nginx {costs['nginx']:.3f} s/GB", f"{costs['ours']:.3f} s/GB = {ratio:.2f} x", "<= 2 x", ratio <= 2)


def scripts_of(lab, paths, base):
    """A script for each connection: curl reads what it names one after another, over one connection."""
    folder, scripts = lab.new_folder("curl"), []
    for number in range(CONNECTIONS):
        order = random.Random(number).sample(paths, len(paths))
        scripts.append(folder / str(number))
        scripts[-1].write_text("".join(f"url={base}/{path}\noutput={os.devnull}\n" for path in order))
    return scripts


def processor(pid):
    """Seconds of processor time of a process and its children so far."""
    total = 0
    for process in (pid, *map(int, (pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()).split())):
        fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS
