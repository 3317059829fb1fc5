"""What is seen before an import is what the import then makes, and what is left out is named with its
reason.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.preview import PICTURES, describe_left_out, preview_files
from selfsup_core.data.library import own
from tests.data.importing.make import archive, png, wav, write

TABLE = (
    "id,color,size,day,label\n"
    + "".join(
        f"{i},{('red', 'blue', 'green')[i % 3]},{i % 50},2020-01-{1 + i % 28:02d},{'ab'[i % 2]}\n"
        for i in range(40)
    )
    + "40,red,NA,2020-02-01,a\n"
)


def pixels(content: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.mark.parametrize("values", [{}, {"size": 8, "color": "gray", "fit": "crop"}])
def test_pictures_are_those_of_the_import(tmp_path: Path, values):
    files = {
        f"pets/{name}/{i:02d}.png": png(i, (20, 12), "RGB") for i, name in enumerate(["cat", "dog"] * 12)
    }
    files |= {"pets/dog/broken.png": b"no picture", "pets/notes.csv.gz.bin": b"?"}
    paths, config = [write(tmp_path, "pets.zip", archive(files))], ImportConfig(**values)
    seen = preview_files(paths, config)
    made = build_dataset(paths, config, "my-pets-1")
    places = {name: row for row, name in enumerate(made.extra["names"])}
    assert len(seen["pictures"]) == PICTURES
    assert set(seen["labels"]) == {"cat", "dog"}
    for name, label, picture in zip(seen["names"], seen["labels"], seen["pictures"], strict=True):
        np.testing.assert_array_equal(pixels(picture), made.x[places[name]])
        assert label == made.label_names()[places[name]]
    assert "not a PNG" in seen["left_out"]["pets/dog/broken.png"]
    assert set(seen["left_out"]) == set(made.details["aside"])


def test_images_damaged_behind_their_header_are_said_beforehand(tmp_path: Path):
    files = {f"{i}.png": png(i) for i in range(5)} | {"half.png": png(9)[:60]}
    seen = preview_files([write(tmp_path, "some.zip", archive(files))], ImportConfig())
    assert list(seen["left_out"]) == ["half.png"]
    assert len(seen["pictures"]) == 5


def test_rows_are_shown_as_read_and_as_made(tmp_path: Path):
    paths = [write(tmp_path, "t.csv", TABLE)]
    seen = preview_files(paths, ImportConfig())
    made = build_dataset(paths, ImportConfig(), "my-t-1")
    assert seen["columns"] == ["id", "color", "size", "day", "label"]
    assert seen["rows"][1] == ["1", "blue", "1", "2020-01-02", "b"]
    assert tuple(seen["made_columns"]) == made.columns
    np.testing.assert_array_equal(np.array(seen["made_rows"], np.float32), made.x[: len(seen["made_rows"])])
    assert list(seen["left_out"]) == ["id"]
    assert describe_left_out(seen["left_out"] | {"more": "why"}, most=1) == [
        "Left out: id (id: a different number in each row).",
        "1 more are left out.",
    ]


def test_missing_numbers_are_none(tmp_path: Path):
    rows = "a,b\n" + "NA,1\n" + "".join(f"{i}.5,{i}\n" for i in range(1, 30))
    seen = preview_files([write(tmp_path, "t.csv", rows)], ImportConfig())
    assert seen["made_rows"][0] == [None, 1.0]


def test_other_roles_and_kinds_show_other_samples(tmp_path: Path):
    paths = [write(tmp_path, "t.csv", TABLE)]
    seen = preview_files(paths, ImportConfig(roles={"color": "ignore"}))
    assert seen["made_columns"] == ["size", "day"]
    assert "color" in seen["left_out"]
    seen = preview_files(paths, ImportConfig(kind="text", text="color"))
    assert seen["texts"][:3] == ["red", "blue", "green"]
    assert seen["labels"][:2] == ["a", "b"]
    assert set(seen["left_out"]) == {"id", "size", "day"}


def test_sounds_can_be_heard_at_the_length_of_the_import(tmp_path: Path):
    files = {f"{c}/{i}.wav": wav(i) for c in "ab" for i in range(3)} | {"b/no.wav": b"RIFF????WAVEfmt "}
    seen = preview_files([write(tmp_path, "s.zip", archive(files))], ImportConfig(seconds=0.1))
    rate, sound = wavfile.read(io.BytesIO(base64.b64decode(seen["sounds"][0])))
    assert len(sound) == rate // 10
    assert pixels(seen["pictures"][0]).shape == (32, 32)
    assert "b/no.wav" in seen["left_out"]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("lines.txt", "one line\nanother line\n", "texts"),
        ("x.npy", np.random.default_rng(0).random((5, 6, 6)), "pictures"),
        ("x.npy", np.arange(12.0).reshape(4, 3), "made_rows"),
    ],
)
def test_every_other_form_has_samples(tmp_path: Path, name, content, part):
    if isinstance(content, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, content)
        content = buffer.getvalue()
    seen = preview_files([write(tmp_path, name, content)], ImportConfig())
    assert seen[part]


def test_it_is_made_in_the_limited_child(workspace: Path, tmp_path: Path):
    seen = own.preview(workspace, [write(tmp_path, "t.csv", TABLE)])
    assert seen["plan"]["rows"] == 41
    assert not list((workspace / "datasets").glob("*")) if (workspace / "datasets").exists() else True
