"""T9: publishing, beside zstd on all cores; publishing the same again, beside sha1sum; casync beside both."""
import os

from . import images, ours
from .lab import Lab, read_all, run, seconds, timed


def measure(report):
    for image in (images.reference(), images.dense()):
        with Lab() as lab:
            one_image(report, lab, image)


def one_image(report, lab, image):
    read_all(image)
    repositories = []

    def fresh():
        repositories.append(ours.Repository(lab))
        return timed_publish(repositories[-1])

    def timed_publish(repository):
        # What earlier rounds wrote must not be written back during this one.
        os.sync()
        return seconds(lambda: repository.publish(image, "disk"))

    def casync():
        os.sync()
        folder = lab.new_folder("casync")
        return timed("casync", "make", "--compression=zstd", f"--store={folder}/store", folder / "disk.caibx", image)

    def zstd():
        os.sync()
        return timed("zstd", "-3", "-T0", "-q", "-f", "-o", lab.folder / "disk.zst", image)

    medians = report.paired(f"{image.stem}", "s", {
        "publish": fresh,
        "zstd -3 -T0": zstd,
        "publish unchanged": lambda: timed_publish(repositories[-1]),
        "sha1sum": lambda: timed("sha1sum", image),
        "casync make": casync,
    })
    stored = sum(path.stat().st_size for path in (repositories[0].path / "blocks").rglob("*") if path.is_file())
    report.say(f"{image.stem}: zstd {os.path.getsize(lab.folder / 'disk.zst')} bytes, block files {stored} bytes, unchanged: {run('du', '-sb', repositories[-1].path).split()[0]} bytes in all")
    ratio = medians["zstd -3 -T0"] / medians["publish"]
    report.row(f"{image.stem}: publish {medians['publish']:.2f} s against zstd -3 -T0 {medians['zstd -3 -T0']:.2f} s (casync make {medians['casync make']:.1f} s)",
               f"{ratio:.2f}", ">= 0.7", ratio >= 0.7)
    ratio = medians["sha1sum"] / medians["publish unchanged"]
    report.row(f"{image.stem}: unchanged again {medians['publish unchanged']:.2f} s against sha1sum {medians['sha1sum']:.2f} s",
               f"{ratio:.2f}", ">= 1", ratio >= 1)
