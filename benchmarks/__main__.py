"""Measured claims about SelfSup Studio: `python -m benchmarks` runs them all, names choose some."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.size import OPTIONS, is_toy

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Benchmark:
    """A module of this folder with a function `measure`.

    Attributes:
        about: the first paragraph of its docstring.
        is_asked_for: whether it runs only when it is named (its module sets `BY_NAME_ONLY`).
        has_browser: whether it drives a browser.
    """

    name: str
    about: str
    is_asked_for: bool
    has_browser: bool


def discover() -> dict[str, Benchmark]:
    """All benchmarks by name; their files are read but not imported, since that takes long."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        source = path.read_text("utf-8")
        tree = ast.parse(source)
        if not any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in tree.body):
            continue
        flags = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        about = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
        found[path.stem] = Benchmark(path.stem, about, "BY_NAME_ONLY" in flags, "playwright" in source)
    return found


def parser(known: dict[str, Benchmark]) -> argparse.ArgumentParser:
    """The command line, with every benchmark's one line."""
    width = max(map(len, known))
    lines = [
        f"  {b.name:<{width}}  {b.about}{' (only when it is named)' if b.is_asked_for else ''}"
        for b in known.values()
    ]
    made = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        epilog="benchmarks:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("names", nargs="*", metavar="name", help="benchmarks to run; all when none is named")
    for option in OPTIONS:
        about = f"{option.about} [{option.variable}]"
        if option.is_switch:
            made.add_argument(option.flag, action="store_true", help=about)
        else:
            made.add_argument(option.flag, help=about)
    made.add_argument("--out", type=Path, help="write the rows as JSON to this file [BENCH_OUT]")
    made.add_argument("--device", choices=("cuda", "cpu"), help="device of `gpu` [BENCH_DEVICE]")
    return made


def export(chosen: argparse.Namespace) -> None:
    """Put the options where benchmarks and their child processes look for them."""
    for option in OPTIONS:
        value = getattr(chosen, option.flag.removeprefix("--"))
        if value:
            os.environ[option.variable] = "1" if option.is_switch else str(value)
    if chosen.out:
        os.environ["BENCH_OUT"] = str(chosen.out)
    if chosen.device:
        os.environ["BENCH_DEVICE"] = chosen.device


def run(name: str, keep: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """One benchmark: its rows, seconds, and its error ("" when there is none).

    Args:
        keep: is given what is there after each row of those that give their rows one by one.
    """
    from benchmarks.table import Row, show

    began, spent = time.perf_counter(), cpu_seconds()
    rows: list[Row] = []
    columns: list[str] = []
    error = ""

    def result() -> dict[str, Any]:
        return {
            "name": name,
            "seconds": round(time.perf_counter() - began, 2),
            "cpu_seconds": round(cpu_seconds() - spent, 2),
            "error": error,
            "columns": columns,
            "rows": [row.as_dict() for row in rows],
        }

    try:
        module = importlib.import_module(f"benchmarks.{name}")
        columns = list(module.COLUMNS)
        found = module.measure()
        if isinstance(found, list):
            rows = found
            show(rows)
        else:
            for row in found:
                rows.append(row)
                show([row])
                keep(result())
    except Exception as caught:
        traceback.print_exc()
        error = f"{type(caught).__name__}: {caught}"
    except SystemExit as caught:
        error = f"it left: {caught}"
    return result()


def cpu_seconds() -> float:
    """Of this process and of the children that have ended; other work on the machine does not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 when a benchmark failed, which does not keep the others from running."""
    known = discover()
    made = parser(known)
    chosen = made.parse_args(arguments)
    names = chosen.names or [b.name for b in known.values() if not b.is_asked_for]
    if unknown := [name for name in names if name not in known]:
        made.error(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(known)}.")
    export(chosen)
    from benchmarks.table import header

    print(header(), flush=True)
    taken_on, results = header(), []

    def keep(last: dict[str, Any]) -> None:
        if out := os.environ.get("BENCH_OUT"):
            content = {"header": taken_on, "toy": is_toy(), "benchmarks": [*results, last]}
            Path(out).write_text(json.dumps(content, indent=1), "utf-8")

    for name in names:
        print(f"\n[{name}]", flush=True)
        result = run(name, keep)
        keep(result)
        results.append(result)
        print(f"({result['seconds']:.1f} s, {result['cpu_seconds']:.1f} s of a core)", flush=True)
    return conclude(results)


def conclude(results: list[dict[str, Any]]) -> int:
    """Say how long each took, what failed, and which claims were not met; the exit code."""
    total = sum(result["seconds"] for result in results)
    each = ", ".join(f"{result['name']} {result['seconds']:.1f}" for result in results)
    print(f"\n{total:.1f} s in all: {each}")
    failed = [result for result in results if result["error"]]
    for result in failed:
        print(f"FAILED {result['name']}: {result['error']}")
    if not is_toy():
        for result in results:
            for row in result["rows"]:
                if row["is_met"] is False:
                    print(f"not met, {result['name']}: {row['claim'].strip()}: {row['found']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
