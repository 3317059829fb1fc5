"""`runs ...`: list, inspect, control, delete."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfsup_core.cli.comparing import runs_branch, runs_compare, runs_tree
from selfsup_core.cli.output import AsJson, Workspace, place, show, summary_of, table
from selfsup_core.errors import SettingError
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from selfsup_core.runs.labels import Labels

runs_app = typer.Typer(help="Runs: list, inspect, compare, control, delete.", no_args_is_help=True)
runs_app.command("compare")(runs_compare)
runs_app.command("branch")(runs_branch)
runs_app.command("tree")(runs_tree)
RunName = Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")]
MOST_SECONDS = 2.0  # for counting the disk space of runs; what is not reached is null
RunNames = Annotated[list[str], typer.Argument(help="Runs: their IDs, what begins them, or their names.")]


@runs_app.command("list")
def runs_list(
    every: Annotated[bool, typer.Option("--all", help="Also the short runs of comparisons.")] = False,
    search: Annotated[
        str, typer.Option(help="Words in name, data set, status, tags, note or ID; #word is a tag.")
    ] = "",
    status: Annotated[str, typer.Option(help="Only runs with this status, such as interrupted.")] = "",
    task: Annotated[
        str, typer.Option(help="Only autoencoder, views, language, classify or pseudo runs.")
    ] = "",
    tag: Annotated[str, typer.Option(help="Only runs with this tag.")] = "",
    owner: Annotated[str, typer.Option(help="Only runs that this person has started.")] = "",
    sort: Annotated[str, typer.Option(help="newest, oldest, name, best or longest.")] = "newest",
    limit: Annotated[int | None, typer.Option(help="At most so many.", min=1)] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Runs, newest first; without the short ones that `views ablate` has made, unless --all is given."""
    from selfsup_core.evaluate.words.scenario_words import SCORES
    from selfsup_core.evaluate.words.verdict import describe_accuracy
    from selfsup_core.runs.disk import disk_use, run_bytes
    from selfsup_core.runs.folder import DamagedRun, RunFolder, scan_runs
    from selfsup_core.runs.listed import make_wanted
    from selfsup_core.runs.short_runs import say_short, without_short

    wanted = make_wanted(
        {"search": search, "status": status, "task": task, "tag": tag, "owner": owner, "sort": sort}
    )
    root = place(workspace)
    everything = list(scan_runs(root))
    found = wanted.select(everything)
    if not every:
        found, left_out = without_short(found)
        if left_out:
            typer.echo(f"{say_short(left_out)}: see them with --all.", err=True)
    found = found[:limit]
    if as_json:
        keys = ("run", "name", "status", "epoch", "epochs", "source", "best", "metrics", "created", "part_of")
        noted = ("tags", "note", "parent")
        entries: list[dict[str, Any]] = [
            {"run": run.run, "status": "damaged", "message": run.problem}
            if isinstance(run, DamagedRun)
            else {key: run.get(key) for key in (*keys, *noted)}
            for run in found
        ]
        disk_use(root, MOST_SECONDS)
        for entry in entries:
            entry["bytes"] = run_bytes(RunFolder(root / "runs" / entry["run"]), walks=False)
        print(json.dumps(entries))
        return
    rows = [("RUN", "STATUS", "DONE", "DATA", "BEST", "NAME")]
    for state in found:
        if isinstance(state, DamagedRun):
            rows.append((state.run, "damaged", "", "", "", state.problem))
            continue
        loss = state["best"]["val_loss"] if state["best"] else None
        best = f"validation loss {loss:.4f}" if loss is not None else ""
        if state.get("task") in ("classify", "pseudo", "views", "generate", *SCORES):
            best = describe_accuracy(state)
        unit = "rounds" if state.get("task") == "pseudo" else "epochs"
        done = f"{state['epoch']}/{state['epochs']} {unit}"
        rows.append((state["run"], state["status"], done, state["source"], best, state["name"]))
    print(table(rows))
    typer.echo(f"{counted(len(everything), 'run')}, {disk_use(root).say()}.", err=True)


@runs_app.command("show")
def runs_show(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """State and numbers of one run, and what looks wrong in its newest epoch."""
    from selfsup_core.evaluate.words.views_trouble import all_gauges
    from selfsup_core.lessons.explained import explain_sign, say_place
    from selfsup_core.room.line import say_wait
    from selfsup_core.runs.folder import open_run, read_rows, read_state
    from selfsup_core.runs.identity import identity_rows
    from selfsup_core.runs.signs import say_sign, signs_of
    from selfsup_core.runs.waiting import waiting_for
    from selfsup_core.workers.seeds import OTHERS, offer_splits, over_seeds

    folder = open_run(place(workspace), run)
    state = read_state(folder)
    lines = [f"{state['name']} ({state['run']})", summary_of(state)]
    lines += [f"{state['device']['label']}: {state['device']['reason']}"] if state["device"] else []
    lines += [f"{title}: {value}" for title, value in identity_rows(state.get("identity"))]
    if waits := waiting_for(folder):
        state["message"] = waits.sentence()
        if waits.working:
            state["message"] += f" runs pause {waits.working['run']} lets the next one start."
    elif said := say_wait(folder, state):  # in a room
        state["message"] = said
    lines += [state["message"]] if state["message"] else []
    if error := state["error"]:
        lines.append(f"{error['message']} {error['remedy']}".strip())
    verdict = state.get("verdict")
    lines += [notice for notice in state["notices"] if verdict is None or notice not in verdict["text"]]
    signs = signs_of(state, read_rows(folder.metrics))
    for sign in signs:
        if sign["code"] != "diverged":  # that is the error
            where = explain_sign(sign["code"])
            lines.append(f"{say_sign(sign)} {say_place(where)}" if where else say_sign(sign))
    more = {"metrics": all_gauges(state, signs)} if state.get("task") == "views" else {}
    together = over_seeds(folder) if state.get("task") == "pseudo" else None
    if together and together["verdict"]:
        lines.append(together["verdict"]["text"])
    elif offer := offer_splits(folder):
        lines.append(f"{offer} Repeat it: pseudo seeds {state['run']} --count {OTHERS + 1}")
    show(
        state | more | {"signs": signs, "splits": together, "folder": str(folder.path)},
        as_json,
        "\n".join([*lines, str(folder.path)]),
    )


@runs_app.command("say")
def runs_say(
    run: RunName,
    epoch: Annotated[int | None, typer.Option(help="Epoch or round; the newest by default.", min=0)] = None,
    truth: Annotated[
        bool, typer.Option("--truth", help="Also what the true classes of unlabeled rows tell.")
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """What the panels of the live view say of an epoch, one sentence each."""
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.said import say_epoch

    at, said = say_epoch(open_run(place(workspace), run), epoch)
    sentences = said.plain | (said.with_truth if truth else {})
    lines = [f"{panel}: {text}" for panel, text in sentences.items()]
    show({"epoch": at, "said": sentences}, as_json, "\n".join([f"Epoch {at}", *lines]))


def steer(run: str, action: str, workspace: Path | None, as_json: bool, **values: Any) -> None:
    """Send a request to a run and say so."""
    from selfsup_core.runs.control import send
    from selfsup_core.runs.folder import open_run
    from selfsup_core.workers.supervisor import ensure_supervisor

    folder = open_run(place(workspace), run)
    send(folder, action, **values)
    ensure_supervisor(folder.workspace)
    show({"run": folder.id, "action": action, "ok": True}, as_json, f"{folder.id}: {action} sent")


def steer_each(root: Path, runs: list[str], action: str, as_json: bool) -> None:
    """Send a request to several runs and say so: of a single one as `steer` does, of several as a list."""
    from selfsup_core.runs.control import send_each
    from selfsup_core.runs.folder import open_run
    from selfsup_core.workers.supervisor import ensure_supervisor

    folders = [open_run(root, run) for run in runs]
    send_each(folders, action)
    if folders:
        ensure_supervisor(root)
    sent = [{"run": folder.id, "action": action, "ok": True} for folder in folders]
    lines = [f"{folder.id}: {action} sent" for folder in folders]
    show(sent[0] if len(sent) == 1 else sent, as_json, "\n".join(lines) or "There is none.")


@runs_app.command("pause")
def runs_pause(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Pause a run."""
    steer(run, "pause", workspace, as_json)


@runs_app.command("resume")
def runs_resume(
    runs: Annotated[list[str] | None, typer.Argument(help="Runs: their IDs, or what begins them.")] = None,
    interrupted: Annotated[bool, typer.Option("--interrupted", help="All that were interrupted.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Resume paused runs, or continue interrupted or stopped ones from their last checkpoint."""
    from selfsup_core.runs.folder import list_states

    root, named = place(workspace), list(runs or [])
    if not named and not interrupted:
        raise SettingError("No run is named.", remedy="Name one or more, or use --interrupted.")
    if interrupted:
        named += [one["run"] for one in list_states(root) if one["status"] == "interrupted"]
    steer_each(root, list(dict.fromkeys(named)), "resume", as_json)


@runs_app.command("step")
def runs_step(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Train one epoch or round, then pause."""
    steer(run, "step", workspace, as_json)


@runs_app.command("stop")
def runs_stop(runs: RunNames, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Stop runs; what they have learned is kept."""
    steer_each(place(workspace), runs, "stop", as_json)


@runs_app.command("set")
def runs_set(
    run: RunName,
    assignment: Annotated[str, typer.Argument(help="learning_rate=0.01 or epochs_per_second=2")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Change a setting of a run while it trains; it takes effect at the next step."""
    name, equals, value = assignment.partition("=")
    if not equals:
        raise SettingError(f"{assignment!r} is not an assignment.", remedy="Write learning_rate=0.01.")
    steer(run, "set", workspace, as_json, name=name.removeprefix("train."), value=value)


@runs_app.command("rename")
def runs_rename(
    run: RunName,
    name: Annotated[str, typer.Argument(help="The new name.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Give a run another name; what it computes stays the same."""
    from selfsup_core.runs import labels
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    show_labels(folder.id, labels.rename(folder.path, name), as_json)


@runs_app.command("note")
def runs_note(
    run: RunName,
    text: Annotated[str, typer.Argument(help="The note; an empty text removes it.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write a note on a run; it replaces the one before."""
    from selfsup_core.runs import labels
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    show_labels(folder.id, labels.write_note(folder.path, text), as_json)


@runs_app.command("tag")
def runs_tag(
    run: RunName,
    tags: Annotated[list[str], typer.Argument(help="One word each.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags away.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Add tags to a run, by which the list finds it."""
    from selfsup_core.runs import labels
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    change = labels.remove_tags if remove else labels.add_tags
    show_labels(folder.id, change(folder.path, tags), as_json)


def show_labels(run: str, found: Labels, as_json: bool) -> None:
    tags = " ".join(f"#{tag}" for tag in found["tags"])
    lines = [line for line in (found["name"], tags, found["note"]) if line]
    show({"run": run, **found}, as_json, "\n".join([run, *lines]))


@runs_app.command("delete")
def runs_delete(runs: RunNames, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Move runs to the trash, where they are kept for seven days."""
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.trash import delete

    root = place(workspace)
    folders = [open_run(root, run) for run in runs]
    for folder in folders:
        delete(folder)
    done = [{"run": folder.id, "deleted": True} for folder in folders]
    lines = [f"Deleted. Undo: runs restore {folder.id}" for folder in folders]
    show(done[0] if len(done) == 1 else done, as_json, "\n".join(lines))


@runs_app.command("examples")
def runs_examples(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Add the finished example runs again."""
    from selfsup_core.runs.examples import add_examples

    added = [folder.id for folder in add_examples(place(workspace), again=True)]
    show({"added": added}, as_json, "\n".join(added) or "All examples are there already.")


@runs_app.command("trash")
def runs_trash(
    empty: Annotated[bool, typer.Option("--empty", help="Delete them for good.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Deleted runs that can still be restored."""
    from selfsup_core.runs import trash
    from selfsup_core.runs.trash import list_trash

    if empty:
        count = trash.empty(place(workspace), is_data=False)
        show({"deleted": count}, as_json, f"{counted(count, 'run')} deleted for good.")
        return
    found = [entry for entry in list_trash(place(workspace)) if entry.is_data is False]
    rows = [("ID", "NAME", "DAYS LEFT")]
    rows += [(entry.id, entry.name, f"{entry.days_left:.1f}") for entry in found]
    show([asdict(entry) for entry in found], as_json, table(rows) if found else "Nothing was deleted.")


@runs_app.command("restore")
def runs_restore(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Take a deleted run back out of the trash."""
    from selfsup_core.runs.trash import restore

    folder = restore(place(workspace), run)
    show({"run": folder.id, "restored": True}, as_json, f"{folder.id} is restored.")
