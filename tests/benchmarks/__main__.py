"""`make bench`: run every benchmark, or those named: `python -m tests.benchmarks pairs help run`."""

import sys

from tests.benchmarks import help_time, pairs, run_time

BENCHMARKS = {"help": help_time.main, "run": run_time.main, "pairs": pairs.main}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            print(f"no benchmark {name!r}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
        print(f"== {name}")
        BENCHMARKS[name]()
    return 0


sys.exit(main())
