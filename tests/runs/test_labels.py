"""Names, tags and notes of runs: kept beside the worker's state, checked, and found by the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.runs import labels
from selfsup_core.runs.folder import RunFolder, list_states, open_run, read_state, update_state
from selfsup_core.runs.spec import read_spec
from tests.cli.helpers import cli
from tests.helpers import make_run


def test_a_new_name_is_seen_everywhere_and_survives_the_worker(workspace: Path):
    folder = make_run(workspace, name="before")
    digest = read_spec(folder.spec).digest()
    labels.rename(folder.path, "  after  all ")
    assert read_state(folder)["name"] == "after all"
    assert open_run(workspace, "after all").id == folder.id
    # A worker that began before writes the old name again; the new one stays.
    state = json.loads(folder.state.read_bytes()) | {"name": "before", "epoch": 1}
    folder.state.write_text(json.dumps(state))
    assert [(found["name"], found["epoch"]) for found in list_states(workspace)] == [("after all", 1)]
    update_state(folder, message="hello")
    assert read_state(folder)["name"] == "after all"
    assert read_spec(folder.spec).digest() == digest


def test_tags_are_single_words_each_once_and_can_be_taken_away(workspace: Path):
    path = make_run(workspace).path
    labels.add_tags(path, ["#Good", "paper", "good"])
    assert labels.read_labels(path)["tags"] == ["good", "paper"]
    labels.remove_tags(path, ["GOOD", "missing"])
    labels.write_note(path, "  why it is good\n")
    assert labels.read_labels(path) == {"name": "", "tags": ["paper"], "note": "why it is good"}
    assert read_state(RunFolder(path))["tags"] == ["paper"]


@pytest.mark.parametrize("tag", ["", "#", "two words", "a,b", "x" * 31])
def test_what_is_no_tag_is_refused(workspace: Path, tag: str):
    path = make_run(workspace).path
    with pytest.raises(SettingError, match="is not a tag"):
        labels.add_tags(path, [tag])
    assert labels.read_labels(path) == labels.EMPTY


def test_too_much_is_refused_and_nothing_is_written(workspace: Path):
    path = make_run(workspace).path
    with pytest.raises(SettingError, match="1 to 120 characters; found 0"):
        labels.rename(path, "  ")
    with pytest.raises(SettingError, match="found 121"):
        labels.rename(path, "x" * 121)
    with pytest.raises(SettingError, match="at most 500 characters"):
        labels.write_note(path, "x" * 501)
    with pytest.raises(SettingError, match="at most 10 tags"):
        labels.add_tags(path, [f"t{i}" for i in range(11)])
    assert not (path / labels.FILE).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"name": 3}', '{"tags": "x"}', "{"])
def test_damaged_labels_do_not_hide_the_run(workspace: Path, content: str):
    folder = make_run(workspace, name="still here")
    (folder.path / labels.FILE).write_text(content)
    assert read_state(folder)["name"] == "still here"
    assert read_state(folder)["tags"] == []


def test_the_commands_write_and_list_them(workspace: Path):
    run = make_run(workspace, name="first").id
    assert json.loads(cli("runs", "tag", run, "good", "#paper", "--json", workspace=workspace).stdout)[
        "tags"
    ] == ["good", "paper"]
    cli("runs", "tag", run, "good", "--remove", workspace=workspace)
    cli("runs", "note", run, "Look at epoch 3.", workspace=workspace)
    assert "second" in cli("runs", "rename", run, "second", workspace=workspace).stdout
    (listed,) = json.loads(cli("runs", "list", "--json", workspace=workspace).stdout)
    assert (listed["name"], listed["tags"], listed["note"]) == ("second", ["paper"], "Look at epoch 3.")
    refused = cli("runs", "tag", run, "two words", workspace=workspace)
    assert refused.returncode == 2
    assert "is not a tag" in refused.stderr
