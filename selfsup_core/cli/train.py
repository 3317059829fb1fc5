"""`train`: queue a run and follow it to its end."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, summary_of
from selfsup_core.errors import SettingError
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.state import RunState


def train(
    recipe: Annotated[str, typer.Argument(help="A preset's name or a spec's YAML file.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting, as in train.epochs=3; may be repeated."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the run.")] = "",
    owner: Annotated[str, typer.Option(help="Owner of the run, on a shared machine.")] = "local",
    with_hand: Annotated[
        bool,
        typer.Option(
            "--hand/--no-hand", help="Whether a run with pseudo-labels also uses labels made by hand."
        ),
    ] = True,
    splits: Annotated[
        int,
        typer.Option(
            help="Of a run with pseudo-labels: splits in all, each with its own labels and test rows; says "
            "what they say together.",
            min=1,
            max=20,
        ),
    ] = 1,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Follow the run to its end, or only queue it.")
    ] = True,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Train with a progress bar until the end. Ctrl-C leaves the run going."""
    from selfsup_core.evaluate.words.views_trouble import all_gauges
    from selfsup_core.runs.check import check_spec
    from selfsup_core.runs.compose import compose_spec, fitted_to, kept_settings
    from selfsup_core.runs.folder import read_rows
    from selfsup_core.runs.outlook import foresee
    from selfsup_core.runs.queue import submit
    from selfsup_core.runs.recipes import preset_spec
    from selfsup_core.runs.signs import say_sign, signs_of
    from selfsup_core.runs.spec import parse_assignments, read_spec, task_of
    from selfsup_core.workers.supervisor import ensure_supervisor

    overrides = parse_assignments(assignments or [])
    if name:
        overrides["name"] = name
    path, root = Path(recipe), place(workspace)
    is_file = path.suffix in (".yaml", ".yml")
    make = partial(read_spec, path) if is_file else partial(preset_spec, recipe)
    preset = "" if is_file else recipe
    spec = compose_spec(root, make, overrides, with_hand=with_hand, preset=preset)
    check_spec(root, spec)
    if splits > 1 and task_of(spec) != "pseudo":
        raise SettingError(
            "--splits repeats runs with pseudo-labels only.",
            remedy="Leave it out, or change data.split_seed yourself.",
        )
    if splits > 1 and not wait:
        raise SettingError("--splits waits for each split.", remedy="Leave --no-wait out.")
    if preset and "data.source" in overrides:
        kept = kept_settings(root, spec.data.source)
        fitted = fitted_to(root, make, preset, kept, overrides)
        if fitted and fitted.holds_for(spec):
            print(fitted.reason, file=sys.stderr)
    for text in foresee(root, spec):
        print(text, file=sys.stderr)
    folder = submit(root, spec, owner=owner, preset="" if is_file else recipe)
    ensure_supervisor(root)
    if not wait:
        show({"run": folder.id, "folder": str(folder.path)}, as_json, f"{folder.id} is queued.")
        return
    try:
        state = follow(folder)
    except KeyboardInterrupt:
        print(f"\nThe run continues. Stop it with: runs stop {folder.id}", file=sys.stderr)
        raise SystemExit(0) from None
    signs = signs_of(state, read_rows(folder.metrics))
    outcome = result_of(state, folder.path) | {"signs": signs}
    if state["task"] == "views":
        outcome["metrics"] = all_gauges(state, signs)
    # Why it failed is told below.
    text = "\n".join([summary_of(state), *(say_sign(one) for one in signs if one["code"] != "diverged")])
    if splits > 1 and state["status"] == "finished":
        from selfsup_core.cli.pseudo import repeat

        outcome["splits"], together = repeat(folder, splits)
        text = f"{text}\n{together}"
    show(outcome, as_json, text)
    if state["error"]:
        print(f"Failed: {state['error']['message']} {state['error']['remedy']}", file=sys.stderr)
    raise SystemExit(0 if state["status"] in ("finished", "stopped") else 1)


def follow(folder: RunFolder) -> RunState:
    """Show a progress bar on stderr until the run has ended, and signs of trouble as they come; returns the
    last state.
    """
    from tqdm import tqdm

    from selfsup_core.runs.folder import ENDED, read_state
    from selfsup_core.workers.live import Tail
    from selfsup_core.workers.supervisor import ensure_supervisor

    unit = "rounds" if read_state(folder).get("task") == "pseudo" else "epochs"
    form = f"{{desc}} {{percentage:3.0f}}% |{{bar:30}}| {{n:.1f}}/{{total}} {unit}{{postfix}}"
    asked, drawn = time.monotonic(), None
    tail, told = Tail(folder.metrics), set[str]()
    with tqdm(total=1, bar_format=form, file=sys.stderr, dynamic_ncols=True) as bar:
        while True:
            state = read_state(folder)
            bar.total = state["epochs"]
            bar.n = state["epoch"] + state["epoch_progress"]
            rate, left = state["samples_per_second"], state["seconds_left"]
            bar.set_description_str(state["status"], refresh=False)
            shown = f"{rate:,.0f} rows/s" if rate else ""
            bar.set_postfix_str(shown + (f", {left:.0f} s left" if left else ""), refresh=False)
            now = (bar.n, state["status"])
            if now != drawn:  # a log file gets a line for each change, not ten a second
                bar.refresh()
                drawn = now
            has_ended = state["status"] in ENDED
            lines = fresh_signs(
                tail.read()[0],
                told,
                unit.removesuffix("s"),
                # What the last epoch tells is part of the outcome.
                before=state["epoch"] if has_ended else None,
            )
            for line in lines:
                bar.write(line, file=sys.stderr)
            if has_ended:
                return state
            if time.monotonic() - asked > 5:
                ensure_supervisor(folder.workspace)  # it may have been killed meanwhile
                asked = time.monotonic()
            time.sleep(0.1)


def fresh_signs(lines: list[bytes], told: set[str], unit: str, *, before: int | None = None) -> list[str]:
    """What new rows of epochs before this one say for the first time: "epoch 7: Over-fitting: …".

    Args:
        told: codes that were told already; the new ones are added.
    """
    from selfsup_core.files import parse_json
    from selfsup_core.runs.signs import epoch_rows, say_sign

    found = []
    for row in epoch_rows(parse_json(line) for line in lines):
        if before is not None and row["epoch"] >= before:
            continue
        for sign in row.get("signs", []):
            if sign["code"] not in told:
                told.add(sign["code"])
                found.append(f"{unit} {row['epoch']}: {say_sign(sign)}")
    return found


def result_of(state: RunState, folder: Path) -> dict[str, object]:
    """What `train --json` prints at its end."""
    device, verdict = state["device"], state.get("verdict")
    return {
        "run": state["run"],
        "status": state["status"],
        "stop_reason": state["stop_reason"],
        "epochs": state["epoch"],
        "metrics": {**state["metrics"], **(state["baseline"] or {}), "best": state["best"]},
        "seconds": state["seconds"],
        "samples_per_second": state["samples_per_second"],
        "device": device["label"] if device else None,
        "error": state["error"],
        "verdict": verdict["text"] if verdict else None,
        "folder": str(folder),
    }
