"""Translation runs: student beside twin, resumed bit for bit; what is hidden reaches the audit alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

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
    network,
    rows_without_times,
    run_here,
    same,
    weights,
)
from tests.tasks.translate_helpers import PAIRS, make_pairs, tiny


def run_of(workspace: Path, pairs=PAIRS, **changes: object):
    if not (workspace / "datasets").is_dir():
        make_pairs(workspace, pairs)
    folder = make_run(workspace, tiny(**changes))
    return folder, run_here(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run with half of the pairs hidden."""
    folder, state = run_of(tmp_path_factory.mktemp("translate"))
    assert state["status"] == "finished", state["error"]
    return folder, state


def test_a_run_ends_with_both_scores_and_a_verdict(done):
    folder, state = done
    metrics = state["metrics"]
    assert metrics["test_rows"] == 32
    for name in ("bleu", "twin_bleu", "chrf", "twin_chrf"):
        assert 0 <= metrics[name] <= 100
    assert metrics["difference_low"] <= metrics["bleu"] - metrics["twin_bleu"] <= metrics["difference_high"]
    assert (
        f"BLEU {metrics['bleu']:.1f} with pseudo-labels, {metrics['twin_bleu']:.1f}"
        in state["verdict"]["text"]
    )
    assert 0 < state["baseline"]["memory_bleu"] <= 100
    assert any("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2." in n for n in state["notices"])
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["train_loss"] < rows[1]["train_loss"]
    assert ["val_twin_bleu" in row for row in rows] == [False, False, True, True, True]
    assert rows[2]["val_twin_bleu"] == rows[2]["val_bleu"], "they part after the teacher's last epoch"
    assert ["kept_share" in row for row in rows] == [False, False, True, True, True]
    assert rows[2]["kept_rows"] == 8
    assert 0 <= rows[2]["kept_right"] <= 1
    assert ["train_helper_loss" in row for row in rows] == [False, True, True, False, False]


def test_frames_hold_translations_attention_and_what_is_kept(done):
    folder, _ = done
    static, frame = folder.frames / "static.safetensors", frame_path(folder.frames, 3)
    shown = json.loads(read_about(static)["scenario"])
    words = {k: json.loads(v) for k, v in read_about(frame).items() if k != "step"}
    assert set(shown["sources"]) <= {one for one, _ in PAIRS}
    assert len(words["written"]) == len(shown["references"])
    arrays = read_frame(frame)
    sizes = [rows * columns for rows, columns in words["attention_shapes"]]
    assert sum(sizes) == len(arrays["attention"])
    first = arrays["attention"][: sizes[0]].reshape(words["attention_shapes"][0])
    assert np.abs(first.sum(axis=1).astype(int) - 255).max() <= first.shape[1], "shares add up to 1"
    kept = [pair["score"] for pair in words["pairs"] if pair["is_kept"]]
    other = [pair["score"] for pair in words["pairs"] if not pair["is_kept"]]
    assert min(kept) >= max(other)
    hidden = {german: english for english, german in PAIRS}
    assert words["true_sources"] == [hidden[pair["target"]] for pair in words["pairs"]]


def test_a_killed_run_goes_on_bit_for_bit(done, tmp_path, monkeypatch):
    folder, _ = done
    make_pairs(tmp_path, PAIRS)
    other = make_run(tmp_path, tiny(train__checkpoint_seconds=0.001))
    state = kill_and_resume(other, monkeypatch, saves=5)
    assert state["status"] == "finished", state["error"]
    assert rows_without_times(other) == rows_without_times(folder)
    assert frame_bytes(other) == frame_bytes(folder)
    assert same(last_tensors(other), last_tensors(folder))


def test_hidden_sources_change_nothing_but_the_audit(done, tmp_path):
    folder, _ = done
    spec = tiny()
    dataset = open_source(spec.data.source, folder.workspace)
    split = split_rows(dataset, validation=0.2, test=0.4, seed=0)
    pool = np.setdiff1d(split.train, choose_known(dataset, split.train, spec.data))
    lies = [
        ("something else", german) if row in pool else (english, german)
        for row, (english, german) in enumerate(PAIRS)
    ]
    other, state = run_of(tmp_path, lies)
    assert state["status"] == "finished", state["error"]
    assert same(weights(other), weights(folder))


def test_without_kept_proposals_the_student_is_its_twin(done, tmp_path):
    folder, _ = done
    other, state = run_of(tmp_path, objective__keep=0.0)
    assert same(network(other, "student"), network(other, "twin"))
    assert state["verdict"]["outcome"] == "not used"
    assert [s["code"] for r in epoch_rows(read_rows(other.metrics)) for s in r.get("signs", [])] == [
        "none-kept"
    ] * 3
    assert same(network(other, "twin"), network(folder, "twin")), "the twin knows of no proposal"
    assert not same(network(folder, "student"), network(folder, "twin"))


def test_with_all_pairs_known_there_is_no_twin(tmp_path):
    folder, state = run_of(
        tmp_path,
        data__labels_fraction=1.0,
        train__epochs=1,
        objective__direction="backward",
        objective__beam=1,
    )
    assert state["status"] == "finished", state["error"]
    assert "bleu" in state["metrics"]
    assert not {"twin_bleu", "kept_share"} & set(state["metrics"])
    assert state["verdict"] is None
    assert not [name for name in weights(folder) if "/twin." in name or "/helper." in name]
    sources = json.loads(read_about(folder.frames / "static.safetensors")["scenario"])["sources"]
    assert set(sources) <= {german for _, german in PAIRS}


def test_likeliest_back_translations_and_rows_without_a_source(tmp_path):
    bare = [
        ("", german) if row % 4 == 0 else (english, german) for row, (english, german) in enumerate(PAIRS)
    ]
    bare[1] = (bare[1][0], "")
    _, state = run_of(
        tmp_path,
        bare,
        data__labels_fraction=1.0,
        train__epochs=2,
        objective__teacher_epochs=1,
        objective__back_translation="beam",
    )
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["kept_rows"] > 0, "rows without a source are the pool"
    assert any("1 row without a translation" in notice for notice in state["notices"])


def test_no_epoch_left_for_the_student_is_refused(tmp_path):
    _, state = run_of(tmp_path, objective__teacher_epochs=4)
    assert state["status"] == "failed"
    assert "none is left to learn from the proposals" in state["error"]["message"]
    assert "objective.teacher_epochs" in state["error"]["remedy"]


def test_data_without_translations_are_refused_before_the_start(tmp_path):
    spec = tiny(data__source="shakespeare")
    with pytest.raises(DataError, match="Shakespeare has no translations"):
        check_spec(tmp_path, spec)


def test_few_known_pairs_are_said_before_the_start(tmp_path):
    make_pairs(tmp_path, PAIRS)
    warning, count = foresee(tmp_path, tiny())
    assert warning.startswith("With 16 known answers the first network learns too little")
    assert count.startswith("16 of 32 training rows show their answer")
    assert foresee(tmp_path, tiny(data__labels_fraction=1.0)) == []


def test_a_sentence_of_ones_own_at_any_epoch(done):
    folder, _ = done
    desk = Desk(folder.workspace)

    def ask(**values: object):
        return desk.ask(Subject("translator", folder.id), "translate", values).about

    about = ask(text="The bus leaves on Monday at three o'clock.", epoch=4)
    assert about["epoch"] == 4
    assert 0 < about["probability"] <= 1
    assert len(about["attention"]) == len(about["pieces"][1])
    assert {len(row) for row in about["attention"]} == {len(about["pieces"][0])}
    assert ask(text="One.", epoch=0)["epoch"] == 0
    assert "only its beginning was read" in ask(text="word " * 190)["note"]
    with pytest.raises(DataError, match="no sentence"):
        ask(text=" ")
    with pytest.raises(SettingError, match="at most"):
        ask(text="a", beam=99)
    said = cli("translate", folder.id, "The bus leaves.", "--epoch", "4", workspace=folder.workspace)
    assert "Weights of epoch 4; mean probability per token" in said.stdout


def test_a_run_of_another_task_translates_nothing(tmp_path):
    folder = make_run(tmp_path)
    with pytest.raises(RunError, match="is not a translation run"):
        Desk(tmp_path).ask(Subject("translator", folder.id), "translate", {"text": "a"})
