"""OS Circular itself: the program as built, and the limits that the benchmark program finds."""
import contextlib
import json
import pathlib
import signal

from .lab import ROOT, Failed, end, expect, run, wait_for

AGENT = ROOT / "artifacts/bin/OsCircular.Agent/release/oscircular"
LIMITS = ROOT / "artifacts/bin/OsCircular.Benchmarks/release/OsCircular.Benchmarks"


class Repository:
    """A signed repository below the lab's folder."""

    def __init__(self, lab):
        self.path = lab.new_folder("repository")
        self.key = lab.new_folder("key") / "key"
        run(AGENT, "keygen", "--out", self.key, "--no-password")

    def publish(self, image, name, *options):
        return run(AGENT, "publish", image, "--repository", self.path, "--name", name, "--key", self.key, *options)

    def stored_lengths(self, name):
        """Of the newest version of an image: bytes of the block file by the number of its block, without blocks of zeros. By the tables of src/OsCircular/Formats.md."""
        newest = max((json.loads(path.read_text()) for path in (self.path / "manifests").iterdir()), key=lambda manifest: manifest["sequence"])
        lengths = {}

        def walk(digest, first):
            page = (self.path / "indexes" / digest).read_bytes()
            level, entry, row = page[5], 72, 56 if page[5] == 0 else 32
            for number in range(512):
                if page[8 + number // 8] >> number % 8 & 1:
                    if level == 0:
                        lengths[first + number] = int.from_bytes(page[entry + 52:entry + 55], "little")
                    else:
                        walk(page[entry:entry + 32].hex(), first + number * 512 ** level)
                    entry += row

        walk(next(image for image in newest["images"] if image["name"] == name)["versions"][-1]["index"], 0)
        return lengths


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

    @contextlib.contextmanager
    def recording(self, lab, name, out):
        """Records a boot that happens inside, and writes the profile of all runs recorded so far."""
        # The reads may pause for long while an emulated kernel starts, so it is told when to end.
        process = lab.start(AGENT, "profile", "record", name, "--cache", self.cache, "--out", out, "--quiet", "10min", stop=signal.SIGINT)
        wait_for(lambda: "recording" in pathlib.Path(process.log).read_text() or process.poll() is not None, 20, "nothing is recorded")
        yield
        end(process, signal.SIGINT)
        if process.returncode != 0:
            raise Failed(f"profile record: exit {process.returncode}\n{pathlib.Path(process.log).read_text()}")

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
