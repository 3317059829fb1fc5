"""Every check that needs a GPU: training against the CPU, bf16, a full card, resume, speed beside a captured
graph, waits.

Each check passes, fails, or says why it was not made. They are made in a child process: a fault that takes
the device with it costs one check, and a new process makes the rest. Without CUDA, or with `--device cpu`,
the same code runs on the CPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.served import ROOT
from benchmarks.size import is_toy
from benchmarks.table import Row

BY_NAME_ONLY = True
COLUMNS = ("passed", "failed", "not_made", "seconds")
BUDGET, CHECK_SECONDS, POLL = 470.0, 100.0, 0.1
QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}


def choose() -> str:
    """The device that was asked for, else CUDA where it is there."""
    import torch

    wanted = os.environ.get("BENCH_DEVICE")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("--device is cuda, but torch finds none on this machine")
    return wanted or ("cuda" if torch.cuda.is_available() else "cpu")


def outcomes(device: str, names: list[str]) -> Iterator[dict[str, Any]]:
    """What came of each check, as soon as it is there."""
    began, left = time.monotonic(), list(names)
    with tempfile.TemporaryDirectory() as folder:
        while left:
            out = Path(folder) / f"{len(left)}.jsonl"
            out.touch()
            before = len(left)
            for found in make(device, left, out, began + BUDGET):
                left.remove(found["check"])
                yield found
            if time.monotonic() >= began + BUDGET:
                for name in left:
                    yield outcome(name, "not made", f"the {BUDGET:.0f} seconds were over")
                return
            if len(left) == before:  # not even a first check began
                name = left.pop(0)
                yield outcome(name, "failed", "the process ended before it began")


def outcome(name: str, status: str, text: str, seconds: float = 0.0) -> dict[str, Any]:
    return {"check": name, "status": status, "text": text, "figures": {}, "seconds": seconds}


def make(device: str, names: list[str], out: Path, until: float) -> Iterator[dict[str, Any]]:
    """One child process: what it found, and a failure for the check at which it ended or stood still."""
    command = [sys.executable, "-m", "benchmarks.gpu_checks", device, str(out), *names]
    log = out.with_suffix(".log")
    current, since = "", time.monotonic()
    with open(log, "wb") as words:
        child = subprocess.Popen(command, cwd=ROOT, env=os.environ | QUIET, stdout=words, stderr=words)
        try:
            with open(out) as lines:
                while True:
                    is_over = child.poll() is not None
                    for line in lines:
                        found = json.loads(line)
                        since = time.monotonic()
                        current = found.get("begins", "")
                        if not current:
                            yield found
                    if is_over or time.monotonic() > min(until, since + CHECK_SECONDS):
                        break
                    time.sleep(POLL)
        finally:
            child.kill()
            child.wait()
    if current:
        last = (log.read_text("utf-8", "replace").strip().splitlines() or [""])[-1][:200]
        why = (
            f"the process ended with code {child.returncode}"
            if is_over
            else "it stood still, or time was over"
        )
        yield outcome(current, "failed", f"{why}: {last}", time.monotonic() - since)
    elif child.returncode:
        print(log.read_text("utf-8", "replace")[-2000:], file=sys.stderr)


def measure() -> Iterator[Row]:
    """A row a check, and one that counts them."""
    from benchmarks.gpu_checks import all_checks

    device, began = choose(), time.monotonic()
    if device == "cpu":
        os.environ["BENCH_TOY"] = os.environ.get("BENCH_TOY", "1")
    counts = dict.fromkeys(COLUMNS[:3], 0)
    left: list[str] = []
    for found in outcomes(device, list(all_checks(device))):
        counts[found["status"].replace(" ", "_")] += 1
        if found["status"] == "not made":
            left.append(found["check"])
        is_met = {"passed": True, "failed": False}.get(found["status"])
        figures = found["figures"] | {"seconds": found["seconds"]}
        yield Row(f"{found['check']}", found["text"], found["status"], is_met, figures)
    seconds = time.monotonic() - began
    text = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    figures = counts | {"seconds": seconds}
    yield Row(f"checks on {device}", f"{text}, {seconds:.0f} s", figures=figures)
    if device == "cpu":
        names = ", ".join(sorted({name.split("/")[0] for name in left}))
        size = "toy size" if is_toy() else "full size"
        yield Row("no GPU was used", f"{size} on the CPU; these groups need a GPU and were not made: {names}")
    if counts["failed"]:
        raise RuntimeError(f"{counts['failed']} checks failed")
