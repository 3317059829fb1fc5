"""Whisper as the teacher of a speech run: asked once, kept, resumed, and never shown what is hidden."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.data.spoken import wave_of
from selfsup_core.errors import DataError, SettingError
from selfsup_core.pretrained.whisper import Heard, to_16_khz
from selfsup_core.pseudo.hearing import CLIPS, hear_clips, kept_in
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_about
from selfsup_core.runs.outlook import foresee
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path
from selfsup_core.tasks.parts import speech_teacher
from selfsup_core.tasks.parts.rounds_of_labels import choose_known
from tests.helpers import (
    Killed,
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)
from tests.models.tiny_whisper import tiny_whisper
from tests.tasks.transcribe_helpers import RATE, make_clips, make_texts, tiny

JAZZ, SILENT, ENDLESS = 0, 1, 2  # places in the pool of clips that it hears badly


class Listener:
    """Stands for a Whisper model: knows clips by their sound, and counts them.

    Args:
        hears: row → text. dies_after: clips after which the process is killed.
    """

    def __init__(self, workspace: Path, hears: Callable[[int], str], dies_after: int = 10**9) -> None:
        dataset = open_source(tiny().data.source, workspace)
        waves = (to_16_khz(wave_of(dataset, row), RATE) for row in range(len(dataset)))
        self.row = {wave.tobytes(): row for row, wave in enumerate(waves)}
        self.hears, self.dies_after = hears, dies_after
        self.asked: list[int] = []
        self.loaded = 0

    def __call__(self, *_: Any) -> Listener:
        self.loaded += 1
        return self

    def write(self, waves: Sequence[np.ndarray]) -> list[Heard]:
        rows = [self.row[wave.tobytes()] for wave in waves]
        if len(self.asked) + len(rows) > self.dies_after:
            raise Killed
        self.asked += rows
        return [self._heard(row) for row in rows]

    def _heard(self, row: int) -> Heard:
        text = self.hears(row)
        return Heard(text, 0.5 + row / 1000, "…" not in text)


def parts_of(workspace: Path) -> tuple[list[int], list[int]]:
    """(labeled, pool)."""
    spec = tiny()
    dataset = open_source(spec.data.source, workspace)
    split = split_rows(dataset, validation=0.2, test=0.4, seed=0)
    labeled = choose_known(dataset, split.train, spec.data)
    return labeled.tolist(), np.setdiff1d(split.train, labeled).tolist()


def as_whisper(text: str) -> str:
    """Capitals and signs, as Whisper writes."""
    return f" {text.capitalize()}!"


@pytest.fixture(scope="module")
def whisper(tmp_path_factory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("whisper") / "tiny.en")


def taught(whisper: Path, **changes: object):
    return tiny(objective__teacher=str(whisper), **changes)


def hearing(texts: Sequence[str], pool: Sequence[int]) -> Callable[[int], str]:
    """The truth as Whisper writes it, but for three clips of the pool."""
    bad = {pool[JAZZ]: "A jazz.", pool[SILENT]: " ?", pool[ENDLESS]: "a a a a…"}
    return lambda row: bad.get(row, as_whisper(texts[row]))


@pytest.fixture(scope="module")
def done(tmp_path_factory, whisper):
    """A run that a listener taught; the listener, too."""
    workspace = tmp_path_factory.mktemp("taught")
    make_clips(workspace)
    listener = Listener(workspace, hearing(make_texts(), parts_of(workspace)[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech_teacher, "load", listener)
        folder = make_run(workspace, taught(whisper))
        state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    return folder, state, listener


def test_it_is_asked_once_for_the_pool_and_for_some_known_clips(done):
    folder, state, listener = done
    labeled, pool = parts_of(folder.workspace)
    assert listener.loaded == 1
    assert sorted(listener.asked) == sorted({*labeled, *pool}), "nothing of validation and test"
    notices = " ".join(state["notices"])
    assert f"tiny.en has transcribed {len(pool)} clips; {len(pool) - 3} of the transcripts can be used" in (
        notices
    )
    assert "Not used: 1 with letters or signs that the known transcripts do not have (j z)" in notices
    assert "Not used: 1 that did not come to an end" in notices
    assert "Clips in which it heard no words: 1." in notices
    known = f"On {len(labeled)} clips with a known transcript, its word error rate is 0%; on the "
    assert f"{known}{len(labeled)} of them that could be used, 0%." in notices
    assert "So many errors" not in notices


def test_the_surest_that_can_be_used_are_kept_and_never_change(done):
    folder, state, _ = done
    pool, texts = parts_of(folder.workspace)[1], make_texts()
    rows = epoch_rows(read_rows(folder.metrics))
    kept = {row["kept_rows"] for row in rows if "kept_rows" in row}
    assert kept == {round(0.5 * len(pool))}
    assert rows[-1]["kept_right"] == 1
    words = read_about(frame_path(folder.frames, 5))
    shown = json.loads(words["clips"])
    by_text = {clip["text"]: clip for clip in shown}
    assert by_text["a jazz"]["confidence"] is None, "what cannot be used is shown, and not kept"
    sure = [clip["confidence"] for clip in shown if clip["is_kept"]]
    assert min(sure) == pytest.approx(
        0.5 + sorted(set(pool) - set(pool[:3]))[-len(pool) // 2] / 1000, abs=0.02
    )
    assert {clip["text"] for clip in shown if clip["is_kept"]} <= set(texts)
    static = json.loads(read_about(folder.frames / "static.safetensors")["scenario"])
    assert static["teacher"] == "tiny.en"
    assert state["verdict"]["outcome"] != "not used"


def test_a_killed_run_goes_on_bit_for_bit_without_the_model(done, tmp_path, monkeypatch, whisper):
    folder, _, _ = done
    make_clips(tmp_path)
    listener = Listener(tmp_path, hearing(make_texts(), parts_of(tmp_path)[1]))
    monkeypatch.setattr(speech_teacher, "load", listener)
    gone = shutil.copytree(whisper, tmp_path / "tiny.en")
    other = make_run(tmp_path, taught(gone, train__checkpoint_seconds=0.001))
    keep = speech_teacher.hear_once

    def then_gone(*asked: Any) -> Any:
        made = keep(*asked)
        shutil.rmtree(gone, ignore_errors=True)
        return made

    monkeypatch.setattr(speech_teacher, "hear_once", then_gone)
    state = kill_and_resume(other, monkeypatch, epoch=4)
    assert state["status"] == "finished", state["error"]
    assert listener.loaded == 1
    assert rows_without_times(other) == rows_without_times(folder)
    assert frame_bytes(other) == frame_bytes(folder)
    assert same(last_tensors(other), last_tensors(folder))


def test_one_that_is_killed_while_it_listens_asks_for_the_rest_alone(tmp_path, monkeypatch, whisper):
    make_clips(tmp_path)
    labeled, pool = parts_of(tmp_path)
    hears = hearing(make_texts(), pool)
    first = Listener(tmp_path, hears, dies_after=2 * CLIPS)
    monkeypatch.setattr(speech_teacher, "load", first)
    folder = make_run(tmp_path, taught(whisper, train__epochs=4))
    with pytest.raises(Killed):
        run_here(folder)
    second = Listener(tmp_path, hears)
    monkeypatch.setattr(speech_teacher, "load", second)
    assert run_here(folder)["status"] == "finished"
    assert len(first.asked) == 2 * CLIPS
    assert sorted([*first.asked, *second.asked]) == sorted([*labeled, *pool])
    third = Listener(tmp_path, hears)
    monkeypatch.setattr(speech_teacher, "load", third)
    assert run_here(make_run(tmp_path, taught(whisper, train__epochs=4)))["status"] == "finished"
    assert third.loaded == 0, "another run on these clips asks for nothing"


def test_hidden_transcripts_change_nothing_but_the_audit(done, tmp_path, monkeypatch, whisper):
    folder, _, _ = done
    texts = make_texts()
    pool = parts_of(folder.workspace)[1]
    lies = ["b b b b" if row in pool else text for row, text in enumerate(texts)]
    make_clips(tmp_path, lies, texts)
    monkeypatch.setattr(speech_teacher, "load", Listener(tmp_path, hearing(texts, pool)))
    other = make_run(tmp_path, taught(whisper))
    state = run_here(other)
    assert state["status"] == "finished", state["error"]
    assert same(weights(other), weights(folder))
    assert state["metrics"]["kept_right"] == 0


def test_what_the_first_network_does_not_hear_is_not_kept_on_request(tmp_path, monkeypatch, whisper):
    make_clips(tmp_path)
    texts, (_, pool) = make_texts(), parts_of(tmp_path)
    right = set(pool[::2])
    monkeypatch.setattr(
        speech_teacher,
        "load",
        Listener(tmp_path, lambda row: texts[row] if row in right else "ab ab ab ab ab"),
    )
    asked = {"objective__keep": 1.0, "train__epochs": 4, "objective__teacher_epochs": 3}
    for limit, most in ((1.0, 1.0), (0.3, 0.6)):
        folder = make_run(tmp_path, taught(whisper, objective__most_difference=limit, **asked))
        assert run_here(folder)["status"] == "finished"
        row = epoch_rows(read_rows(folder.metrics))[-1]
        assert 0 < row["kept_share"] <= most
        if limit < 1:
            assert row["kept_right"] > 0.9, "what is wrong is not what the first network hears"


def test_a_model_of_random_weights_teaches_nothing_and_a_run_says_so(tmp_path, whisper):
    make_clips(tmp_path)
    spec = taught(whisper, train__epochs=4, data__labels_fraction=0.8)
    state = run_here(make_run(tmp_path, spec))
    assert state["status"] == "finished", state["error"]
    notices = " ".join(state["notices"])
    assert "0 of the transcripts can be used" in notices
    assert "So many errors rarely help" in notices
    assert state["verdict"]["outcome"] == "not used"


def test_kept_transcripts_depend_on_model_data_and_language(whisper, tmp_path):
    from selfsup_core.pretrained.whisper_folder import find_whisper

    moved = Path(shutil.copytree(whisper, tmp_path / "moved"))
    other = tiny_whisper(tmp_path / "other", seed=1)

    def path(folder: Path, data: str = "d", language: str = "") -> Path:
        return kept_in(tmp_path, find_whisper(str(folder), tmp_path), data, language)

    assert path(whisper) == path(moved), "the same content"
    assert len({path(whisper), path(other), path(whisper, "e"), path(whisper, language="en")}) == 4


def test_a_damaged_line_is_asked_again(tmp_path):
    make_clips(tmp_path)
    dataset = open_source(tiny().data.source, tmp_path)
    kept = tmp_path / "kept.jsonl"
    listener = Listener(tmp_path, lambda row: f"text {row}")
    said: list[str] = []
    found = hear_clips(listener, dataset, range(20), kept=kept, say=said.append)
    assert found[7] == {"text": "text 7", "p": 0.507, "whole": True}
    assert said[0] == "Whisper has transcribed 0 of 20 clips."
    assert said[-1].startswith("Whisper has transcribed 16 of 20 clips, about ")
    lines = kept.read_text().splitlines()
    for at, other in ((0, '{"row": 1, "sai'), (1, '{"row": 3, "said": {"text": 4}}'), (2, "[]")):
        lines[at] = other
    kept.write_text("\n".join(lines))
    again = Listener(tmp_path, lambda row: f"text {row}")
    assert hear_clips(again, dataset, range(20), kept=kept) == found
    assert len(again.asked) == 3


def test_what_cannot_work_is_said_before_the_start(tmp_path, whisper):
    make_clips(tmp_path)
    last = foresee(tmp_path, taught(whisper))[-1]
    assert "Whisper transcribes 20 other clips first, and at most 50% of them is kept" in last
    assert "Hidden transcripts are not looked at" in last
    assert "nearly nothing" not in " ".join(foresee(tmp_path, taught(whisper)))
    warned = foresee(tmp_path, taught(whisper, objective__most_difference=0.2))
    assert "differs from Whisper nearly everywhere" in warned[0]
    assert "with a word error rate up to 20%" in warned[-1]
    several = tiny_whisper(tmp_path / "several", many=True)
    assert "in short clips it is often wrong" in foresee(tmp_path, taught(several))[0]
    named = foresee(tmp_path, taught(several, objective__teacher_language="en"))
    assert not any("it is often wrong" in text for text in (*named, last))
    check_spec(tmp_path, taught(whisper))
    with pytest.raises(DataError, match="There is no folder"):
        check_spec(tmp_path, taught(tmp_path / "none"))
    with pytest.raises(DataError, match="has not been downloaded"):
        check_spec(tmp_path, tiny(objective__teacher="hub:openai/whisper-tiny"))
    with pytest.raises(SettingError, match="does not write the language 'zh'; it knows en"):
        check_spec(tmp_path, taught(whisper, objective__teacher_language="zh"))
    with pytest.raises(SettingError, match="teacher_language"):
        taught(whisper, objective__teacher_language="English")


def test_a_model_of_english_is_warned_of_where_transcripts_are_in_other_letters(tmp_path, whisper):
    letters = str.maketrans("abc", "一二三")
    make_clips(tmp_path, [text.translate(letters) for text in make_texts()], make_texts())
    warned = foresee(tmp_path, taught(whisper))
    assert "tiny.en writes English only, and the known transcripts are in other letters" in warned[0]
