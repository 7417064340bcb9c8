"""OS Circular itself: the program as built, and the limits that the benchmark program finds."""
import json
import signal

from .lab import ROOT, end, expect, run

AGENT = ROOT / "artifacts/bin/OsCircular.Agent/release/oscircular"
LIMITS = ROOT / "artifacts/bin/OsCircular.Benchmarks/release/OsCircular.Benchmarks"


class Repository:
    """A signed repository below the lab's folder."""

    def __init__(self, lab):
        self.path = lab.new_folder("repository")
        self.key = lab.new_folder("key") / "key"
        run(AGENT, "keygen", "--out", self.key, "--no-password")

    def publish(self, image, name):
        return run(AGENT, "publish", image, "--repository", self.path, "--name", name, "--key", self.key)


class Agent:
    """A running agent and the mount it serves."""

    def __init__(self, lab, repository, mirror, cache=None, options=(), prefix=()):
        self.folder = lab.new_folder("mount")
        self.cache = cache or lab.new_folder("cache")
        self.process = lab.start(*prefix, AGENT, "mount", self.folder, "--public-key", f"{repository.key}.pub", "--cache", self.cache,
                                 "--mirror", mirror, *options, ready="ready", stop=signal.SIGINT, timeout=120)

    def disk(self, name):
        return self.folder / name / "latest" / "disk.raw"

    def status(self):
        return json.loads(run(AGENT, "status", "--cache", self.cache, "--json"))

    def counts(self):
        """Of the status: what was collected and allocated, and where what was read came from."""
        status = self.status()
        return {name: status["process"][name] for name in ("collections", "allocatedBytes", "residentBytes")} | {
            "loads": {source["name"]: source["count"] for source in status["sources"]}, "reads": status["reads"], "catalog": status["cache"]["catalog"]}

    def memory(self):
        """Resident now, resident at most, and what of it is no mapped file, in MiB."""
        fields = dict(line.split(":", 1) for line in open(f"/proc/{self.process.pid}/status"))
        return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon")}

    def stop(self):
        end(self.process, signal.SIGINT)


class Limit:
    """A mode of the benchmark program that makes one pass for each line it is given and answers with its seconds."""

    def __init__(self, lab, *arguments):
        self.process = lab.start(LIMITS, *arguments, ready="ready")

    def __call__(self):
        print("pass", file=self.process.stdin, flush=True)
        return float(expect(self.process, "").split()[0])


def file_url(path):
    return f"file://{path}"
