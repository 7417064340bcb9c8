"""Raw figures kept, medians printed."""
import os
import pathlib
import platform
import statistics
import subprocess

from .lab import ROOT


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith(("model name", "Hardware"))), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) >> 20
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{os.cpu_count()} x {model}, {memory + 1} GiB, Linux {platform.release()}, commit {commit or 'unknown'}"


class Report:
    """One section's figures: every round in a text file, and rows of the table that all sections end in."""

    def __init__(self, section, folder, rounds):
        self.section, self.rounds = section, rounds
        self.rows = []
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(pathlib.Path(folder) / f"{section}.txt", "w", buffering=1)
        self.say(f"# {machine()}")

    def say(self, line):
        print(f"{self.section}: {line}", flush=True)
        print(line, file=self._file)

    def paired(self, title, unit, contestants, rounds=None, better=max):
        """Runs every contestant once a round, in turn, so that what the machine does meanwhile meets all alike; returns the medians by name."""
        figures = {name: [] for name in contestants}
        for _ in range(rounds or self.rounds):
            for name, measure in contestants.items():
                figures[name].append(measure())
        medians = {name: statistics.median(values) for name, values in figures.items()}
        for name, values in figures.items():
            self.say(f"{title} | {name} | median {medians[name]:.5g} {unit} | {' '.join(f'{value:.5g}' for value in values)}")
        return medians

    def row(self, what, figure, target, met):
        """A line of the table: what was measured, the figure, the target and whether it is met (None: there is no target)."""
        verdict = "" if met is None else "met" if met else "NOT met"
        self.rows.append((self.section.upper(), what, figure, target, verdict))
        self.say(f"= {what}: {figure} | {target} {verdict}")

    def close(self):
        self._file.close()


def table(rows):
    lines = ["| # | what | measured | target | |", "| --- | --- | --- | --- | --- |"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
