"""T1: the whole disk read in order; block files in the page cache, the kernel's pages of the disk cold; verified and decoded."""
import os

from . import images, ours, rivals
from .lab import Lab, evict, read_all, seconds, warm_tree

MB = 1e6


def measure(report):
    for image in (images.reference(), images.dense()):
        with Lab() as lab:
            one_image(report, lab, image)


def one_image(report, lab, image):
    size = os.path.getsize(image)
    zeros, blocks = images.zero_blocks(image)
    report.say(f"{image.stem}: {size} bytes, {blocks} blocks, {zeros} of them zeros")
    repository = ours.Repository(lab)
    repository.publish(image, "disk")
    agent = ours.Agent(lab, repository, ours.file_url(repository.path))
    read_all(agent.disk("disk"))
    nbdkit = rivals.nbdkit(lab, f"{rivals.nginx(lab, image.parent)}/{image.name}")
    memory_folder = lab.new_folder("memory")
    verify = ours.Limit(lab, "limit-verify", agent.cache)
    transport = ours.Limit(lab, "limit-fuse", memory_folder, str(size))
    lab.mounted(memory_folder)
    files = {"ours": agent.disk("disk"), "nbdfuse + nbdkit": nbdkit, "squashfs": rivals.squashfs(lab, image), "ext4": image,
             "F, the same FUSE code from memory": memory_folder / "disk.raw"}

    def sequential(path):
        evict(path)
        return size / MB / seconds(lambda: read_all(path))

    for path in files.values():
        read_all(path)
    warm_tree(agent.cache / "blocks")
    before = agent.counts()
    contestants = {"V, open + read + SHA-1 + zstd": lambda: size / MB / verify()}
    contestants |= {name: lambda path=path: sequential(path) for name, path in files.items() if name != "ext4"}
    medians = report.paired(image.stem, "MB/s", contestants)
    report.say(f"status before: {before}\nstatus after: {agent.counts()}")

    mine = medians["ours"]
    limit = 1 / (1 / medians["V, open + read + SHA-1 + zstd"] + 1 / medians["F, the same FUSE code from memory"])
    report.row(f"{image.stem}: of the limit {limit:.0f} MB/s", f"{mine:.0f} MB/s = {mine / limit:.2f}", ">= 0.75", mine >= 0.75 * limit)
    ratio = mine / medians["nbdfuse + nbdkit"]
    report.row(f"{image.stem}: against nbdfuse + nbdkit {medians['nbdfuse + nbdkit']:.0f} MB/s", f"{ratio:.2f} x", ">= 1.5 x", ratio >= 1.5)
    ratio = mine / medians["squashfs"]
    report.row(f"{image.stem}: against squashfs in the kernel {medians['squashfs']:.0f} MB/s", f"{ratio:.2f} x", "to be passed: > 1 x", ratio > 1)
