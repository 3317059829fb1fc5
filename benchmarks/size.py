"""How large a benchmark is, and the other options: each is an environment variable, so that child processes
see it too.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """An option of the command line and the environment variable that says the same."""

    flag: str
    variable: str
    about: str
    is_switch: bool = False


OPTIONS = (
    Option(
        "--toy",
        "BENCH_TOY",
        "run everything in seconds, to see that it works; nothing is judged",
        is_switch=True,
    ),
    Option("--python", "BENCH_PYTHON", "interpreter with the libraries compared with (Keras, pythae, …)"),
    Option("--workspace", "BENCH_WORKSPACE", "folder where pseudo keeps embeddings for the next time"),
    Option("--seeds", "BENCH_SEEDS", "seeds of each case of pseudo (5) and of learned_views (3)"),
    Option("--threads", "BENCH_THREADS", "threads of each run of pseudo (1)"),
    Option("--only", "BENCH_ONLY", "only those cases of pseudo and learned_views whose title contains this"),
    Option(
        "--long",
        "BENCH_LONG",
        "also those cases of pseudo that embed long texts first",
        is_switch=True,
    ),
)


def is_toy() -> bool:
    """Whether benchmarks run at toy size."""
    return os.environ.get("BENCH_TOY", "") not in ("", "0")


def sized(full: T, toy: T) -> T:
    """The first value, or the second one at toy size."""
    return toy if is_toy() else full


def python_with(package: str) -> str | None:
    """The interpreter that has a package to compare with: the one that was named, or this one; else None."""
    if named := os.environ.get("BENCH_PYTHON"):
        return named
    return sys.executable if importlib.util.find_spec(package) else None
