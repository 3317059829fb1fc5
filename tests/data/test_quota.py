"""What each person of a room may keep on disk: refused before a run, an upload and an import, in words."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from selfsup_core.cli.main import app
from selfsup_core.data import quota
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library import own
from selfsup_core.data.library.arrivals import Arrivals
from selfsup_core.errors import StudioError
from selfsup_core.files import MB
from selfsup_core.runs import trash
from selfsup_core.runs.folder import update_state
from selfsup_core.runs.queue import submit
from tests.helpers import make_run, tiny_spec
from tests.room.helpers import joined, opened, place_of


@pytest.fixture
def person(workspace, monkeypatch):
    monkeypatch.setattr(quota, "FRESH_SECONDS", 0.0)
    room = opened(workspace)
    return place_of(room, joined(room, "Ada"))


def fill(folder, megabytes):
    """A file that has this size and takes no room."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "large", "wb") as file:
        file.truncate(int(megabytes * MB))


def test_a_person_has_the_default_until_the_room_says_otherwise(person, workspace):
    assert quota.allowed_bytes(person) == quota.DISK_MB * MB
    assert quota.allowed_bytes(workspace) is None, "the host is not limited"
    opened(workspace)
    quota.write_limits(workspace, 60)
    assert quota.allowed_bytes(person) == 60 * MB
    for damaged in ("{", '{"disk_mb": 1}', '{"disk_mb": "x"}'):
        (workspace / "room" / quota.FILE).write_text(damaged)
        assert quota.allowed_bytes(person) == quota.DISK_MB * MB


def test_a_run_is_refused_before_it_starts_and_nothing_is_left_of_it(person, workspace):
    quota.write_limits(workspace, 50)
    fill(person / "datasets", 49.99)
    with pytest.raises(StudioError, match="use 50 of the 50 MB of disk") as refused:
        submit(person, tiny_spec(model__widths=[2000, 4]))
    assert refused.value.code == "disk-quota"
    assert "This needs about" in refused.value.message
    assert "empty the bin" in refused.value.remedy
    assert not (person / "runs").exists()
    assert not list((person / "queue").glob("*.json"))
    fill(workspace, 60)
    assert submit(workspace, tiny_spec()).exists(), "the teacher's own workspace is not limited"


def test_deleted_runs_count_until_the_bin_is_emptied(person, workspace):
    quota.write_limits(workspace, 50)
    folder = make_run(person)
    fill(folder.path, 60)
    update_state(folder, status="stopped")
    trash.delete(folder)
    with pytest.raises(StudioError, match="Delete runs or data sets"):
        submit(person, tiny_spec())
    done = CliRunner().invoke(app, ["data", "trash", "--empty", "--workspace", str(person), "--json"])
    assert json.loads(done.output) == {"deleted": 0}, "runs are no data sets"
    done = CliRunner().invoke(app, ["runs", "trash", "--empty", "--workspace", str(person), "--json"])
    assert json.loads(done.output) == {"deleted": 1}
    assert trash.list_trash(person) == []
    assert submit(person, tiny_spec()).exists()


def test_no_data_set_is_made_and_no_upload_is_kept(person, workspace, tmp_path):
    quota.write_limits(workspace, 50)
    fill(person / "models", 51)
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(StudioError, match="Delete runs or data sets"):
        own.import_files(person, [file], ImportConfig())
    assert not (person / "datasets").exists()
    arrivals = Arrivals(tmp_path / "uploads")
    found = arrivals.begin("session", "file", "a.csv", refused=quota.lacks_space(person, 9))
    arrivals.write(found, b"a,b\n1,2\n")
    assert found.refused.code == "disk-quota"
    assert not found.path.exists()
    arrivals.close()


def test_links_are_not_followed(person, workspace):
    fill(workspace / "elsewhere", 60)
    person.mkdir(exist_ok=True)
    (person / "link").symlink_to(workspace / "elsewhere")
    (person / "file-link").symlink_to(workspace / "elsewhere" / "large")
    assert quota.used_bytes(person) == 0
