"""Files are whole or not there."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from pathlib import Path

import pytest
import yaml

from selfsup_core.files import finite, parse_yaml, read_json, write_bytes, write_folder, write_json


@pytest.mark.parametrize("point", ["fsync", "replace"])
def test_failed_write_keeps_the_old_file_and_leaves_no_scrap(tmp_path, monkeypatch, point):
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, point, fail)
    with pytest.raises(OSError, match="No space"):
        write_bytes(path, b"new and longer", durable=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "state.json"
    contents = [bytes([letter]) * 300_000 for letter in b"abc"]
    write_bytes(path, contents[0])
    stop = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(150):
        write_bytes(path, contents[turn % 3])
    stop.set()
    reader.join()
    assert seen <= set(contents)


def test_json_has_no_nan(tmp_path):
    write_json(tmp_path / "a.json", {"x": float("nan"), "y": [float("inf"), 1.5], "z": (True, "ä")})
    text = (tmp_path / "a.json").read_text("utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == {
        "x": None,
        "y": [None, 1.5],
        "z": [True, "ä"],
    }


def test_finite_leaves_the_original_alone():
    value = {"a": [float("inf"), 2]}
    assert finite(value) == {"a": [None, 2]}
    assert value["a"][0] == float("inf")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1} tail'])
def test_damaged_json_reads_as_none(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None
    assert read_json(tmp_path / "missing.json") is None
    assert read_json(tmp_path / "a.json" / "below") is None


@pytest.mark.parametrize("point", ["fsync", "rename"])
def test_failed_folder_is_not_there_at_all(tmp_path, monkeypatch, point):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, point, fail)
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "f", {"a": b"1", "b": b"2"})
    assert os.listdir(tmp_path) == []


def test_folder_is_written_once(tmp_path):
    write_folder(tmp_path / "f", {"a": b"1"})
    with pytest.raises(FileExistsError):
        write_folder(tmp_path / "f", {"a": b"2"})
    assert (tmp_path / "f" / "a").read_bytes() == b"1"


def test_folder_written_by_two_at_once_is_written_by_one(tmp_path, monkeypatch):
    """Both looked before either had renamed: the later one must learn that it was second."""
    target = tmp_path / "f"
    real = os.rename

    def rename(source: Path, place: Path) -> None:
        monkeypatch.setattr(os, "rename", real)
        write_folder(target, {"a": b"first"})
        real(source, place)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(FileExistsError):
        write_folder(target, {"a": b"second"})
    assert (target / "a").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["f"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "aliases"),
        ("base: &b {x: 1}\nmore: {<<: *b}\n", "aliases"),
        ("[" * 500 + "]" * 500, "deep"),
        ("a: !!python/object/apply:os.system [echo]\n", "tags"),
        ("a: !!bool x\n", "tags"),
        ("a: !local {x: 1}\n", "tags"),
        ("a: " + "1:" * 900_000 + "1\n", "quotes"),
        ("a: " + "1:" * 900_000 + "1.5\n", "quotes"),
        ("x" * 2_000_001, "at most"),
    ],
    ids=["bomb", "merge", "deep", "code", "tag", "own tag", "base 60", "base 60 float", "long"],
)
def test_yaml_that_is_more_than_plain_values_is_refused(text, says):
    with pytest.raises(yaml.YAMLError, match=says):
        parse_yaml(text)


@pytest.mark.parametrize(
    "text", ["a: 2001-99-99", "a: " + "9" * 5000, "{[a]: b}", "=", "a: =", "0x", "? {a: b}\n: c"]
)
def test_yaml_of_no_use_is_a_plain_error_or_a_value(text):
    """Whatever a constructor of the library meets, callers see one of two kinds of errors."""
    with contextlib.suppress(yaml.YAMLError, ValueError):
        parse_yaml(text)


def test_plain_yaml_is_read():
    assert parse_yaml("a: '1:30'\nb: 10:30 run") == {"a": "1:30", "b": "10:30 run"}
    assert parse_yaml("a: [1, 2.5, null]\nb: {c: yes, d: ü}\n") == {
        "a": [1, 2.5, None],
        "b": {"c": True, "d": "ü"},
    }


def test_a_folder_that_was_moved_away_does_not_appear_again(tmp_path: Path):
    """A checkpoint of a run whose workspace was moved meanwhile is not written where it was."""
    with pytest.raises(FileNotFoundError):
        write_folder(tmp_path / "moved" / "run" / "checkpoints" / "f", {"a": b"1"}, with_parents=False)
    assert not (tmp_path / "moved").exists()
    write_folder(tmp_path / "checkpoints" / "f", {"a": b"1"}, with_parents=False)
    assert (tmp_path / "checkpoints" / "f" / "a").read_bytes() == b"1"
