"""`sweep PRESET …`: one recipe with many values of some settings; sweeps are listed, shown, stopped, resumed
and deleted.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from selfsup_core.cli.output import AsJson, Workspace, place, show, table

if TYPE_CHECKING:
    from selfsup_core.runs.sweeps.folder import SweepFolder
    from selfsup_core.runs.sweeps.results import Sweep

POLL_SECONDS = 0.5
CARE_SECONDS = 5.0
MOST_ROWS = 20


class StartsByDefault(TyperGroup):
    """`sweep vae …` is `sweep start vae …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


sweep_app = typer.Typer(
    help="Train a recipe with many values of up to three settings: sweep PRESET --vary …",
    no_args_is_help=True,
    cls=StartsByDefault,
)
SweepName = Annotated[str, typer.Argument(help="Sweep ID, or the beginning of it.")]


@sweep_app.command("start")
def start_command(
    recipe: Annotated[str, typer.Argument(help="A preset's name, a spec's YAML file, or a run.")],
    vary: Annotated[
        list[str],
        typer.Option(
            help="A setting with the values to try, as in train.learning_rate=1e-3,3e-3 or "
            "train.learning_rate=1e-4..1e-2:5:log; up to three."
        ),
    ],
    seeds: Annotated[int, typer.Option(help="Runs of each combination.", min=1, max=20)] = 3,
    method: Annotated[
        str, typer.Option(help="How combinations are chosen: grid (all), random or optuna.")
    ] = "grid",
    trials: Annotated[int, typer.Option(help="Combinations at random or by Optuna.", min=1)] = 12,
    prune: Annotated[
        bool, typer.Option("--prune", help="Stop a run early when it is clearly worse; needs optuna.")
    ] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting of all runs, as in train.epochs=3; may be repeated."),
    ] = None,
    owner: Annotated[str, typer.Option(help="Owner of the runs, on a shared machine.")] = "local",
    seed: Annotated[int, typer.Option(help="Seed of what is drawn at random.", min=0)] = 0,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the sweep has ended.")] = True,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Start a sweep and follow it to its end. Ctrl-C leaves it going."""
    from selfsup_core.inspection.asking import checked
    from selfsup_core.runs.spec import parse_assignments
    from selfsup_core.runs.sweeps.config import SweepConfig
    from selfsup_core.runs.sweeps.folder import start_sweep
    from selfsup_core.runs.sweeps.outlook import foresee_sweep
    from selfsup_core.runs.sweeps.plan import read_plan
    from selfsup_core.runs.sweeps.recipe import read_recipe
    from selfsup_core.runs.sweeps.score import foreseen, say_measure
    from selfsup_core.runs.sweeps.values import read_vary
    from selfsup_core.workers.sweeper import begin

    root = place(workspace)
    spec, preset = read_recipe(root, recipe, parse_assignments(assignments or []))
    asked = {"vary": read_vary(vary), "seeds": seeds, "method": method, "trials": trials}
    config = checked(SweepConfig, {**asked, "prune": prune, "seed": seed})
    plan = read_plan(spec, config)
    for one in plan.varied:
        if one.why:
            print(f"{one.path}: {', '.join(map(one.say, one.values))} ({one.why})", file=sys.stderr)
    print(foresee_sweep(root, plan, preset).sentence(), file=sys.stderr)
    measure = foreseen(root, spec, [one.path for one in plan.varied])
    if measure:
        print(f"Ranked by {say_measure(measure)}.", file=sys.stderr)
    folder = start_sweep(root, spec, config, preset=preset, owner=owner)
    begin(folder)
    if wait:
        follow(folder)
    outcome(folder, as_json)


@sweep_app.command("list")
def list_command(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List the sweeps, newest first."""
    from selfsup_core.errors import StudioError
    from selfsup_core.runs.sweeps.folder import list_sweeps
    from selfsup_core.runs.sweeps.results import read_sweep
    from selfsup_core.runs.sweeps.words import say_best

    rows = [("SWEEP", "STATUS", "RUNS", "NAME")]
    found: list[dict[str, object]] = []
    for folder in list_sweeps(place(workspace)):
        try:
            sweep = read_sweep(folder)
        except StudioError as error:
            found.append({"sweep": folder.id, "status": "damaged", "problem": error.message})
            rows.append((folder.id, "damaged", "", error.message))
            continue
        keys = ("sweep", "name", "status", "created", "method", "done", "total", "metric")
        found.append({name: sweep[name] for name in keys} | {"best": say_best(sweep)})  # type: ignore[literal-required]
        rows.append((folder.id, sweep["status"], f"{sweep['done']}/{sweep['total']}", sweep["name"]))
    show(found, as_json, table(rows) if found else "No sweeps yet.")


@sweep_app.command("show")
def show_command(sweep: SweepName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Show what a sweep has found so far: the best combination, the effect of each setting, the trials."""
    from selfsup_core.runs.sweeps.folder import open_sweep
    from selfsup_core.runs.sweeps.results import read_sweep

    found = read_sweep(open_sweep(place(workspace), sweep))
    show(found, as_json, describe(found))


@sweep_app.command("stop")
def stop_command(sweep: SweepName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Stop a sweep and its run at work; what is finished is kept."""
    from selfsup_core.runs.sweeps.folder import open_sweep
    from selfsup_core.workers.sweeping import stop_sweep

    folder = open_sweep(place(workspace), sweep)
    stop_sweep(folder)
    text = f"Stopped. Go on with: sweep resume {folder.id}"
    show({"sweep": folder.id, "status": "stopped"}, as_json, text)


@sweep_app.command("resume")
def resume_command(
    sweep: SweepName,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the sweep has ended.")] = True,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Train what is missing of a sweep, and follow it; no finished run is repeated."""
    from selfsup_core.runs.sweeps.folder import open_sweep
    from selfsup_core.workers.sweeper import drive
    from selfsup_core.workers.sweeping import resume_sweep

    folder = open_sweep(place(workspace), sweep)
    resume_sweep(folder)
    drive(folder.workspace)
    if wait:
        follow(folder)
    outcome(folder, as_json)


@sweep_app.command("delete")
def delete_command(
    sweep: SweepName,
    runs: Annotated[bool, typer.Option("--runs", help="Delete its runs, too.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Move a sweep to the trash, where it is kept for seven days; its runs stay unless asked."""
    from selfsup_core.runs.sweeps.bin import delete_sweep
    from selfsup_core.runs.sweeps.folder import open_sweep

    folder = open_sweep(place(workspace), sweep)
    count = delete_sweep(folder, with_runs=runs)
    text = f"Deleted, with {count} of its runs." if runs else "Deleted. Its runs stay."
    show(
        {"sweep": folder.id, "deleted": True, "runs": count},
        as_json,
        f"{text} Undo: runs restore {folder.id}",
    )


def follow(folder: SweepFolder) -> None:
    """Show a progress bar on stderr until the sweep is no longer at work. Ctrl-C leaves it going."""
    from tqdm import tqdm

    from selfsup_core.runs.sweeps.results import read_sweep
    from selfsup_core.runs.waiting import in_words
    from selfsup_core.workers.sweeper import drive

    form = "{desc} {percentage:3.0f}% |{bar:30}| {n:.1f}/{total} runs{postfix}"
    cared = time.monotonic()
    try:
        with tqdm(total=1, bar_format=form, file=sys.stderr, dynamic_ncols=True) as bar:
            drawn: tuple[float, str] | None = None
            while True:
                sweep = read_sweep(folder)
                bar.total, bar.n = sweep["total"], round(sweep["share"] * sweep["total"], 1)
                bar.set_description_str(sweep["status"], refresh=False)
                left = sweep["seconds_left"]
                bar.set_postfix_str(f"about {in_words(left)} left" if left else "", refresh=False)
                if (bar.n, sweep["status"]) != drawn:
                    bar.refresh()
                    drawn = (bar.n, sweep["status"])
                if sweep["status"] != "running":
                    return
                if time.monotonic() - cared > CARE_SECONDS:
                    cared = time.monotonic()  # they may have been killed meanwhile
                    drive(folder.workspace)
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        print(
            f"\nThe sweep goes on without this command. Follow it: sweep resume {folder.id}. "
            f"Stop it: sweep stop {folder.id}",
            file=sys.stderr,
        )
        raise SystemExit(0) from None


def outcome(folder: SweepFolder, as_json: bool) -> None:
    """What came of it; exit code 1 where the sweep has failed."""
    from selfsup_core.runs.sweeps.results import read_sweep

    found = read_sweep(folder)
    show(found, as_json, describe(found))
    if error := found["error"]:
        print(f"Failed: {error['message']} {error['remedy']}", file=sys.stderr)
        raise typer.Exit(1)


def describe(found: Sweep) -> str:
    """As text: how far it is, the best combination, the effects, and the trials."""
    from selfsup_core.runs.sweeps.words import (
        say_best,
        say_effect,
        say_metric,
        say_progress,
        say_score,
        say_warning,
    )

    lines = [f"{found['sweep']}  {found['status']}: {say_progress(found)}"]
    if found["metric"]:
        lines.append(f"Ranked by: {say_metric(found)}")
    if best := say_best(found):
        lines += ["", best, say_warning(found), ""]
    lines += [said for one in found["effects"] if (said := say_effect(found, one))]
    rows = [("", *found["paths"], "SCORE", "SEEDS", "RUNS")]
    order = found["best"] + [row["place"] for row in found["rows"] if row["place"] not in found["best"]]
    for number, at in enumerate(order[:MOST_ROWS]):
        row = found["rows"][at]
        runs = ", ".join(f"{t['run']} ({t['pruned'] or t['status']})" for t in row["trials"] if t["run"])
        score = say_score(found, row["score"], row["margin"])
        mark = "*" if number == 0 and found["best"] else ""
        rows.append((mark, *row["said"].values(), score, f"{row['n']}/{found['seeds']}", runs))
    lines += ["", table(rows)]
    if len(order) > MOST_ROWS:
        lines.append(f"… and {len(order) - MOST_ROWS} more; see them with --json.")
    if len(found["compared"]) > 1:
        lines += ["", f"Compare the best: runs compare {' '.join(found['compared'])}"]
    if found["status"] == "stopped":
        lines += ["", f"Go on with: sweep resume {found['sweep']}"]
    return "\n".join(line for line in lines if line is not None)
