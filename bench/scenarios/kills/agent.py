"""The agent that is killed, and what it serves."""
import os
import random
import shutil
import signal
import subprocess
import time


class Agent:
    """One mount, served by one process after another."""

    def __init__(self, program, folder, image):
        self.program, self.folder = program, folder
        self.mount = os.path.join(folder, "mnt")
        self.cache = os.path.join(folder, "cache")
        self.log = open(os.path.join(folder, "agent.log"), "ab")
        self.process = None
        self.start_seconds = []
        os.mkdir(self.mount)
        self.command("keygen", "--out", os.path.join(folder, "key"), "--no-password")
        for name, file in image.items():
            self.command("publish", file, "--repository", os.path.join(folder, "repository"), "--name", name, "--key", os.path.join(folder, "key"))

    def command(self, *arguments):
        return subprocess.run([self.program, *arguments], check=True, capture_output=True, text=True).stdout

    def disk(self, name):
        return os.path.join(self.mount, name, "1", "disk.raw")

    def start(self):
        # A quota far below what is read: block files come and go, and mirrors are asked all the time.
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [self.program, "mount", self.mount, "--public-key", os.path.join(self.folder, "key.pub"), "--cache", self.cache,
             "--mirror", os.path.join(self.folder, "repository"), "--peers", "off", "--quota", "48MiB", "--memory", "16MiB",
             # On an overloaded machine a start may take longer than the 30 s that are the default.
             "--takeover-time", "120s", "--log-level", "Warning"],
            # The runtime keeps sockets there that a killed process leaves behind.
            stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, "TMPDIR": self.folder})

    def wait_until_ready(self):
        """What it says first is that it is ready; an end without that is an error."""
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            raise RuntimeError(f"the agent ended with {self.process.wait()} before it was ready; its log is {self.log.name}")
        self.start_seconds.append(time.monotonic() - self.began)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        """An orderly end; the mount must be gone then, and whoever kept it."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        if code != 0 or os.path.ismount(self.mount):
            raise RuntimeError(f"the agent ended with {code} and left its mount; its log is {self.log.name}")

    def clean(self):
        if self.process and self.process.poll() is None:
            self.kill()
        subprocess.run(["umount", "-l", "-q", self.mount], check=False)


def write_image(path, mib, seed):
    """Noise, text and holes, so that blocks are stored in every way."""
    chance = random.Random(seed)
    with open(path, "wb") as file:
        file.truncate(mib << 20)
        for block in range(mib * 4):
            kind = block % 4
            if kind == 0:
                continue
            file.seek(block * 256 * 1024)
            file.write(chance.randbytes(256 * 1024) if kind == 1 else bytes(f"{block} {seed} ", "ascii") * 16384 if kind == 2 else chance.randbytes(1024) * 256)


def write_fio_image(path, mib):
    """An image whose every block fio can check by itself; None where fio is not installed."""
    if not shutil.which("fio"):
        return None
    subprocess.run(fio(path, "write", mib, "--do_verify=0"), check=True, capture_output=True)
    return path


def fio(path, kind, mib, *more):
    return ["fio", "--name=kills", f"--filename={path}", f"--rw={kind}", "--bs=64k", f"--size={mib}M", "--verify=crc32c", "--verify_fatal=0", "--verify_state_save=0", "--output-format=json", *more]
