"""`make bench`: run every benchmark, or those named: `python -m tests.benchmarks pairs help run`."""

import sys

from tests.benchmarks import (
    detection,
    drift,
    fault_proxy,
    fuzzing,
    help_time,
    oasdiff,
    pairs,
    run_time,
    storm,
    storm_schedule,
    storm_silence,
)

SLOW = {"detection": detection.main, "oasdiff": oasdiff.main}
BENCHMARKS = {"drift": drift.main, "fault_proxy": fault_proxy.main, "fuzzing": fuzzing.main,
              "help": help_time.main, "run": run_time.main, "pairs": pairs.main, "storm": storm.main,
              "storm_schedule": storm_schedule.main, "storm_silence": storm_silence.main}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    known = BENCHMARKS | SLOW
    for name in names:
        if name not in known:
            print(f"no benchmark {name!r}; known: {', '.join(known)}", file=sys.stderr)
            return 2
        print(f"== {name}")
        known[name]()
    return 0


sys.exit(main())
