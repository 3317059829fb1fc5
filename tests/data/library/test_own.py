"""A person's own sets: through the limited child, once for the same content, and nothing left behind."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library import own, uploads
from selfsup_core.data.library.child import run_job
from selfsup_core.data.library.health import CHECKS
from selfsup_core.data.library.hub import fetch
from selfsup_core.data.sources import find_source, list_sources, open_source
from selfsup_core.errors import DataError, SettingError
from selfsup_core.export import datasets
from tests.cli.helpers import cli
from tests.data.importing.make import archive, png, wav, write

TABLE = "a,b,label\n" + "".join(f"{i}.5,{i % 7},g{i % 2}\n" for i in range(40)) + "0.5,0,g0\n"


def files_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def table(workspace, tmp_path) -> str:
    return own.import_files(workspace, [write(tmp_path, "t.csv", TABLE)])


def test_import_opens_as_a_source_and_the_same_content_is_one_set(workspace, tmp_path, table):
    again = own.import_files(workspace, [write(tmp_path, "t.csv", TABLE)])
    assert again == table
    other = own.import_files(workspace, [tmp_path / "t.csv"], ImportConfig(label="-"))
    assert other != table
    source = find_source(table, workspace)
    assert (source.kind, source.samples, source.shape, source.classes) == ("table", 41, (2,), 2)
    assert list(list_sources(workspace))[:2] == [other, table]
    assert len(open_source(table, workspace, verify=True)) == 41
    assert [n for n in files_in(workspace) if n.startswith(".")] == []


def test_a_set_that_is_not_there_is_said(workspace):
    with pytest.raises(DataError, match="no data set 'my-gone'") as caught:
        find_source("my-gone", workspace)
    assert caught.value.code == "no-data"


def test_a_bad_file_leaves_nothing_behind(workspace, tmp_path):
    path = write(tmp_path, "broken.zip", archive({"a.png": png()})[:40])
    with pytest.raises(DataError, match=r"broken\.zip is a damaged archive"):
        own.import_files(workspace, [path])
    assert files_in(workspace / "datasets") == []
    assert [n for n in files_in(workspace) if n.startswith(".")] == []


def test_a_child_that_fails_is_an_error_in_words(workspace):
    with pytest.raises(DataError) as caught:
        run_job("nonsense", workspace)
    assert caught.value.code == "import-failed"
    assert "Traceback" not in str(caught.value)


def test_upload_is_streamed_and_named_by_content(workspace):
    given = [("../../x/evil.csv", io.BytesIO(b"a,b\n1,2\n")), ("evil.csv", io.BytesIO(b"c"))]
    paths = uploads.keep_upload(workspace, given)
    assert [p.name for p in paths] == ["evil.csv", "evil-2.csv"]
    assert paths[0].parent.parent == workspace / "uploads"
    again = uploads.keep_upload(workspace, [(n, io.BytesIO(f.getvalue())) for n, f in given])
    assert again == paths
    assert len(files_in(workspace / "uploads")) == 1


def test_upload_over_the_limit_leaves_nothing(workspace, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(uploads, "LIMITS", replace(uploads.LIMITS, file_bytes=10))
    with pytest.raises(DataError) as caught:
        uploads.keep_upload(workspace, [("a.csv", io.BytesIO(b"x" * 11))])
    assert caught.value.code == "file-too-large"
    assert files_in(workspace / "uploads") == []


def test_upload_that_breaks_off_leaves_nothing(workspace):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("connection lost")

    with pytest.raises(OSError, match="connection lost"):
        uploads.keep_upload(workspace, [("a.csv", Broken())])
    assert files_in(workspace / "uploads") == []


def test_check_is_kept_and_a_mend_makes_a_version(workspace, table):
    steps: list[str] = []
    found = {f["code"]: f for f in own.check(workspace, table, say=lambda step: steps.append(step["title"]))}
    assert set(steps) <= {title for title, _ in CHECKS}
    assert found["exact-duplicates"]["rows"] == [40]
    assert own.check(workspace, table) == list(found.values())
    new = own.mend(workspace, table, ["drop-duplicates"])
    assert own.mend(workspace, table, ["drop-duplicates"]) == new != table
    assert (len(open_source(table, workspace)), len(open_source(new, workspace))) == (41, 40)
    details = open_source(new, workspace).details
    assert (details["recipe"], details["origin"]) == (["drop-duplicates"], table)
    with pytest.raises(DataError, match="no fix 'x'"):
        own.mend(workspace, table, ["x"])


def test_split_is_kept_for_new_runs_and_bounds_hold(workspace, table):
    own.save_split(workspace, table, validation=0.2, labels_per_class=3)
    assert own.read_split(workspace, table)["labels_per_class"] == 3
    with pytest.raises(SettingError, match=r"data\.validation must be at least 0\.01"):
        own.save_split(workspace, table, validation=0.0)
    assert own.read_split(workspace, table)["validation"] == 0.2


def test_rename_delete_and_undo(workspace, table):
    own.rename(workspace, table, "  My  table ")
    assert find_source(table, workspace).title == "My table"
    own.delete(workspace, table)
    assert table not in list_sources(workspace)
    with pytest.raises(DataError) as caught:
        own.delete(workspace, table)
    assert caught.value.code == "already-deleted"
    own.restore(workspace, table)
    assert find_source(table, workspace).title == "My table"
    with pytest.raises(DataError, match="built in"):
        own.delete(workspace, "digits")


def test_titles_are_numbered_and_never_shared(workspace, tmp_path):
    names = [
        own.import_files(
            workspace, [write(tmp_path, "Pets.csv", TABLE)], ImportConfig(label=label, name=title)
        )
        for label, title in (("label", ""), ("a", ""), ("-", " pets"))
    ]
    title = lambda name: find_source(name, workspace).title  # noqa: E731
    assert [title(name) for name in names[:2]] == ["Pets", "Pets (2)"]
    assert title(names[2]).split() == ["pets", "(3)"]
    with pytest.raises(SettingError, match=names[0]):
        own.rename(workspace, names[1], "PETS")
    own.rename(workspace, names[0], "Pets")  # its own
    own.delete(workspace, names[0])
    own.rename(workspace, names[1], "Pets")
    own.restore(workspace, names[0])
    assert title(names[0]) == "Pets (2)"
    mended = {title(own.mend(workspace, name, ["drop-duplicates"])) for name in names[:2]}
    assert len(mended) == 2
    long = own.import_files(
        workspace, [write(tmp_path, "l.csv", TABLE + "1,1,g0\n")], ImportConfig(name="x" * 80)
    )
    twin = own.import_files(
        workspace, [write(tmp_path, "l.csv", TABLE + "1,1,g1\n")], ImportConfig(name="x" * 80)
    )
    assert title(long) == "x" * 80
    assert title(twin) == "x" * 76 + " (2)"
    assert open_source(twin, workspace, verify=True).title == title(twin)


def test_the_same_content_under_another_name_is_the_same_set(workspace, tmp_path, table):
    assert own.import_files(workspace, [write(tmp_path, "renamed.csv", TABLE)]) == table


def test_deleted_brought_in_again_and_deleted_again(workspace, tmp_path, table):
    own.delete(workspace, table)
    assert own.import_files(workspace, [write(tmp_path, "t.csv", TABLE)]) == table
    with pytest.raises(DataError, match="already exists"):
        own.restore(workspace, table)
    own.delete(workspace, table)
    own.restore(workspace, table)
    assert len(open_source(table, workspace)) == 41


@pytest.mark.parametrize("kind", ["image", "sound"])
def test_a_kind_that_the_file_cannot_be_is_refused(workspace, tmp_path, kind):
    with pytest.raises(DataError, match=f"cannot be read as {kind}") as caught:
        own.inspect(workspace, [write(tmp_path, "t.csv", TABLE)], ImportConfig(kind=kind))
    assert caught.value.code == "wrong-kind"


def test_originals_are_not_kept(workspace):
    paths = uploads.keep_upload(workspace, [("a.csv", io.BytesIO(TABLE.encode()))])
    own.import_files(workspace, paths)
    uploads.drop_upload(workspace, paths)
    assert files_in(workspace / "uploads") == []


def test_export_comes_back_the_same(workspace, tmp_path, table):
    name, content = datasets.export_dataset(workspace, table)
    assert name.endswith(".parquet")
    again = own.import_files(workspace, [write(tmp_path, name, content)])
    a, b = open_source(table, workspace), open_source(again, workspace)
    assert np.array_equal(a.x, b.x)
    assert (a.classes, a.y.tolist()) == (b.classes, b.y.tolist())
    pictures = archive({f"{c}/{i}.png": png(i, (28, 28)) for i, c in enumerate("abab")})
    images = own.import_files(workspace, [write(tmp_path, "p.zip", pictures)])
    name, content = datasets.export_dataset(workspace, images)
    again = own.import_files(workspace, [write(tmp_path, name, content)])
    a, b = open_source(images, workspace), open_source(again, workspace)
    assert sorted(x.tobytes() for x in a.x) == sorted(x.tobytes() for x in b.x)
    sounds = own.import_files(workspace, [write(tmp_path, "s.wav", wav())])
    with zipfile.ZipFile(io.BytesIO(datasets.export_dataset(workspace, sounds)[1])) as made:
        assert "unlabeled/000000.wav" in made.namelist()


def test_hub_says_at_once_that_it_is_offline(workspace, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no route")

    monkeypatch.setattr("socket.create_connection", refuse)
    with pytest.raises(DataError, match="cannot reach the Hugging Face Hub"):
        fetch(workspace, "owner/name")
    with pytest.raises(DataError, match="not an ID"):
        fetch(workspace, "../etc/passwd?")


def test_command_line_adds_shows_checks_and_splits(workspace, tmp_path):
    path = write(tmp_path, "t.csv", TABLE)
    about = json.loads(cli("data", "add", str(path), "--json", workspace=workspace).stdout)
    assert set(about) >= {"dataset", "kind", "rows", "classes", "shape", "findings"}
    assert (about["rows"], about["shape"]) == (41, [2])
    name = about["dataset"]
    done = cli("data", "split", name, "--labels-per-class", "2", "--json", workspace=workspace)
    assert json.loads(done.stdout)["labels_seen"] == 4
    done = cli("data", "check", name, "--json", workspace=workspace)
    assert json.loads(done.stdout)["findings"] == about["findings"]
    done = cli("data", "show", name, workspace=workspace)
    assert "41 rows" in done.stdout


def test_command_line_chooses_classes_and_splits_of_an_archive(workspace, tmp_path):
    names = [f"{part}/{c}.{i}.png" for part in ("train", "test") for c in ("cat", "dog") for i in range(4)]
    path = write(tmp_path, "pets.zip", archive({name: png(i) for i, name in enumerate(names)}))
    how = ("--classes", "name-start", "--background", "black", "--transpose", "no", "--json")
    about = json.loads(cli("data", "add", str(path), *how, workspace=workspace).stdout)
    assert set(about["classes"]) == {"cat", "dog"}
    done = cli("data", "split", about["dataset"], "--json", workspace=workspace)
    assert json.loads(done.stdout)["test"] == 8
    how = ("--splits", "ignore", "--json")
    about = json.loads(cli("data", "add", str(path), *how, workspace=workspace).stdout)
    assert set(about["classes"]) == {"test", "train"}


def test_command_line_names_what_is_wrong(workspace, tmp_path):
    path = write(tmp_path, "t.csv", TABLE)
    done = cli("data", "add", str(path), "--label", "nope", workspace=workspace)
    assert done.returncode == 1
    assert "There is no column 'nope'" in done.stderr
    done = cli("data", "add", str(path), "--size", "9999", workspace=workspace)
    assert done.returncode == 2
    assert "size must be at least 0 and at most 256" in done.stderr
    done = cli("data", "add", str(tmp_path / "gone.csv"), workspace=workspace)
    assert "no file 'gone.csv'" in done.stderr
