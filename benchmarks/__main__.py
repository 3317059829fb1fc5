"""`python -m benchmarks` prints all; names choose some."""

from __future__ import annotations

import importlib
import sys

from benchmarks.table import header, show

NAMES = (
    "throughput",
    "others",
    "start",
    "viewers",
    "rerun",
    "runs_list",
    "opening",
    "importing",
    "family",
    "fashion",
    "lab",
    "embedding",
    "classify",
    "language",
    "pseudo",
    "pseudo_round",
    "space",
    "space_browser",
)

if __name__ == "__main__":
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        raise SystemExit(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(NAMES)}.")
    print(header(), flush=True)
    for name in chosen:
        show(importlib.import_module(f"benchmarks.{name}").measure())
