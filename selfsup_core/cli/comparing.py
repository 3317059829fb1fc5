"""`runs compare`, `runs branch` and `runs tree`: several runs, and runs that come from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table

if TYPE_CHECKING:
    from selfsup_core.runs.comparing import Comparison


def runs_compare(
    runs: Annotated[list[str], typer.Argument(help="Two runs or more: their IDs, or what begins them.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch or round; the last of each run by default.", min=0)
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Runs side by side: settings that differ, metrics with the best marked, mean ± sd over seeds."""
    from selfsup_core.runs.comparing import compare, read_compared

    found = compare(read_compared(place(workspace), runs), epoch)
    show(found, as_json, describe(found))


def describe(found: Comparison) -> str:
    """As text: the runs, the metrics, the settings, and what cannot be compared."""
    from selfsup_core.evaluate.compared import say_spread, say_value

    heads = [str(about["number"]) for about in found["runs"]]
    groups = found["seeds"]
    joined = [", ".join(str(one + 1) for one in group["places"]) for group in groups]
    lines = [
        f"{about['number']}  {about['run']}  {about['name']} ({about['status']}, epoch {about['at']})"
        for about in found["runs"]
    ]
    rows = [("METRIC", *heads, *joined)]
    for one in found["metrics"]:
        cells = [
            say_value(one["name"], value) + ("*" if at in one["best"] else "")
            for at, value in enumerate(one["values"])
        ]
        rows.append(
            (one["title"], *cells, *(say_spread(one["name"], g["metrics"][one["name"]]) for g in groups))
        )
    settings = [("SETTING", *heads)]
    settings += [(one["path"], *(value or "–" for value in one["values"])) for one in found["settings"]]
    parts = ["\n".join(lines), table(rows) + "\n* best of the runs that can be ranked"]
    parts.append(table(settings) if found["settings"] else "All settings are the same.")
    return "\n\n".join([*parts, *found["notes"]])


def runs_branch(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch to go on from; the newest with a checkpoint by default.", min=0)
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting, as in train.epochs=20; repeatable.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the branch has ended.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Go on from an epoch of a run as a new run; unchanged, it repeats the run bit for bit on the CPU."""
    import time

    from selfsup_core.runs.branching import branch
    from selfsup_core.runs.folder import ENDED, open_run, read_state
    from selfsup_core.runs.spec import parse_assignments
    from selfsup_core.workers.supervisor import ensure_supervisor

    made = branch(open_run(place(workspace), run), epoch, parse_assignments(assignments or []))
    ensure_supervisor(made.workspace)
    while wait and read_state(made)["status"] not in ENDED:
        time.sleep(0.2)
    state = read_state(made)
    about = {name: state.get(name) for name in ("run", "parent", "branched_at", "status", "epoch", "epochs")}
    show(about, as_json, f"{made.id} goes on from epoch {state['branched_at']} of {state['parent']}.")
    if wait and state["status"] != "finished":
        raise typer.Exit(1)


def runs_tree(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """The branches of a run, and the runs that it comes from."""
    from selfsup_core.runs.branching import lineage
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    found = lineage(folder.workspace, folder.id)
    lines = []
    for node in found:
        start = "" if node["at"] is None else f"from epoch {node['at']}: "
        lines.append(f"{'  ' * node['depth']}{start}{node['run']}  {node['name']} ({node['status']})")
    show(found, as_json, "\n".join(lines))
