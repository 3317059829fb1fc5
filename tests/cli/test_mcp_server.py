"""The commands as tools of an MCP server, asked by the SDK's own client in memory: they answer what the
commands print, and change nothing unless that is allowed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
import typer
from mcp import Client

from selfsup_core.cli.main import app
from selfsup_core.cli.mcp_server import TOOLS, build_server, offered
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.labels import read_labels
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here

ROOT = typer.main.get_command(app)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("mcp") / "workspace", train__epochs=2)
    run_here(folder)
    return folder


def ask(workspace: Path, asking: Callable[[Any], Any], *, allow_train: bool = False) -> Any:
    """What a client in memory gets of a server."""

    async def run() -> Any:
        async with Client(build_server(ROOT, workspace, allow_train=allow_train)) as client:
            return await asking(client)

    return anyio.run(run)


def call(place: Path, tool: str, /, **given: Any) -> Any:
    """(what a tool answers, whether it is an error). `allow_train` is no argument of the tool."""
    allow_train = given.pop("allow_train", False)

    async def asking(client: Any) -> Any:
        return await client.call_tool(tool, given)

    found = ask(place, asking, allow_train=allow_train)
    assert json.loads(found.content[0].text) == found.structured_content
    return found.structured_content, bool(found.is_error)


def test_every_tool_is_a_command_and_says_whether_it_only_reads(finished: RunFolder):
    async def asking(client: Any) -> Any:
        return (await client.list_tools()).tools

    reading = ask(finished.workspace, asking)
    everything = ask(finished.workspace, asking, allow_train=True)
    assert {one.name for one in reading} == {tool.name for tool in TOOLS if not tool.changes}
    assert {one.name for one in everything} == {tool.name for tool in TOOLS}
    assert {one.name for one in everything if not one.annotations.read_only_hint} == {
        tool.name for tool in TOOLS if tool.changes
    }
    for one in everything:
        jsonschema.Draft202012Validator.check_schema(one.input_schema)
        assert one.description
        assert not {"workspace", "as_json"} & set(one.input_schema["properties"])
    for one in reading:
        assert not {"out", "target"} & set(one.input_schema["properties"]), "it would write a file"


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("presets", {}, ("presets",)),
        ("settings", {"preset": "vae"}, ("settings", "--preset", "vae")),
        ("runs_list", {}, ("runs", "list")),
        ("runs_show", {"run": "RUN"}, ("runs", "show", "RUN")),
        ("runs_say", {"run": "RUN", "epoch": 1}, ("runs", "say", "RUN", "--epoch", "1")),
        ("runs_metrics", {"run": "RUN"}, ("runs", "metrics", "RUN")),
        ("runs_tree", {"run": "RUN"}, ("runs", "tree", "RUN")),
        ("runs_card", {"run": "RUN"}, ("runs", "card", "RUN")),
    ],
)
def test_a_tool_answers_what_its_command_prints(finished: RunFolder, name, given, words):
    given = {key: finished.id if value == "RUN" else value for key, value in given.items()}
    words = [finished.id if word == "RUN" else word for word in words]
    made, is_error = call(finished.workspace, name, **given)
    workspace = None if name == "settings" else finished.workspace
    said = json.loads(cli(*words, "--json", workspace=workspace).stdout)
    assert not is_error
    assert made == (said if isinstance(said, dict) else {"result": said})


def test_files_are_predicted(finished: RunFolder, tmp_path: Path):
    from selfsup_core.data.sources import open_source

    wines = open_source("wine", finished.workspace)
    (tmp_path / "new.csv").write_text(
        "\n".join([",".join(wines.columns), ",".join(f"{value}" for value in wines.x[4])])
    )
    made, is_error = call(
        finished.workspace, "predict", run=finished.id, given=[str(tmp_path / "new.csv")], epoch=1
    )
    assert not is_error, made
    assert made["epoch"] == 1
    assert len(made["samples"][0]["code"]) == 4


def test_nothing_changes_unless_it_is_allowed(finished: RunFolder):
    made, is_error = call(finished.workspace, "runs_note", run=finished.id, text="mine")
    assert is_error
    assert made["error"]["code"] == "no-tool"
    assert "--allow-train" in made["error"]["remedy"]
    _, is_error = call(finished.workspace, "runs_note", allow_train=True, run=finished.id, text="mine")
    assert not is_error
    assert read_labels(finished.path)["note"] == "mine"


def test_a_run_is_queued_and_not_waited_for(workspace: Path, monkeypatch):
    started = []
    monkeypatch.setattr("selfsup_core.workers.supervisor.ensure_supervisor", started.append)
    made, is_error = call(
        workspace,
        "train",
        allow_train=True,
        recipe="dense-table",
        assignments=["train.epochs=2", "train.device=cpu"],
        name="by an agent",
    )
    assert not is_error, made
    (state,) = list_states(workspace)
    assert (state["run"], state["name"], state["epochs"]) == (made["run"], "by an agent", 2)
    assert started == [workspace]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("runs_show", {"run": "nothing"}, "nothing"),
        ("runs_show", {}, "Missing argument"),
        ("runs_show", {"run": ["a"]}, "run takes string; found list"),
        ("runs_show", {"run": {"a": 1}}, "run takes string; found dict"),
        ("runs_show", {"run": "a", "workspace": "/etc"}, "There is no argument 'workspace'"),
        ("runs_metrics", {"run": "a", "out": "/tmp/x.csv"}, "There is no argument 'out'"),
        ("runs_show", {"run": "--help"}, "no run"),
        ("runs_say", {"run": "a", "epoch": -1}, "greater than or equal to 0"),
        ("settings", {"preset": "--json"}, "--json"),
    ],
)
def test_rubbish_is_refused_in_words(finished: RunFolder, name, given, said: str):
    made, is_error = call(finished.workspace, name, **given)
    assert is_error
    assert said.lower() in made["error"]["message"].lower()


def test_names_of_commands_are_known():
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    for one in offered(ROOT, allow_train=True).values():
        known = {parameter.name for parameter in one.command.params}
        assert set(one.tool.without) <= known


def test_without_its_package_the_command_names_it(workspace: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", None)
    with pytest.raises(StudioError, match=r"package mcp.*requirements-mcp\.txt"):
        build_server(ROOT, workspace, allow_train=False)
    done = cli("mcp", workspace=workspace)
    assert (done.returncode, "requirements-mcp.txt" in done.stderr) == (1, True)
