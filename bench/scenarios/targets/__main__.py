"""usage: python3 -m targets [--rounds N] [--results DIR] [SECTION]..."""
import argparse
import importlib
import pathlib
import signal
import sys
import traceback

from . import report
from .lab import ROOT, work_disk

SECTIONS = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t11", "t12", "t13"]
# Not among those that run where none is named: it takes half an hour.
LONG = ["scale"]


def main():
    parser = argparse.ArgumentParser(prog="targets.sh")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench" / "results")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=" ".join(SECTIONS + LONG))
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS + LONG):
        parser.error(f"no such section: {' '.join(sorted(unknown))}")
    # An ordinary exception, so that every lab puts its things away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    rows, failed = [], False
    with work_disk():
        for section in options.sections or SECTIONS:
            result = report.Report(section, options.results, options.rounds)
            try:
                importlib.import_module(f".{section}", __package__).measure(result)
            except Exception:
                failed = True
                result.say(f"FAILED\n{traceback.format_exc()}")
            rows += result.rows
            result.close()
    print(report.table(rows))
    sys.exit(failed)


main()
