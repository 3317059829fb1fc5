"""The command line: everything that the pages can do, without a browser.

Exit codes: 0 finished, 1 failed, 2 bad usage or spec. Torch is not imported here; work is done by the supervisor.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from selfsup_core.cli.classify import classify_app
from selfsup_core.cli.data import data_app
from selfsup_core.cli.lab import lab_app
from selfsup_core.cli.language import language_app
from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.cli.pseudo import pseudo_app
from selfsup_core.cli.remote import remote_app
from selfsup_core.cli.space import space_app
from selfsup_core.errors import SettingError, StudioError

app = typer.Typer(
    help="SelfSup Studio: see self-supervised learning happen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
runs_app = typer.Typer(help="Runs: list, look, steer, delete.", no_args_is_help=True)
supervisor_app = typer.Typer(help="The process that starts and watches runs.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(runs_app, name="runs")
app.add_typer(lab_app, name="lab")
language_app.add_typer(remote_app, name="remote")
app.add_typer(language_app, name="language")
app.add_typer(classify_app, name="classify")
app.add_typer(pseudo_app, name="pseudo")
app.add_typer(space_app, name="space")
app.add_typer(supervisor_app, name="supervisor")

RunName = Annotated[str, typer.Argument(help="Run id, its beginning, or the run's name.")]


@app.command()
def presets(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Ready-made recipes."""
    from selfsup_core.runs.spec import list_presets

    found = list_presets("")
    rows = [("PRESET", "ABOUT")] + [(name, preset["about"]) for name, preset in found.items()]
    show([{"preset": name} | preset for name, preset in found.items()], as_json, table(rows))


@app.command("settings")
def settings_command(
    preset: Annotated[str, typer.Option(help="Settings of this preset's network and objective.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every setting with its bounds, default and meaning."""
    from selfsup_core.runs.spec import RunSpec, known_settings, preset_spec

    spec = preset_spec(preset) if preset else RunSpec()
    entries = [
        {"setting": s.path, "default": s.default, "bounds": s.bounds, "about": s.description}
        for s in known_settings(spec).values()
    ]
    rows = [("SETTING", "DEFAULT", "BOUNDS", "ABOUT")]
    rows += [(e["setting"], str(e["default"]), e["bounds"], e["about"]) for e in entries]
    show(entries, as_json, table(rows))


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A preset's name or a spec's YAML file.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting, as in train.epochs=3; may be repeated."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the run.")] = "",
    owner: Annotated[str, typer.Option(help="Whose run it is, on a shared machine.")] = "local",
    with_hand: Annotated[
        bool,
        typer.Option("--hand/--no-hand", help="Whether labels made by hand join a run with pseudo-labels."),
    ] = True,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Train, and wait for the end with a progress bar. Ctrl-C leaves the run going."""
    from selfsup_core.runs.compose import compose_spec
    from selfsup_core.runs.queue import submit
    from selfsup_core.runs.spec import parse_assignments, preset_spec, read_spec
    from selfsup_core.workers.supervisor import ensure_supervisor

    overrides = parse_assignments(assignments or [])
    if name:
        overrides["name"] = name
    path, root = Path(recipe), place(workspace)
    is_file = path.suffix in (".yaml", ".yml")
    make = partial(read_spec, path) if is_file else partial(preset_spec, recipe)
    spec = compose_spec(root, make, overrides, with_hand=with_hand)
    folder = submit(root, spec, owner=owner, preset="" if is_file else recipe)
    ensure_supervisor(root)
    try:
        state = follow(folder)
    except KeyboardInterrupt:
        print(f"\nThe run goes on. Stop it with: runs stop {folder.id}", file=sys.stderr)
        raise SystemExit(0) from None
    outcome = result_of(state, folder.path)
    show(outcome, as_json, summary_of(state))
    if state["error"]:
        print(f"Failed: {state['error']['message']} {state['error']['remedy']}", file=sys.stderr)
    raise SystemExit(0 if state["status"] in ("finished", "stopped") else 1)


def follow(folder: Any) -> dict[str, Any]:
    """Show a progress bar on stderr until the run has ended; returns its last state."""
    from tqdm import tqdm

    from selfsup_core.runs.folder import ENDED, read_state
    from selfsup_core.workers.supervisor import ensure_supervisor

    form = "{desc} {percentage:3.0f}% |{bar:30}| {n:.1f}/{total} epochs{postfix}"
    asked, drawn = time.monotonic(), None
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
            if state["status"] in ENDED:
                return state
            if time.monotonic() - asked > 5:
                ensure_supervisor(folder.workspace)  # it may have been killed meanwhile
                asked = time.monotonic()
            time.sleep(0.1)


def result_of(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What `train --json` prints at its end."""
    return {
        "run": state["run"],
        "status": state["status"],
        "stop_reason": state["stop_reason"],
        "epochs": state["epoch"],
        "metrics": {**state["metrics"], **(state["baseline"] or {}), "best": state["best"]},
        "seconds": state["seconds"],
        "samples_per_second": state["samples_per_second"],
        "device": (state["device"] or {}).get("label"),
        "error": state["error"],
        "verdict": (state.get("verdict") or {}).get("text"),
        "folder": str(folder),
    }


def summary_of(state: dict[str, Any]) -> str:
    from selfsup_core.evaluate.words.verdict import describe_run

    return f"{state['run']}  {state['status']}: {describe_run(state)}"


@runs_app.command("list")
def runs_list(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """All runs, newest first."""
    from selfsup_core.runs.folder import list_states

    states = list(list_states(place(workspace)))
    if as_json:
        keys = ("run", "name", "status", "epoch", "epochs", "source", "best", "metrics", "created")
        print(json.dumps([{key: state.get(key) for key in keys} for state in states]))
        return
    rows = [("RUN", "STATUS", "EPOCHS", "DATA", "BEST VAL LOSS", "NAME")]
    for state in states:
        best = f"{state['best']['val_loss']:.4f}" if state["best"] else ""
        done = f"{state['epoch']}/{state['epochs']}"
        rows.append((state["run"], state["status"], done, state["source"], best, state["name"]))
    print(table(rows))


@runs_app.command("show")
def runs_show(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """State and numbers of one run."""
    from selfsup_core.runs.folder import open_run, read_state

    folder = open_run(place(workspace), run)
    state = read_state(folder)
    lines = [f"{state['name']} ({state['run']})", summary_of(state)]
    lines += [f"{state['device']['label']}: {state['device']['reason']}"] if state["device"] else []
    lines += [state["message"]] if state["message"] else []
    lines += [state["error"]["message"]] if state["error"] else []
    show(state | {"folder": str(folder.path)}, as_json, "\n".join([*lines, str(folder.path)]))


def steer(run: str, action: str, workspace: Path | None, as_json: bool, **values: Any) -> None:
    """Send a request to a run and say so."""
    from selfsup_core.runs.control import send
    from selfsup_core.runs.folder import open_run
    from selfsup_core.workers.supervisor import ensure_supervisor

    folder = open_run(place(workspace), run)
    send(folder, action, **values)
    ensure_supervisor(folder.workspace)
    show({"run": folder.id, "action": action, "ok": True}, as_json, f"{folder.id}: {action} sent")


@runs_app.command("pause")
def runs_pause(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Pause a run; it keeps its place."""
    steer(run, "pause", workspace, as_json)


@runs_app.command("resume")
def runs_resume(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Let a paused run go on, or take up an interrupted or stopped one from its last checkpoint."""
    steer(run, "resume", workspace, as_json)


@runs_app.command("step")
def runs_step(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Train one epoch, then pause."""
    steer(run, "step", workspace, as_json)


@runs_app.command("stop")
def runs_stop(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Stop a run; what it has learned stays."""
    steer(run, "stop", workspace, as_json)


@runs_app.command("set")
def runs_set(
    run: RunName,
    assignment: Annotated[str, typer.Argument(help="learning_rate=0.01 or epochs_per_second=2")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Change a live setting of a run from its next step on."""
    name, equals, value = assignment.partition("=")
    if not equals:
        raise SettingError(f"{assignment!r} is no assignment.", remedy="Write learning_rate=0.01.")
    steer(run, "set", workspace, as_json, name=name.removeprefix("train."), value=value)


@runs_app.command("delete")
def runs_delete(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Move a run to the trash, where it stays for seven days."""
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.trash import delete

    folder = open_run(place(workspace), run)
    delete(folder)
    show({"run": folder.id, "deleted": True}, as_json, f"Deleted. Undo: runs restore {folder.id}")


@runs_app.command("restore")
def runs_restore(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Take a deleted run back out of the trash."""
    from selfsup_core.runs.trash import restore

    folder = restore(place(workspace), run)
    show({"run": folder.id, "restored": True}, as_json, f"{folder.id} is back.")


@supervisor_app.command("status")
def supervisor_status(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Whether a supervisor is there, and what it runs."""
    from selfsup_core.workers.supervisor import supervisor_info

    about = supervisor_info(place(workspace))
    text = f"process {about['pid']}, running: {about['running'] or 'nothing'}" if about else "none"
    show(about, as_json, text)


@supervisor_app.command("stop")
def supervisor_stop(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Ask the supervisor to leave; runs at work go on."""
    from selfsup_core.workers.supervisor import stop_supervisor

    stopped = stop_supervisor(place(workspace))
    show({"stopped": stopped}, as_json, "stopped" if stopped else "there was none")


def main() -> None:
    """Run the command line; studio errors become one sentence on stderr."""
    try:
        app()
    except StudioError as error:
        if "--json" in sys.argv:
            print(json.dumps({"error": error.as_dict()}))
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(2 if isinstance(error, SettingError) else 1) from None
    except OSError as error:
        print(f"Error: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        raise SystemExit(1) from None
