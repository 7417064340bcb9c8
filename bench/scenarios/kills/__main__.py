"""See kills.sh."""
import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import agent as agents
from . import readers

MIB, FIO_MIB = 192, 64
END_LIMIT = 60


def arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(prog="kills.sh")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest-wait", type=float, default=0.8, help="seconds from ready to the kill, at most")
    parser.add_argument("--program", default=os.path.join(here, "../../../artifacts/bin/OsCircular.Agent/release/oscircular"))
    parser.add_argument("--json")
    return parser.parse_args()


class FioReader:
    """fio verifying its own pattern, by mmap, for as long as it is let."""

    def __init__(self, path):
        self.runs, self.failures, self.bytes, self.path = 0, [], 0, path
        self.process = None

    def poll(self, last=False):
        if self.process and self.process.poll() is None and not last:
            return
        if self.process:
            output, _ = self.process.communicate(timeout=END_LIMIT)
            self.runs += 1
            # What it says before the JSON is notes; after a wrong byte or an error it ends with a code.
            if self.process.returncode != 0:
                self.failures.append(output[:300])
            else:
                self.bytes += json.loads(output[output.index("{"):])["jobs"][0]["read"]["io_bytes"]
        self.process = None if last else subprocess.Popen(
            agents.fio(self.path, "randread", FIO_MIB, "--ioengine=psync", "--direct=1", "--readonly", "--norandommap=0"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def kill_and_start(agent, chance, longest_wait):
    """One kill at a random moment: mostly while it serves, one in eight while it starts. Returns whether it was serving."""
    serving = chance.random() >= 0.125
    if serving:
        agent.wait_until_ready()
        time.sleep(chance.uniform(0, longest_wait))
    else:
        time.sleep(chance.uniform(0, 0.5))
    agent.kill()
    # Mostly at once, as a service manager does; sometimes after a while.
    if chance.random() < 0.1:
        time.sleep(chance.uniform(0, 1))
    agent.start()
    return serving


def campaign(options, folder):
    chance = random.Random(options.seed)
    image = os.path.join(folder, "image.raw")
    agents.write_image(image, MIB, options.seed)
    images = {"disk": image}
    fio_image = agents.write_fio_image(os.path.join(folder, "fio.raw"), FIO_MIB)
    if fio_image:
        images["fio"] = fio_image
    agent = agents.Agent(options.program, folder, images)
    running = []
    try:
        agent.start()
        agent.wait_until_ready()
        for number, name in enumerate(readers.READERS):
            result = os.path.join(folder, f"reader-{number}.json")
            process = multiprocessing.Process(target=readers.run, args=(name, image, agent.disk("disk"), options.seed + number, result), daemon=True)
            process.start()
            running.append((name, process, result))
        fio = FioReader(agent.disk("fio")) if fio_image else None
        agent.kill()
        agent.start()
        began, while_serving = time.monotonic(), 0
        for kill in range(1, options.kills + 1):
            if fio:
                fio.poll()
            while_serving += kill_and_start(agent, chance, options.longest_wait)
            if kill % 50 == 0:
                print(f"{kill} kills, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        agent.wait_until_ready()
        seconds = time.monotonic() - began
        time.sleep(1)
        status = json.loads(agent.command("status", "--cache", agent.cache, "--json"))
        tallies = [end_reader(*reader) for reader in running]
        if fio:
            fio.poll(last=True)
        agent.end()
        return report(options, agent, seconds, while_serving, status, tallies, fio)
    finally:
        for _, process, _ in running:
            process.kill()
        agent.clean()


def end_reader(name, process, result):
    process.terminate()
    process.join(END_LIMIT)
    if process.is_alive():
        return {"name": name, "hung": True, "errors": [], "wrong": [], "reads": 0, "bytes": 0, "longest": END_LIMIT}
    if not os.path.exists(result):
        return {"name": name, "errors": [f"ended by signal {-process.exitcode}"], "wrong": [], "reads": 0, "bytes": 0, "longest": 0}
    with open(result, encoding="utf-8") as file:
        return json.load(file)


def report(options, agent, seconds, while_serving, status, tallies, fio):
    starts = sorted(agent.start_seconds)
    return {
        "kills": options.kills + 1,
        "killed while serving": while_serving + 1,
        "seed": options.seed,
        "seconds": round(seconds, 1),
        "generation": status["takeover"]["generation"],
        "start to ready, median s": round(starts[len(starts) // 2], 3),
        "start to ready, longest s": round(starts[-1], 3),
        "reads": sum(tally["reads"] for tally in tallies),
        "bytes": sum(tally["bytes"] for tally in tallies) + (fio.bytes if fio else 0),
        "wrong": [f"{tally['name']}: {wrong}" for tally in tallies for wrong in tally["wrong"]],
        "errors": [f"{tally['name']}: {error}" for tally in tallies for error in tally["errors"]],
        "hung": [tally["name"] for tally in tallies if tally.get("hung")],
        "longest pause s": round(max(tally["longest"] for tally in tallies), 3),
        "fio runs": fio.runs if fio else 0,
        "fio failures": fio.failures if fio else [],
        "readers": {tally["name"]: {"reads": tally["reads"], "MiB": tally["bytes"] >> 20, "longest pause s": round(tally["longest"], 3)} for tally in tallies},
    }


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = tempfile.mkdtemp(prefix="oct-kills-")
    try:
        found = campaign(options, folder)
    except BaseException:
        print(f"kills.sh: what happened is in {folder}", file=sys.stderr)
        raise
    good = not (found["wrong"] or found["errors"] or found["hung"] or found["fio failures"])
    if good:
        shutil.rmtree(folder)
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(text)
    sys.exit(not good)


if __name__ == "__main__":
    main()
