"""`augment list` and `augment show`: what the lab does, from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from selfsup_core.augment.transformations import TRANSFORMATIONS
from selfsup_core.cli.main import app
from selfsup_core.errors import DataError, SettingError
from selfsup_core.figures.views import view_sheet


def call(*words: str) -> str:
    made = CliRunner().invoke(app, ["augment", *words])
    if made.exception and not isinstance(made.exception, SystemExit):
        raise made.exception
    assert made.exit_code == 0, made.output
    return made.stdout


def test_the_list_has_both_lines_of_every_transformation():
    found = json.loads(call("list", "--json"))
    assert {(one["kind"], one["setting"]) for one in found} == {(t.kind, t.name) for t in TRANSFORMATIONS}
    flip = next(one for one in found if one["setting"] == "flip")
    assert flip["default"] == 0.5
    assert "at most 1" in flip["bounds"]
    printed = call("list", "--kind", "image")
    assert "Ignored:   Which way a thing faces." in printed
    assert "Letters and digits" in printed
    assert "Reverse" not in printed
    with pytest.raises(SettingError, match="no augmentations for 'film'"):
        call("list", "--kind", "film")


@pytest.mark.parametrize(("data", "across"), [("emoji", 96), ("spoken-words", 96), ("digits", 96)])
def test_a_contact_sheet_is_repeatable(workspace: Path, tmp_path: Path, data, across):
    file = tmp_path / "views.png"
    words = ["show", "--data", data, "--samples", "2", "--views", "3", "--workspace", str(workspace)]
    call(*words, "--out", str(file))
    first = np.asarray(Image.open(file))
    assert first.shape == (2 * (across + 4) + 4, 4 * (across + 4) + 16, 3)
    call(*words, "--out", str(file))
    assert np.array_equal(first, np.asarray(Image.open(file)))
    call(*words, "--out", str(file), "--seed", "1")
    other = np.asarray(Image.open(file))
    assert np.array_equal(first[:, : across + 4], other[:, : across + 4])  # the samples themselves
    assert not np.array_equal(first, other)


def test_rows_and_texts_are_printed(workspace: Path):
    words = ["show", "--samples", "2", "--views", "2", "--workspace", str(workspace), "--data"]
    printed = call(*words, "wine")
    assert printed.count("view 2") == 2
    assert "*" in printed
    assert "malic_acid" in printed
    found = json.loads(call(*words, "tang-poems", "--set", "deletion=0.4", "--json"))
    assert found["settings"]["deletion"] == 0.4
    for first, *views in found["texts"]:
        assert len(views) == 2
        assert all(len(view) < len(first) for view in views)
    assert found["texts"][0][0] in call(*words, "tang-poems")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--data", "digits"), SettingError, "Add --out"),
        (("--data", "digits", "--out", "a.jpg"), SettingError, "is a .png file"),
        (("--data", "wine", "--out", "a.png"), SettingError, "images and sounds only"),
        (("--data", "digits", "--out", "gone/a.png"), DataError, "There is no folder"),
        (("--data", "wine", "--set", "corruption=2"), SettingError, "corruption must be .* found 2"),
        (("--data", "wine", "--set", "crop=0.2"), SettingError, "no setting 'crop'"),
        (
            (
                "--data",
                "nope",
            ),
            SettingError,
            "nope",
        ),
    ],
)
def test_what_cannot_be_shown_is_said(workspace: Path, tmp_path: Path, monkeypatch, words, error, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        call("show", "--workspace", str(workspace), *words)
    assert not list(tmp_path.rglob("*.png"))


def test_a_sheet_keeps_every_pixel():
    values = np.random.default_rng(0).random((2, 3, 5, 4, 3))
    sheet = view_sheet(values, gap=2)
    times = 20  # 96 / 5, rounded up
    assert np.array_equal(
        sheet[2 : 2 + 5 * times : times, 2 : 2 + 4 * times : times], np.rint(255 * values[0, 0])
    )
    assert (view_sheet(np.zeros((1, 2, 128, 128))) == 255).any()
