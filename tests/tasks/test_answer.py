"""Question answering runs: student beside twin, resumed bit for bit; what is hidden reaches the audit
alone.
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.questions import Asked, questions_of
from selfsup_core.data.sources import open_source
from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.features.asked_split import split_asked
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
from tests.tasks.answer_helpers import NAME, make_passages, rows_of, tiny, tiny_minilm


@pytest.fixture(scope="module", autouse=True)
def _small():
    with tiny_minilm():
        yield


def run_of(workspace: Path, rows: list[Asked] | None = None, **changes: object):
    if not (workspace / "datasets").is_dir():
        make_passages(workspace, rows)
    folder = make_run(workspace, tiny(**changes))
    return folder, run_here(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run with half of the questions hidden."""
    folder, state = run_of(tmp_path_factory.mktemp("answer"))
    assert state["status"] == "finished", state["error"]
    return folder, state


def hidden_of(folder) -> np.ndarray:
    dataset = open_source(NAME, folder.workspace)
    split = split_asked(dataset, questions_of(dataset), tiny().data)
    return np.setdiff1d(split.train, choose_known(dataset, split.train, tiny().data))


def test_a_run_learns_and_ends_with_both_scores_and_a_verdict(done):
    folder, state = done
    metrics = state["metrics"]
    assert metrics["test_rows"] == 24
    assert 0 <= metrics["exact_match"] <= metrics["f1"] <= 1
    assert 0 <= metrics["twin_exact_match"] <= metrics["twin_f1"] <= 1
    gap = metrics["exact_match"] - metrics["twin_exact_match"]
    assert metrics["difference_low"] <= gap <= metrics["difference_high"]
    assert "Exact match" in state["verdict"]["text"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["val_loss"] < rows[0]["val_loss"]
    assert ["val_twin_exact_match" in row for row in rows] == [False, True, True, True, True]
    shares = [row["kept_share"] for row in rows]
    assert shares[:2] == [1, 1], "before the first round trip all are learned from"
    assert shares[-1] < 1


def test_no_passage_is_on_two_sides_and_frames_hold_where_answers_start(done):
    folder, _ = done
    dataset = open_source(NAME, folder.workspace)
    split = split_asked(dataset, questions_of(dataset), tiny().data)
    sides = [{str(dataset.x[row]) for row in part} for part in (split.train, split.validation, split.test)]
    assert not any(one & other for one, other in combinations(sides, 2))
    static = folder.frames / "static.safetensors"
    frame = frame_path(folder.frames, 4)
    shown = json.loads(read_about(static)["scenario"])
    words = {k: json.loads(v) for k, v in read_about(frame).items() if k != "step"}
    assert set(shown["passages"]) <= sides[1]
    for i, spans in enumerate(shown["spans"]):
        assert len(words["start"][i]) == len(words["end"][i]) == len(spans)
        assert sum(words["start"][i]) == pytest.approx(1, abs=0.02)
        first, last = words["found"][i]
        assert shown["passages"][i][spans[first][0] : spans[last][1]] == words["answered"][i]
    assert len(read_frame(frame)["latents"]) == len(read_frame(static)["rows"])
    pool = {str(dataset.x[row]) for row in hidden_of(folder)}
    asked = {str(dataset.extra["question"][row]) for row in hidden_of(folder)}
    assert len(words["clozes"]) == len(words["true_questions"]) > 0
    assert set(words["true_questions"]) <= asked | {""}
    assert all(any(one["answer"] in passage for passage in pool) for one in words["clozes"])
    assert not asked & {one["question"] for one in words["clozes"]}


def test_a_killed_run_goes_on_bit_for_bit(done, tmp_path, monkeypatch):
    folder, _ = done
    make_passages(tmp_path)
    other = make_run(tmp_path, tiny(train__checkpoint_seconds=0.001))
    state = kill_and_resume(other, monkeypatch, epoch=3)  # the student learns from what was kept
    assert state["status"] == "finished", state["error"]
    assert rows_without_times(other) == rows_without_times(folder)
    assert frame_bytes(other) == frame_bytes(folder)
    assert same(last_tensors(other), last_tensors(folder))


def test_hidden_answers_change_nothing_but_the_audit(done, tmp_path):
    folder, state = done
    other, lied = run_of(tmp_path, rows_of(lie=frozenset(hidden_of(folder).tolist())))
    assert lied["status"] == "finished", lied["error"]
    assert same(weights(other), weights(folder))
    assert lied["metrics"]["exact_match"] == state["metrics"]["exact_match"]


def test_alone_the_student_sees_no_true_question(tmp_path):
    rows = rows_of()
    folder, state = run_of(tmp_path / "a", rows, objective__learns_from="pseudo", train__epochs=3)
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["twin_f1"] >= 0
    # With other questions in the place of the known ones only the twin is another one.
    split = split_asked(open_source(NAME, tmp_path / "a"), rows, tiny().data)
    train = set(split.train.tolist())
    changed = [
        Asked(row.passage, "What is it?", row.answers, row.start) if place in train else row
        for place, row in enumerate(rows)
    ]
    other, _ = run_of(tmp_path / "b", changed, objective__learns_from="pseudo", train__epochs=3)
    one, two = ({**weights(run)} for run in (folder, other))
    differ = {name for name in one if not np.array_equal(one[name], two[name])}
    assert any("model/twin." in name for name in differ)
    assert not [name for name in differ if "model/student." in name]


def test_with_all_questions_known_there_is_no_pool(tmp_path):
    _, state = run_of(tmp_path, data__labels_fraction=1.0, train__epochs=1)
    assert state["status"] == "finished", state["error"]
    assert "exact_match" in state["metrics"]
    assert not {"twin_exact_match", "kept_share"} & state["metrics"].keys()


def test_what_cannot_work_is_said_before_the_start(tmp_path):
    make_passages(tmp_path)
    warning, count = foresee(tmp_path, tiny())
    assert "From 12 known questions alone a reader hardly learns" in warning
    assert "12 of 24 training questions are known" in count
    with pytest.raises(DataError, match="has no questions"):
        check_spec(tmp_path, tiny(data__source="phrases-de"))
    with pytest.raises(SettingError, match="frozen must be below layers"):
        tiny(model__frozen=2)
    unasked = [Asked(row.passage, "") for row in rows_of()]
    _, state = run_of(tmp_path / "none", [*unasked[:-6], *rows_of()[-6:]])
    assert state["status"] == "failed"
    assert "questions to learn from" in state["error"]["message"]


def test_a_question_of_ones_own_at_any_epoch(done, tmp_path):
    folder, _ = done
    desk = Desk(folder.workspace)

    def ask(question: str, passage: str, **values: object):
        asked = {"question": question, "passage": passage, **values}
        return desk.ask(Subject("reader", folder.id), "answer", asked).about

    passage = rows_of()[0].passage
    about = ask("Where is it?", passage, epoch=2, count=4)
    assert about["epoch"] == 2
    assert len(about["answers"]) == 4
    found = [one["probability"] for one in about["answers"]]
    assert found == sorted(found, reverse=True)
    assert all(passage[one["start"] : one["end"]] == one["text"] for one in about["answers"])
    long = ask("Where is it?", " ".join([passage] * 12))
    assert "was read in" in long["note"]
    assert sum(long["start"]) == pytest.approx(1, abs=0.05)
    assert ask("谁？", "🙂 塔在哪里？ ", count=1)["answers"][0]["text"]
    for question, text, message in (("", passage, "no question"), ("Where?", "  ", "no passage")):
        with pytest.raises(DataError, match=message):
            ask(question, text)
    with pytest.raises(SettingError, match="at most"):
        ask("Where?", "a" * 20_001)
    (tmp_path / "p.txt").write_text(passage, "utf-8")
    for given in (passage, str(tmp_path / "p.txt")):
        told = cli(
            "answer", folder.id, "Where is it?", "--passage", given, "--json", workspace=folder.workspace
        )
        assert json.loads(told.stdout)["passage"] == passage
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    told = cli("answer", folder.id, "?", "--passage", str(tmp_path / "b.txt"), workspace=folder.workspace)
    assert "not a text in UTF-8" in told.stderr


def test_a_run_of_another_task_answers_nothing(tmp_path):
    folder = make_run(tmp_path)
    with pytest.raises(RunError, match="does not answer questions"):
        Desk(tmp_path).ask(Subject("reader", folder.id), "answer", {"question": "Why?", "passage": "So."})
