"""Sounds with a table of transcripts: the layout of LJSpeech, tables with a header, and what is wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.spoken import has_transcripts, wave_of
from selfsup_core.errors import DataError
from selfsup_core.features.transcripts import minutes_of, transcripts_of

LINES = [
    f"clip-{i}|Say {i}!|say number {word}" for i, word in enumerate(["one", "two", "three", "four", "five"])
]


def wav(seconds: float = 0.5, rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    wave = 9000 * np.sin(np.arange(round(seconds * rate)) / 4)
    wavfile.write(buffer, rate, wave.astype(np.int16))
    return buffer.getvalue()


def packed(tmp_path: Path, table: str, sounds: dict[str, bytes] | None = None, name="metadata.csv") -> Path:
    sounds = sounds or {f"wavs/clip-{i}.wav": wav(0.3 + 0.1 * i) for i in range(5)}
    path = tmp_path / "speech.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"data/{name}", table)
        for place, content in sounds.items():
            archive.writestr(f"data/{place}", content)
    return path


def build(path: Path, **config: object):
    return build_dataset([path], ImportConfig(**config), "my-speech")


def test_the_layout_of_ljspeech_is_known(tmp_path):
    path = packed(tmp_path, "\n".join(LINES))
    plan = inspect_files([path], ImportConfig())
    assert "metadata.csv holds the transcripts of 5 of 5 sounds." in plan["notes"]
    found = build(path)
    assert has_transcripts(found)
    assert transcripts_of(found)[0] == "say number one", "the normalized column, where there is one"
    assert np.asarray(found.extra["frames"]).tolist() == [15, 20, 25, 30, 35], "each has its own length"
    assert found.item_shape == (32, 35)
    assert (found.x[0, :, 15:] == 0).all()
    assert minutes_of(found, np.array([0, 1])) == pytest.approx(0.7 / 60)
    wave = wave_of(found, 1)
    assert len(wave) == 0.4 * 16_000
    assert np.abs(wave[1000:5000]).max() == pytest.approx(9000, rel=0.05)
    assert found.y is None


@pytest.mark.parametrize(
    "place", ["wavs/clip-{}.wav", "./wavs/clip-{}.wav", "..\\wavs\\clip-{}.wav", "/home/me/clip-{}.wav"]
)
def test_names_with_paths_are_matched_and_lead_nowhere_else(tmp_path, place):
    lines = ["file,sentence,client_id", *(f"{place.format(i)},say {i},voice {i % 3}" for i in range(5))]
    found = build(packed(tmp_path, "\n".join(lines), name="validated.csv"))
    assert transcripts_of(found) == [f"say {i}" for i in range(5)]
    assert np.asarray(found.groups).tolist() == [0, 1, 2, 0, 1], "no voice is on two sides of a split"
    assert found.grouped_by == "speaker"


def test_empty_transcripts_missing_files_and_sounds_without_a_row_are_told(tmp_path):
    lines = [*LINES, "ghost|nobody is here", "../../etc/passwd|root"]
    sounds = {f"wavs/clip-{i}.wav": wav() for i in range(7)}
    lines[1] = "clip-1||"
    path = packed(tmp_path, "\n".join(lines), sounds)
    notes = inspect_files([path], ImportConfig())["notes"]
    assert "metadata.csv holds the transcripts of 4 of 7 sounds." in notes
    assert "3 sounds have no transcript; a run writes one itself." in notes
    assert "2 rows of metadata.csv name a sound that is not there." in notes
    assert transcripts_of(build(path)).count("") == 3
    with pytest.raises(DataError, match="holds the transcripts of 0 of the sounds; at least 4"):
        build(packed(tmp_path, "\n".join(f"clip-{i}|" for i in range(5))))


def test_two_hours_of_sound_are_set_aside_and_cannot_be_all_there_is(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", samplerate=8000, channels=1, format="FLAC") as file:
        for _ in range(120):
            file.write(np.random.default_rng(0).integers(-2, 3, 60 * 8000).astype(np.int16))
    long = {"wavs/clip-0.flac": buffer.getvalue()}
    others = {f"wavs/clip-{i}.wav": wav() for i in range(1, 5)}
    found = build(packed(tmp_path, "\n".join(LINES), long | others))
    assert len(found) == 4
    (reason,) = found.details["aside"].values()
    assert "120 minutes" in reason
    speech = {f"wavs/clip-{i}.wav": wav(21 if i < 2 else 0.5) for i in range(4)}
    with pytest.raises(DataError, match=r"2 can be read; the first problem: .*lasts 21 seconds"):
        build(packed(tmp_path, "\n".join(LINES), speech | {"wavs/clip-4.wav": b"RIFF nothing"}))


def test_a_table_of_classes_is_still_one(tmp_path):
    lines = ["file,label", *(f"clip-{i}.wav,{'ab'[i % 2]}" for i in range(5))]
    found = build(packed(tmp_path, "\n".join(lines), name="labels.csv"))
    assert found.classes == ("a", "b")
    assert not has_transcripts(found)
    assert not has_transcripts(build(packed(tmp_path, "\n".join(LINES)), label="-"))
