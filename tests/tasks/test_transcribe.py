"""Speech runs: student beside twin, resumed bit for bit; what is hidden reaches the audit alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.outlook import foresee
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path
from selfsup_core.tasks.parts.rounds_of_labels import choose_known
from tests.cli.helpers import cli
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)
from tests.tasks.transcribe_helpers import RATE, WORDS, make_clips, make_texts, tiny


def run_of(workspace: Path, texts=None, said=None, **changes: object):
    if not (workspace / "datasets").is_dir():
        make_clips(workspace, texts, said)
    folder = make_run(workspace, tiny(**changes))
    return folder, run_here(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run with half of the transcripts hidden."""
    folder, state = run_of(tmp_path_factory.mktemp("transcribe"))
    assert state["status"] == "finished", state["error"]
    return folder, state


def pool_of(folder) -> np.ndarray:
    spec = tiny()
    dataset = open_source(spec.data.source, folder.workspace)
    split = split_rows(dataset, validation=0.2, test=0.4, seed=0)
    return np.setdiff1d(split.train, choose_known(dataset, split.train, spec.data))


def test_a_run_learns_and_ends_with_both_scores_and_a_verdict(done):
    folder, state = done
    metrics = state["metrics"]
    assert metrics["test_rows"] == 40
    assert metrics["word_error_rate"] < 0.5, "three sounds are soon told apart"
    assert metrics["letter_error_rate"] <= metrics["word_error_rate"]
    gap = metrics["word_error_rate"] - metrics["twin_word_error_rate"]
    assert metrics["difference_low"] <= gap <= metrics["difference_high"]
    assert "Word error rate" in state["verdict"]["text"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["val_word_error_rate"] < rows[0]["val_word_error_rate"]
    assert ["val_twin_word_error_rate" in row for row in rows] == [False] * 3 + [True] * 3
    assert ["kept_share" in row for row in rows] == [False] * 3 + [True] * 3
    assert rows[-1]["kept_rows"] > 0
    assert 0 <= rows[-1]["kept_right"] <= 1


def test_frames_hold_sound_letters_and_what_is_kept(done):
    folder, _ = done
    static, frame = folder.frames / "static.safetensors", frame_path(folder.frames, 5)
    shown, arrays = json.loads(read_about(static)["scenario"]), read_frame(static)
    words = {k: json.loads(v) for k, v in read_about(frame).items() if k != "step"}
    assert len(words["written"]) == len(shown["references"]) == len(arrays["clip_spectra"]) == 8
    assert arrays["clip_samples"].sum() == len(arrays["clip_sound"])
    for aligned, text, columns in zip(words["aligned"], words["written"], arrays["clip_frames"], strict=True):
        assert "".join(letter for letter, *_ in aligned).split() == text.split()
        ends = [at for _, start, end, _ in aligned for at in (start, end)]
        assert ends == sorted(ends)
        assert not ends or ends[-1] * shown["letter_seconds"] <= (columns + 1) * shown["column_seconds"]
    texts, pool = make_texts(), pool_of(folder)
    assert set(words["true_transcripts"]) <= {texts[row] for row in pool}
    known = [clip["confidence"] for clip in words["clips"] if clip["is_kept"]]
    assert known
    assert all(0 < confidence <= 1 for confidence in known)


def test_a_killed_run_goes_on_bit_for_bit(done, tmp_path, monkeypatch):
    folder, _ = done
    make_clips(tmp_path)
    other = make_run(tmp_path, tiny(train__checkpoint_seconds=0.001))
    state = kill_and_resume(other, monkeypatch, epoch=4)  # the student learns from what was kept
    assert state["status"] == "finished", state["error"]
    assert rows_without_times(other) == rows_without_times(folder)
    assert frame_bytes(other) == frame_bytes(folder)
    assert same(last_tensors(other), last_tensors(folder))


def test_hidden_transcripts_change_nothing_but_the_audit(done, tmp_path):
    folder, _ = done
    texts = make_texts()
    lies = ["b b b b" if row in pool_of(folder) else text for row, text in enumerate(texts)]
    other, state = run_of(tmp_path, lies, said=texts)
    assert state["status"] == "finished", state["error"]
    assert same(weights(other), weights(folder))
    assert state["metrics"]["kept_right"] == 0


def test_with_all_transcripts_known_clips_without_one_are_still_the_pool(tmp_path):
    texts = make_texts()
    half = [text if row % 2 else " — " for row, text in enumerate(texts)]
    changes = {"data__labels_fraction": 1.0, "train__epochs": 4, "objective__words": "known"}
    folder, state = run_of(tmp_path, half, said=texts, **changes)
    assert state["status"] == "finished", state["error"]
    metrics = state["metrics"]
    assert metrics["test_rows"] < 40, "what nobody transcribed is not scored"
    assert "kept_rows" in metrics
    assert metrics["kept_right"] is None, "nobody knows what is right there"
    clips = json.loads(read_about(frame_path(folder.frames, 4))["clips"])
    assert {word for clip in clips for word in clip["text"].split()} <= set(WORDS), "no other was asked for"
    assert 0 <= metrics["known_words_error_rate"] <= metrics["word_error_rate"] + 0.1
    assert any("empty transcript" in notice for notice in state["notices"])


def test_too_little_sound_and_no_transcripts_are_said_before_the_start(tmp_path):
    make_clips(tmp_path)
    warning, count = foresee(tmp_path, tiny())
    assert "hardly learns to write a word, so nearly nothing would be left after filtering" in warning
    assert "At most 50% of the rest is kept" in count
    with pytest.raises(DataError, match="has no transcripts"):
        check_spec(tmp_path, tiny(data__source="tones"))


def test_hardly_a_clip_with_words_is_refused(tmp_path):
    _, state = run_of(tmp_path, ["a", *[""] * 99], said=make_texts())
    assert state["status"] == "failed"
    assert "transcribed clips to learn from" in state["error"]["message"]


def test_a_recording_of_ones_own_at_any_epoch(done, tmp_path):
    folder, _ = done
    desk = Desk(folder.workspace)
    clip = tmp_path / "say.wav"
    tone = (8000 * np.sin(np.arange(2 * 16_000) / 5)).astype(np.int16)
    wavfile.write(clip, 16_000, tone)

    def ask(*files: Path, **values: object):
        asked = {"files": [str(file) for file in files], **values}
        return desk.ask(Subject("transcriber", folder.id), "transcribe", asked).about

    about = ask(clip, epoch=4)
    assert about["epoch"] == 4
    (said,) = about["clips"]
    assert (said["name"], said["seconds"]) == ("say.wav", 2.0)
    assert 0 < said["sure"] <= 1
    assert all(word["start"] < word["end"] <= 2.1 for word in said["words"])
    wavfile.write(tmp_path / "quiet.wav", RATE, np.zeros(RATE, np.int16))
    (silent,) = ask(tmp_path / "quiet.wav", epoch=0)["clips"]
    assert (silent["text"], silent["words"]) == ("", [])
    assert "silent" in silent["note"]
    wavfile.write(tmp_path / "long.wav", RATE, np.zeros(70 * RATE, np.uint8))
    with pytest.raises(DataError, match="lasts 70 seconds; at most 60"):
        ask(tmp_path / "long.wav")
    (tmp_path / "text.wav").write_text("RIFF")
    with pytest.raises(DataError, match=r"text\.wav"):
        ask(tmp_path / "text.wav")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not a file of sound"):
        ask(tmp_path / "table.csv")
    with pytest.raises(SettingError, match="at most"):
        ask(clip, beam=999)
    done_by_cli = cli("transcribe", folder.id, str(clip), "--json", workspace=folder.workspace)
    assert json.loads(done_by_cli.stdout)["clips"][0]["name"] == "say.wav"
    assert (
        "There is no file"
        in cli("transcribe", folder.id, str(tmp_path / "no.wav"), workspace=folder.workspace).stderr
    )


def test_a_run_of_another_task_transcribes_nothing(tmp_path):
    folder = make_run(tmp_path)
    with pytest.raises(RunError, match="does not transcribe speech"):
        Desk(tmp_path).ask(Subject("transcriber", folder.id), "transcribe", {"files": ["a.wav"]})
