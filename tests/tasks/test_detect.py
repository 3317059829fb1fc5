"""Detection runs: student beside twin, resumed bit for bit; hidden boxes reach the audit alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError, RunError
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_about, read_frame
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
from tests.tasks.detect_helpers import make_data, scenes, tiny


def run_of(workspace: Path, boxes=None, **changes: object):
    if not (workspace / "datasets").is_dir():
        make_data(workspace, boxes)
    folder = make_run(workspace, tiny(**changes))
    return folder, run_here(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run with half of the boxes hidden."""
    folder, state = run_of(tmp_path_factory.mktemp("detect"))
    assert state["status"] == "finished", state["error"]
    return folder, state


def test_a_run_ends_with_both_scores_and_a_verdict(done):
    folder, state = done
    metrics = state["metrics"]
    assert metrics["test_rows"] == 24
    for name in ("map50", "twin_map50", "map50_95", "twin_map50_95"):
        assert 0 <= metrics[name] <= 1
    assert metrics["map50_95"] <= metrics["map50"]
    assert metrics["difference_low"] <= metrics["map50"] - metrics["twin_map50"] <= metrics["difference_high"]
    assert state["verdict"]["text"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["train_loss"] < rows[1]["train_loss"]
    assert ["val_twin_map50" in row for row in rows] == [False, False, True, True, True]
    assert rows[2]["val_twin_loss"] == rows[2]["val_loss"], "they part after the teacher's last epoch"
    assert rows[2]["kept_rows"] > 0
    assert rows[2]["kept_boxes"] > 0
    assert 0 <= rows[2]["kept_right"] <= 1
    assert 0 <= rows[2]["kept_found"] <= 1


def test_the_teacher_is_slower_than_the_student(done):
    student, teacher, twin = (network(done[0], name) for name in ("student", "helper", "twin"))
    assert teacher.keys() == student.keys() == twin.keys()
    assert not same(student, teacher)
    assert not same(student, twin)


def test_frames_hold_boxes_and_what_is_hidden_under_a_name_that_is_veiled(done):
    folder, _ = done
    static, frame = folder.frames / "static.safetensors", frame_path(folder.frames, 3)
    shared, shown = read_frame(static), json.loads(read_about(static)["scenario"])
    arrays, words = read_frame(frame), read_about(frame)
    made = scenes()
    for place, row in enumerate(shown["rows"]):
        assert np.array_equal(shared["scenes"][place].reshape(64, 64, 3), made.pictures[row])
        assert len(shown["boxes"][place]) == len(made.boxes[row])
    assert shown["threshold"] == 0.06
    assert arrays["found_corners"].shape == (*arrays["found_scores"].shape, 4)
    assert (np.diff(arrays["pool_scores"], axis=1) <= 0).all(), "the surest first"
    hidden = json.loads(words["true_boxes"])
    assert [len(boxes) for boxes in hidden] == [len(made.boxes[row]) for row in shown["pool_rows"]]
    assert not any(name.startswith("true") for name in shown)
    assert len(shared["labels"]) == len(arrays["map"])
    kept = (arrays["pool_scores"] >= 0.06).any(axis=1)
    assert json.loads(words["kept"]) == kept.tolist()


def test_a_killed_run_goes_on_bit_for_bit(done, tmp_path, monkeypatch):
    folder, _ = done
    make_data(tmp_path)
    other = make_run(tmp_path, tiny(train__checkpoint_seconds=0.001))
    state = kill_and_resume(other, monkeypatch, saves=5)
    assert state["status"] == "finished", state["error"]
    assert rows_without_times(other) == rows_without_times(folder)
    assert frame_bytes(other) == frame_bytes(folder)
    assert same(last_tensors(other), last_tensors(folder))


def test_hidden_boxes_change_nothing_but_the_audit(done, tmp_path):
    folder, _ = done
    spec = tiny()
    dataset = open_source(spec.data.source, folder.workspace)
    split = split_rows(dataset, validation=0.2, test=0.4, seed=0)
    pool = np.setdiff1d(split.train, choose_known(dataset, split.train, spec.data))
    lies = [
        [("heart", 1.0, 1.0, 5.0, 5.0)] if row in pool else boxes for row, boxes in enumerate(scenes().boxes)
    ]
    other, state = run_of(tmp_path, lies)
    assert state["status"] == "finished", state["error"]
    assert same(weights(other), weights(folder))


def test_without_a_sure_box_the_student_is_its_twin(tmp_path):
    folder, state = run_of(tmp_path, objective__threshold=0.99, objective__decay=0.0, train__epochs=3)
    assert state["verdict"]["outcome"] == "not used"
    assert same(network(folder, "student"), network(folder, "twin"))
    assert network(folder, "helper") == {}
    last = epoch_rows(read_rows(folder.metrics))[-1]
    assert [sign["code"] for sign in last["signs"]] == ["none-kept"]
    assert (last["kept_boxes"], last["kept_right"]) == (0, None)


def test_with_all_boxes_known_there_is_no_twin(tmp_path):
    folder, state = run_of(tmp_path, data__labels_fraction=1.0, train__epochs=1, objective__views="weak")
    assert state["status"] == "finished", state["error"]
    assert not {"twin_map50", "kept_share"} & set(state["metrics"])
    assert state["verdict"] is None
    assert "pool_scenes" not in read_frame(folder.frames / "static.safetensors")


def test_data_without_boxes_are_refused_before_the_start(tmp_path):
    with pytest.raises(DataError, match="Emoji has no boxes"):
        check_spec(tmp_path, tiny(data__source="emoji"))


def test_pictures_of_ones_own_at_any_epoch(done, tmp_path):
    folder, _ = done
    desk = Desk(folder.workspace)
    path = tmp_path / "mine.png"
    Image.fromarray(np.repeat(np.repeat(scenes().pictures[0], 3, axis=0), 3, axis=1)).save(path)

    def ask(**values: object):
        return desk.ask(Subject("detector", folder.id), "detect", values)

    answer = ask(files=[str(path)], epoch=4)
    assert answer.arrays["pictures"].shape == (1, 64, 64, 3)
    (one,) = answer.about["pictures"]
    assert one["item"] == "mine.png"
    assert one["boxes"] == sorted(one["boxes"], key=lambda box: -box["confidence"])
    assert {box["class"] for box in one["boxes"]} <= {"animal", "face", "fruit", "heart", "vehicle"}
    assert answer.about["epoch"] == 4
    with pytest.raises(DataError, match="no picture"):
        ask()
    (tmp_path / "lies.png").write_bytes(b"\x89PNG\r\n\x1a\n rubbish")
    with pytest.raises(DataError, match=r"lies\.png"):
        ask(files=[str(tmp_path / "lies.png")])
    with pytest.raises(DataError, match="no file"):
        ask(files=[str(tmp_path / "none.png")])
    said = cli("detect", folder.id, str(path), "--threshold", "0", workspace=folder.workspace)
    assert "Weights of epoch 4; boxes with a confidence of 0% or more." in said.stdout
    told = json.loads(cli("detect", folder.id, str(path), "--json", workspace=folder.workspace).stdout)
    assert told["threshold"] == 0.06
    assert all(box["confidence"] >= 0.06 for box in told["pictures"][0]["boxes"])


def test_a_run_of_another_task_detects_nothing(tmp_path):
    folder = make_run(tmp_path)
    with pytest.raises(RunError, match="is not a detection run"):
        Desk(tmp_path).ask(Subject("detector", folder.id), "detect", {"files": ["a.png"]})
