"""A run as a ZIP file: byte for byte the same in another workspace; hostile files are refused and leave
nothing.
"""

from __future__ import annotations

import json
import pickle
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from selfsup_core.errors import RunError
from selfsup_core.files import sha256
from selfsup_core.runs.folder import RunFolder, list_states, read_state, update_state
from selfsup_core.runs.pack import LIST, list_files, pack_run
from selfsup_core.runs.unpack import check_name, unpack_run
from tests.helpers import make_run, run_here

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run."""
    folder = make_run(tmp_path_factory.mktemp("pack") / "workspace")
    run_here(folder)
    return folder


@pytest.fixture(scope="module")
def packed(trained: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "run.zip"
    pack_run(trained, path)
    return path


def contents(folder: RunFolder) -> Files:
    return {name: (folder.path / name).read_bytes() for name in list_files(folder)[0]}


def test_a_run_comes_back_byte_for_byte(trained: RunFolder, packed: Path, tmp_path: Path):
    opened = unpack_run(tmp_path / "other", packed)
    assert (opened.is_new, opened.note, opened.folder.id) == (True, "", trained.id)
    assert contents(opened.folder) == contents(trained)
    assert read_state(opened.folder)["status"] == "finished"
    pack_run(opened.folder, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_what_belongs_to_this_machine_stays_behind(trained: RunFolder, packed: Path):
    (trained.path / "worker.log").write_text("/home/me")
    names = zipfile.ZipFile(packed).namelist()
    assert not [name for name in names if name.endswith((".lock", ".log", "reserve")) or "control" in name]
    assert f"{trained.id}/state.json" in names
    assert f"{trained.id}/metrics.jsonl" in names


def test_the_same_run_is_opened_once_and_another_one_is_not_overwritten(packed: Path, tmp_path: Path):
    first = unpack_run(tmp_path, packed)
    assert not unpack_run(tmp_path, packed).is_new
    update_state(first.folder, name="renamed here")
    with pytest.raises(RunError, match="already here, and it differs") as error:
        unpack_run(tmp_path, packed)
    assert error.value.code == "run-exists"
    assert read_state(first.folder)["name"] == "renamed here"


def test_a_run_at_work_is_not_packed(workspace: Path, tmp_path: Path):
    with pytest.raises(RunError, match="is queued, so its files still change"):
        pack_run(make_run(workspace), tmp_path / "run.zip")
    assert not list(tmp_path.glob("*.zip*"))
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_missing_data_set_is_said(trained: RunFolder, tmp_path: Path):
    copy = RunFolder(tmp_path / "a" / "runs" / trained.id)
    shutil.copytree(trained.path, copy.path)
    own = "my-set-0a1b2c3d"
    copy.spec.write_text(copy.spec.read_text().replace("source: wine", f"source: {own}"))
    update_state(copy, source=own, source_title="My set")
    pack_run(copy, tmp_path / "run.zip")
    note = unpack_run(tmp_path / "b", tmp_path / "run.zip").note
    assert note.startswith("Its data set My set is not here")


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


class Bad:
    """Builds a bad ZIP file from a good one."""

    def __init__(self, packed: Path, target: Path) -> None:
        with zipfile.ZipFile(packed) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.about = json.loads(self.files.pop(LIST))
        self.run = self.about["run"]
        self.target = target
        self.more: list[tuple[zipfile.ZipInfo, bytes]] = []

    def list(self, name: str, data: bytes) -> None:
        self.about["files"] = [file for file in self.about["files"] if file["name"] != name]
        self.about["files"].append({"name": name, "bytes": len(data), "sha256": sha256(data)})

    def put(self, name: str, data: bytes) -> None:
        """A file of the run with a list that fits."""
        self.list(name, data)
        self.files[f"{self.run}/{name}"] = data

    def extra(self, name: str, data: bytes = b"x", mode: int = 0o100644) -> None:
        self.more.append((entry(name, mode), data))

    def change(self, file: str, old: str, new: str) -> None:
        text = self.files[f"{self.run}/{file}"].decode()
        assert old in text
        self.put(file, text.replace(old, new).encode())

    def write(self) -> None:
        with zipfile.ZipFile(self.target, "w") as archive:
            archive.writestr(entry(LIST), json.dumps(self.about))
            for name, data in self.files.items():
                archive.writestr(entry(name), data)
            for info, data in self.more:
                archive.writestr(info, data)

    def patch(self, change: Callable[[bytearray], bytes | None]) -> None:
        self.write()
        data = bytearray(self.target.read_bytes())
        self.target.write_bytes(change(data) or data)

    def central(self, name: str, offset: int, value: bytes, *, local: int | None = None) -> None:
        """Overwrite a field of an entry in the archive's directory; `local` in its own header too."""

        def change(data: bytearray) -> None:
            raw = name.encode()
            at = data.rfind(raw) - 46
            assert data[at : at + 4] == b"PK\x01\x02"
            data[at + offset : at + offset + len(value)] = value
            if local is not None:
                at = data.find(raw) - 30
                data[at + local : at + local + len(value)] = value

        self.patch(change)


PICKLE = pickle.dumps({"weights": [1.0, 2.0]})


def overlapping(bad: Bad) -> None:
    """Two entries of the directory that lead to one place, as in bombs that unpack the same bytes many
    times.
    """
    first = f"{bad.run}/changes.jsonl"
    bad.write()
    with zipfile.ZipFile(bad.target) as archive:
        there = archive.getinfo(f"{bad.run}/spec.yaml").header_offset
    bad.central(first, 42, struct.pack("<I", there))


def many(bad: Bad) -> None:
    for number in range(10_001):
        bad.extra(f"{bad.run}/frames/{number}.json", b"")


BAD: dict[str, tuple[Callable[[Bad], object], str]] = {
    "traversal": (lambda b: b.extra("../evil.json"), "leads out of the run's folder"),
    "traversal inside": (lambda b: b.extra(f"{b.run}/frames/../../evil.json"), "leads out"),
    "traversal in the list": (lambda b: b.list("../evil.json", b"x"), "lacks"),
    "backslashes": (lambda b: b.extra(f"{b.run}\\..\\..\\evil.json"), "leads out"),
    "absolute": (lambda b: b.extra("/etc/evil.json"), "absolute path"),
    "drive": (lambda b: b.extra("C:/evil.json"), "absolute path"),
    "symlink": (
        lambda b: b.extra(f"{b.run}/frames/link.json", b"/etc/passwd", stat.S_IFLNK | 0o777),
        "is a link or a device",
    ),
    "device": (lambda b: b.extra(f"{b.run}/pipe.json", b"", stat.S_IFIFO | 0o644), "is a link or a device"),
    "duplicate names": (lambda b: b.extra(f"{b.run}/spec.yaml", b"x"), "twice"),
    "case clash": (lambda b: b.extra(f"{b.run}/SPEC.yaml", b"x"), "twice, or in two spellings"),
    "a folder and a file of one name": (lambda b: b.extra(f"{b.run}/spec.yaml/", b""), "twice"),
    "hidden file": (lambda b: b.extra(f"{b.run}/.bashrc"), "not a name of a run's file"),
    "device of Windows": (lambda b: b.extra(f"{b.run}/nul.json"), "not a name of a run's file"),
    "control characters": (lambda b: b.extra(f"{b.run}/a\nb.json"), "not a name of a run's file"),
    "deep": (lambda b: b.extra(f"{b.run}/a/b/c/d/e.json"), "too many folders"),
    "extra file": (lambda b: b.extra(f"{b.run}/extra.json"), "does not list"),
    "missing file": (lambda b: b.files.pop(f"{b.run}/metrics.jsonl"), "lacks"),
    "too many files": (many, "at most 10,000"),
    "bomb": (lambda b: b.put("frames/zeros.json", b"0" * 30_000_000), "times its size"),
    "overlap": (overlapping, "overlap|twice|damaged"),
    "encrypted": (
        lambda b: b.central(f"{b.run}/spec.yaml", 8, b"\x01\x00", local=6),
        "is encrypted",
    ),
    "unusual compression": (
        lambda b: b.central(f"{b.run}/spec.yaml", 10, b"\x0c\x00", local=8),
        "compressed in an unusual way",
    ),
    "lying size, smaller": (
        lambda b: b.central(f"{b.run}/spec.yaml", 24, struct.pack("<I", 10)),
        "another size than",
    ),
    "lying size, huge": (
        lambda b: b.central(f"{b.run}/spec.yaml", 24, struct.pack("<I", 2**32 - 2)),
        "unpacks to 4,",
    ),
    "lying list": (lambda b: b.about["files"][0].update(sha256="0" * 64), "is not the file that was packed"),
    "lying size in the list": (lambda b: b.about["files"][0].update(bytes=3), "another size"),
    "negative size in the list": (lambda b: b.about["files"][0].update(bytes=-1), "another size"),
    "newer format": (lambda b: b.about.update(format=2), "packed in format 2; this version reads format 1"),
    "format of another kind": (lambda b: b.about.update(format=True), "packed in format True"),
    "list without files": (lambda b: b.about.pop("files"), "files: field required"),
    "no list": (lambda b: b.patch(lambda d: d.replace(LIST.encode(), b"xxx.json")), "not a packed run"),
    "truncated": (lambda b: b.patch(lambda d: d[: len(d) // 2]), "not a whole ZIP file"),
    "no archive": (lambda b: b.patch(lambda d: b"hello"), "not a whole ZIP file"),
    "empty": (lambda b: b.patch(lambda d: b"PK\x05\x06" + bytes(18)), "not a packed run"),
    "flipped bits": (
        lambda b: b.patch(lambda d: d[:3000] + bytes(x ^ 255 for x in d[3000:3400]) + d[3400:]),
        "damaged|not a",
    ),
    "pickle as weights": (lambda b: b.put("weights/000001.safetensors", PICKLE), "not what its name says"),
    "pickle as array": (lambda b: b.put("rows.npy", PICKLE), "not what its name says"),
    "pickle as text": (lambda b: b.put("test.json", PICKLE), "not what its name says"),
    "pickle by name": (lambda b: b.put("model.pt", PICKLE), "kind that no run holds"),
    "program": (lambda b: b.put("run.py", b"print(1)"), "kind that no run holds"),
    "archive inside": (lambda b: b.put("inner.zip", b"PK"), "kind that no run holds"),
    "id that leads away": (lambda b: b.about.update(run=".."), "no ID of a run"),
    "other id": (lambda b: b.about.update(run="other"), "lacks"),
    "running": (lambda b: b.change("state.json", '"finished"', '"running"'), "only a run that has ended"),
    "no state": (
        lambda b: (
            b.files.pop(f"{b.run}/state.json"),
            b.about.update(files=[f for f in b.about["files"] if f["name"] != "state.json"]),
        ),
        "holds no state.json",
    ),
    "state of another run": (lambda b: b.change("state.json", b.run, "x" * len(b.run)), "belongs to the run"),
    "state is no state": (lambda b: b.put("state.json", b"[1]"), "state.json is damaged"),
    "spec with a tag": (
        lambda b: b.put("spec.yaml", b"!!python/object:os.system {}"),
        "tags are not allowed",
    ),
    "spec with an unknown setting": (lambda b: b.put("spec.yaml", b"evil: 1"), "evil"),
    "spec of other data": (lambda b: b.change("spec.yaml", "wine", "moons"), "name different data sets"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_and_leaves_nothing(kind: str, packed: Path, tmp_path: Path):
    assert len(BAD) >= 30
    target = tmp_path / "bad.zip"
    bad = Bad(packed, target)
    make, said = BAD[kind]
    make(bad)
    if not target.exists():
        bad.write()
    root = tmp_path / "workspace"
    with pytest.raises(RunError, match=said) as error:
        unpack_run(root, target)
    assert str(tmp_path) not in str(error.value), "the message names a folder of this machine"
    assert error.value.remedy
    assert not list(list_states(root))
    left = [path for path in root.rglob("*") if path.is_file() and path.name != ".opened.lock"]
    assert not left
    assert sorted(path.name for path in tmp_path.iterdir() if path.name not in ("bad.zip", "workspace")) == []


def test_a_full_disk_leaves_nothing(packed: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(RunError, match="too little space"):
        unpack_run(tmp_path / "workspace", packed)
    assert not list((tmp_path / "workspace" / "runs").iterdir())


@pytest.mark.parametrize("name", ["a/b.json", "frames/000001.safetensors", "checkpoints/best-1/state.json"])
def test_names_of_runs_are_allowed(name: str):
    assert check_name("x.zip", entry(name)) is None
