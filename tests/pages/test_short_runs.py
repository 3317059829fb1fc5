"""Short runs of a comparison: left out of the lists, counted, and shown when asked for."""

from __future__ import annotations

import json
from pathlib import Path

from selfsup_core.runs.folder import RunFolder, read_state, update_state
from selfsup_core.runs.queue import submit, withdraw
from tests.cli.helpers import cli
from tests.helpers import tiny_spec
from tests.pages.test_pages import texts


def make_runs(workspace: Path) -> tuple[RunFolder, list[RunFolder]]:
    """A run, two short ones of its comparison that have ended, and one that waits."""
    own = submit(workspace, tiny_spec(name="Whole"))
    short = [submit(workspace, tiny_spec(name=f"Short {i}"), part_of=own.id) for i in range(3)]
    for folder, status in zip([own, *short], ("finished", "finished", "stopped", "queued"), strict=True):
        update_state(folder, status=status)
        if status != "queued":
            withdraw(folder)
    return own, short


def listed(app) -> set[str]:
    return {name for name in ("Whole", "Short 0", "Short 1", "Short 2") if name in texts(app)} | {
        link.label.strip("*") for link in app.get("page_link")
    }


def test_the_page_leaves_them_out_and_says_how_many(studio, workspace: Path):
    make_runs(workspace)
    app = studio("pages/runs.py")
    (switch,) = app.toggle
    assert switch.label == "2 short runs of sweeps and of “Which augmentation helps?”"
    assert "4 runs, 1 running or queued, " in texts(app)
    assert listed(app) >= {"Whole", "Short 2"}, "what is at work can be stopped"
    assert not listed(app) & {"Short 0", "Short 1"}
    switch.set_value(True).run()
    assert listed(app) >= {"Whole", "Short 0", "Short 1", "Short 2"}
    assert app.query_params["short"] == "shown"
    linked = studio("pages/runs.py", short="shown")
    assert linked.toggle[0].value
    linked.query_params.pop("short")
    linked.run()
    assert not linked.toggle[0].value
    assert "short" not in linked.query_params, "Back is not undone"
    assert "Known: shown" in texts(studio("pages/runs.py", short="tea"))
    assert not listed(studio("pages/home.py")) & {"Short 0", "Short 1"}


def test_without_a_comparison_there_is_no_switch(studio, workspace: Path):
    submit(workspace, tiny_spec())
    assert not studio("pages/runs.py").toggle


def test_the_command_leaves_them_out_and_says_so(workspace: Path):
    own, short = make_runs(workspace)
    told = cli("runs", "list", "--json", workspace=workspace)
    assert {entry["run"] for entry in json.loads(told.stdout)} == {own.id, short[2].id}
    assert "2 short runs of sweeps and of “Which augmentation helps?”: see them with --all." in told.stderr
    every = json.loads(cli("runs", "list", "--all", "--json", workspace=workspace).stdout)
    assert {entry["run"]: entry["part_of"] for entry in every} == {
        own.id: "",
        **{one.id: own.id for one in short},
    }
    assert read_state(short[0])["part_of"] == own.id
