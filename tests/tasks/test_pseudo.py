"""Runs with pseudo-labels: the twin is a twin, hidden labels reach nobody, and a killed run ends as a whole
one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.errors import SettingError
from selfsup_core.evaluate.kept import PSEUDO
from selfsup_core.figures.seeds import reliability_figure
from selfsup_core.pseudo.gate import agreeing, minds_shares
from selfsup_core.pseudo.hand import spread_out
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import read_rows, update_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec, make_spec
from selfsup_core.runs.thinned import frame_path
from selfsup_core.tasks.parts.proposals import Proposers
from selfsup_core.train.checkpoint import load_newest
from tests.cli.helpers import cli
from tests.helpers import (
    kill_and_resume,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)

SIZE, CLASSES = 240, 3


def save_table(workspace: Path, name: str, x: np.ndarray, y: np.ndarray, classes: tuple[str, ...]) -> None:
    """x: (N, 4), y: (N,) class numbers."""
    made = Dataset(
        id=name,
        kind="table",
        title=name,
        x=x.astype(np.float32),
        y=y.astype(np.int32),
        classes=classes,
        columns=("p", "q", "r", "s"),
        details={"rows": len(x), "shape": [4]},
    )
    save_dataset(made, workspace / "datasets" / name)


def make_table(workspace: Path, name: str, shares: tuple[float, ...] | None = None) -> Dataset:
    """Three clouds, one a class, of the same size unless other shares are given."""
    generator = np.random.default_rng(3)
    truth = np.arange(SIZE) % CLASSES
    if shares:
        truth = generator.permutation(np.repeat(np.arange(CLASSES), [round(SIZE * one) for one in shares]))
    x = generator.normal(size=(SIZE, 4)) + 2.2 * np.eye(CLASSES, 4)[truth]
    save_table(workspace, name, x, truth, ("a", "b", "c"))
    return load_dataset(workspace / "datasets" / name)


def spec_of(source: str = "my-clouds", **overrides: Any) -> RunSpec:
    values = {
        "data": {"source": source, "labels_per_class": 2, "validation": 0.2, "test": 0.2},
        "model": {"kind": "head", "widths": [8], "dropout": 0.1},
        "objective": {"kind": "pseudo-labels", "guard": False},
        "train": {
            "epochs": 4,
            "batch_size": 16,
            "steps_per_epoch": 8,
            "learning_rate": 0.01,
            "device": "cpu",
            "threads": 1,
        },
        "frames": {"samples": 60},
    }
    return make_spec(values, {path.replace("__", "."): v for path, v in overrides.items()})


@pytest.fixture
def clouds(workspace: Path) -> Path:
    make_table(workspace, "my-clouds")
    return workspace


def last_state(folder: Any) -> dict[str, Any]:
    """What the newest checkpoint holds."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.runs.spec import read_spec

    spec = read_spec(folder.spec)
    digest = open_source(spec.data.source, folder.workspace).digest
    saved, problems = load_newest(folder.checkpoints, {"spec": spec.digest(), "data": digest})
    assert saved
    assert not problems
    return saved


def networks(folder: Any) -> dict[str, dict[str, Any]]:
    """Weights of student, twin and ceiling at the end."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in last_state(folder)["loop"]["model"].items():
        part, _, rest = name.partition(".")
        found.setdefault(part, {})[rest] = value
    return found


def equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(bool((a[k] == b[k]).all()) for k in a)


def test_in_the_first_round_student_and_twin_are_one(clouds: Path):
    folder = make_run(clouds, spec_of(train__epochs=1))
    assert run_here(folder)["status"] == "finished"
    found = networks(folder)
    assert equal(found["student"], found["twin"])
    assert not equal(found["student"], found["ceiling"])


def test_later_they_differ_and_the_twin_stays_what_labels_alone_make(clouds: Path):
    folder = make_run(clouds, spec_of())
    assert run_here(folder)["status"] == "finished"
    found = networks(folder)
    assert not equal(found["student"], found["twin"])
    alone = make_run(clouds, spec_of(objective__pseudo_weight=0.0, objective__unlabeled_pool=1))
    run_here(alone)
    assert equal(networks(alone)["twin"], found["twin"])


AGREEING: dict[str, Any] = {
    "model__widths": [],
    "model__dropout": 0.0,
    "model__solver": "exact",
    "objective__proposers": ["twin", "neighbors"],
    "objective__vote": "agree",
    "objective__keep": "class-share",
    "objective__last_share": 1.0,
    "objective__prior": "unknown",
    "objective__guard": True,
}


RECOMMENDED = AGREEING | {"objective__first_share": 0.3, "objective__pseudo_weight": 0.2}


def test_the_settings_that_are_recommended_are_those_that_are_tested():
    shipped = preset_spec("pseudo-table").as_dict()
    for path, value in RECOMMENDED.items():
        part, _, name = path.partition("__")
        if part == "objective":
            assert shipped[part].get(name, getattr(preset_spec("pseudo-table").objective, name)) in (
                value,
                tuple(value) if isinstance(value, list) else value,
            )
    assert preset_spec("pseudo-table").model.is_exact


def scramble_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """All labels that were not given are others from now on: of training, validation and test rows alike.

    The split and the budget are drawn from the labels, so they are drawn before.
    """
    from selfsup_core.tasks import classify

    real = classify.choose_rows

    def choose(y: np.ndarray, *arguments: Any) -> Any:
        found = real(y, *arguments)
        hidden = np.setdiff1d(np.arange(len(y)), found.train)
        y[hidden] = (y[hidden] + np.random.default_rng(1).integers(1, CLASSES, len(hidden))) % CLASSES
        return found

    monkeypatch.setattr(classify, "choose_rows", choose)


WAYS: dict[str, dict[str, Any]] = {
    "top-k": {},
    "agreement": AGREEING,
    "agreement, of a share of the labels": AGREEING
    | {"data__labels_per_class": 0, "data__labels_fraction": 0.1},
    "shares estimated": {"objective__prior": "estimated", "objective__align": True},
    "shares from the graph": {"objective__proposers": ["neighbors", "self"], "objective__prior": "auto"},
    "fixmatch": {"objective__method": "fixmatch", "objective__keep": "flexmatch"},
    "uneven classes minded": AGREEING | {"data__labels_per_class": 5},
}
UNEVEN = (0.8, 0.1, 0.1)


@pytest.mark.parametrize("way", list(WAYS))
def test_hidden_labels_reach_neither_student_nor_twin_nor_what_is_kept(workspace: Path, monkeypatch, way):
    """Bit for bit: weights, kept rows, what was said beforehand, and the alarms. Only ceiling and audit may
    notice.
    """
    minds = way == "uneven classes minded"
    make_table(workspace, "my-clouds", UNEVEN if minds else None)
    spec = spec_of(train__patience=1, train__epochs=3, **WAYS[way])
    honest = make_run(workspace, spec)
    before = run_here(honest)
    if minds:
        assert any("look uneven" in text for text in before["notices"]), "so that it has something to do"
    scramble_hidden(monkeypatch)
    blind = make_run(workspace, spec)
    state = run_here(blind)
    assert state["status"] == "finished", state["error"]
    a, b = networks(honest), networks(blind)
    assert equal(a["student"], b["student"])
    assert equal(a["twin"], b["twin"])
    assert not equal(a["ceiling"], b["ceiling"])
    kept = [read_frame(folder.path / PSEUDO) for folder in (honest, blind)]
    assert equal(*kept)
    assert before["notices"] == state["notices"]
    assert before["stop_reason"] == state["stop_reason"]
    assert before["best"] is state["best"] is None
    drifts, alarms = [], []
    for folder in (honest, blind):
        rows = epoch_rows(read_rows(folder.metrics))
        drifts.append([(row["kept_drift"], row["coverage"], row["flips"]) for row in rows])
        alarms.append([s for row in rows for s in row.get("signs", []) if s["code"] in ("drift", "collapse")])
    assert drifts[0] == drifts[1]
    assert alarms[0] == alarms[1]
    assert before["metrics"]["twin_accuracy"] > state["metrics"]["twin_accuracy"]
    assert before["metrics"]["pseudo_precision"] != state["metrics"]["pseudo_precision"]


def test_rows_on_which_classifier_and_neighbors_agree_are_kept(clouds: Path):
    folder = make_run(clouds, spec_of(**AGREEING))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert any("each hidden in turn" in text for text in state["notices"])
    kept = read_frame(folder.path / PSEUDO)
    assert set(kept["voters"][kept["weight"] > 0]) == {3}, "bits of both proposers"
    assert 0 < (kept["weight"] > 0).mean() < 1, "they differ on some rows, and those stay open"
    assert state["metrics"]["pseudo_precision"] > 0.6
    found = networks(folder)
    assert not equal(found["student"], found["twin"])


@pytest.mark.parametrize("silent", ["neighbors", "twin"])
def test_when_one_of_two_never_proposes_nothing_is_kept_and_the_student_is_the_twin(
    clouds: Path, monkeypatch, silent: str
):
    real = Proposers.propose

    def propose(self: Proposers, learned: dict[str, np.ndarray]) -> np.ndarray:
        nothing = np.full((len(self.pool), CLASSES), np.nan, np.float32)
        self.fixed = {name: nothing if name == silent else p for name, p in self.fixed.items()}
        return real(self, {name: nothing if name == silent else p for name, p in learned.items()})

    monkeypatch.setattr(Proposers, "propose", propose)
    folder = make_run(clouds, spec_of(**AGREEING))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["coverage"] == 0
    found = networks(folder)
    assert equal(found["student"], found["twin"])
    rows = epoch_rows(read_rows(folder.metrics))
    assert [{sign["code"] for sign in row.get("signs", [])} for row in rows[:-1]] == [set()] + [
        {"none-kept"}
    ] * (len(rows) - 2)
    assert state["verdict"]["outcome"] == "not used"


def test_that_none_was_kept_is_a_sign_in_the_rows_the_command_and_its_json(clouds: Path):
    folder = make_run(clouds, spec_of(objective__keep="entropy", objective__most_entropy=0.0))
    state = run_here(folder)
    assert state["metrics"]["coverage"] == 0
    assert state["verdict"]["text"].startswith("No pseudo-label was kept in any round")
    shown = cli("runs", "show", folder.id, workspace=clouds).stdout
    said = next(line for line in shown.splitlines() if line.startswith("None was kept"))
    assert "none passed. Raise Maximum entropy (now 0)" in said
    as_json = json.loads(cli("runs", "show", folder.id, "--json", workspace=clouds).stdout)
    assert "none-kept" in [sign["code"] for sign in as_json["signs"]]


@pytest.mark.parametrize("each", [2, 5])
def test_with_vectors_that_belong_to_other_rows_the_student_is_the_twin(clouds: Path, monkeypatch, each: int):
    """The graph ties any rows together, while the classifier still learns: what neighbors say must do no
    harm.
    """
    real = Proposers.features

    def shuffled(self: Proposers, rows: np.ndarray) -> np.ndarray:
        other = np.random.default_rng(2).permutation(SIZE)
        return real(self, other[rows])

    monkeypatch.setattr(Proposers, "features", shuffled)
    settings = RECOMMENDED | {"data__labels_per_class": each, "train__epochs": 2}
    folder = make_run(clouds, spec_of(**settings))
    state = run_here(folder)
    found, networks_ = state["metrics"], networks(folder)
    assert found["twin_accuracy"] > 0.6
    assert state["verdict"]["outcome"] == "not used"
    assert found["coverage"] == 0
    assert equal(networks_["student"], networks_["twin"])
    # Without the guard the same labels are used: what they do is the classifier's own opinion of some rows.
    unguarded = make_run(clouds, spec_of(**settings | {"objective__guard": False}))
    found, networks_ = run_here(unguarded)["metrics"], networks(unguarded)
    assert found["coverage"] > 0.2
    assert not equal(networks_["student"], networks_["twin"])


def test_with_noise_for_features_the_student_is_the_twin(workspace: Path):
    make_noise(workspace)
    folder = make_run(workspace, spec_of("my-noise", data__labels_per_class=15, **AGREEING))
    state = run_here(folder)
    assert state["verdict"]["outcome"] == "not used"
    found = networks(folder)
    assert equal(found["student"], found["twin"])


@pytest.mark.parametrize("student", ["scratch", "warm", "recommended"])
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(clouds: Path, monkeypatch, student: str):
    how = RECOMMENDED if student == "recommended" else {"objective__student": student}
    spec = spec_of(**how, train__checkpoint_seconds=1e-6)
    whole, cut = make_run(clouds, spec), make_run(clouds, spec)
    run_here(whole)
    kill_and_resume(cut, monkeypatch, saves=4)
    assert same(weights(whole), weights(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert equal(read_frame(whole.path / PSEUDO), read_frame(cut.path / PSEUDO))


def test_a_frame_counts_what_was_proposed_and_kept(clouds: Path):
    folder = make_run(clouds, spec_of())
    run_here(folder)
    frame = read_frame(frame_path(folder.frames, 4))
    file = read_frame(folder.path / PSEUDO)
    pool = len(file["rows"])
    truth, proposed, kept, labeled = frame["mix"]
    assert truth.sum() == proposed.sum() == pool
    assert labeled.sum() == 6
    assert kept.tolist() == [int(((file["label"] == c) & (file["weight"] > 0)).sum()) for c in range(3)]
    assert frame["histogram"].sum() == pool
    assert frame["histogram"][:, :, :2].sum() == pool  # all truths are known here
    right = frame["histogram"][:, :, 0].sum()
    assert right == (file["label"] == np.arange(SIZE)[file["rows"]] % 3).sum()
    assert frame["flow"].sum() == pool
    assert frame["flow"][:, 1:].sum(axis=0).tolist() == kept.tolist()
    assert np.trace(frame["kept_confusion"]) / kept.sum() == pytest.approx(
        epoch_rows(read_rows(folder.metrics))[-1]["pseudo_precision"]
    )
    assert json.loads(read_about(folder.path / PSEUDO)["proposers"]) == ["self"]
    assert len(frame["unsure_rows"]) == 24
    said = json.loads(read_about(frame_path(folder.frames, 4))["unsure_texts"])
    x = load_dataset(clouds / "datasets" / "my-clouds").x
    assert f" {x[frame['unsure_rows'][0], 0]:g} · " in said[0], "as it was uploaded"


def make_noise(workspace: Path) -> None:
    """Rows whose class has nothing to do with their numbers."""
    generator = np.random.default_rng(3)
    save_dataset(
        Dataset(
            id="my-noise",
            kind="table",
            title="Noise",
            x=generator.normal(size=(300, 5)).astype(np.float32),
            y=generator.integers(0, 2, 300).astype(np.int32),
            classes=("a", "b"),
            columns=tuple("pqrst"),
            details={"rows": 300, "shape": [5]},
        ),
        workspace / "datasets" / "my-noise",
    )


def test_where_similar_rows_do_not_share_a_class_nothing_is_kept_and_it_is_said(workspace: Path):
    make_noise(workspace)
    for method in ("rounds", "fixmatch"):
        folder = make_run(
            workspace,
            spec_of(
                "my-noise",
                data__labels_per_class=15,
                objective__guard=True,
                objective__method=method,
                train__epochs=2,
            ),
        )
        state = run_here(folder)
        assert state["status"] == "finished", state["error"]
        assert state["verdict"]["outcome"] == "not used"
        assert "so no pseudo-label is kept" in state["verdict"]["text"]
        assert state["metrics"]["coverage"] == 0
        found = networks(folder)
        assert equal(found["student"], found["twin"])
    anyway = make_run(
        workspace,
        spec_of("my-noise", data__labels_per_class=15, objective__guard=False, train__epochs=2),
    )
    assert run_here(anyway)["metrics"]["coverage"] > 0


def test_the_guard_leaves_rules_alone(workspace: Path):
    """Rules need no similar rows to be right, so nothing that similar rows say is held against them."""
    make_noise(workspace)
    spec = spec_of(
        "my-noise",
        train__epochs=2,
        data__labels_per_class=15,
        objective__guard=True,
        objective__proposers=["rules"],
        objective__rules="a: p > 1\nb: q > 1",
    )
    state = run_here(make_run(workspace, spec))
    assert state["verdict"]["outcome"] != "not used"
    assert state["metrics"]["coverage"] > 0


def test_votes_and_calibration_are_kept(clouds: Path):
    folder = make_run(clouds, spec_of(objective__proposers=["neighbors", "self"]))
    assert run_here(folder)["status"] == "finished"
    vote = json.loads(read_about(folder.path / PSEUDO)["vote"])
    assert vote["names"] == ["neighbors", "self"]
    assert vote["coverage"] == [1.0, 1.0]
    assert 0 <= vote["conflicts"] < 0.7
    assert vote["agreement"][0][1] == pytest.approx(1 - vote["conflicts"])
    tested = json.loads((folder.path / "test.json").read_text())
    found = tested["calibration"]
    assert "temperature" not in found, "the labels of validation rows are beyond the budget"
    assert sum(b["rows"] for b in found["before"]["bins"]) == found["rows"]
    assert len(reliability_figure(found).data) == 2
    assert tested["verdict"]["outcome"] in ("helped", "hurt", "no difference", "unknown")


def test_without_unlabeled_rows_student_and_twin_are_the_same_and_it_is_said(clouds: Path):
    folder = make_run(clouds, spec_of(data__labels_per_class=0))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert "nothing to propose" in " ".join(state["notices"])
    assert state["metrics"]["accuracy"] == state["metrics"]["twin_accuracy"]


def test_labels_by_hand_are_learned_by_both(clouds: Path):
    base = make_run(clouds, spec_of(train__epochs=2))
    run_here(base)
    row = int(read_frame(base.path / PSEUDO)["rows"][0])
    folder = make_run(clouds, spec_of(train__epochs=2, objective__hand=[[row, 1]]))
    assert run_here(folder)["status"] == "finished"
    assert row not in read_frame(folder.path / PSEUDO)["rows"]
    assert not equal(networks(folder)["twin"], networks(base)["twin"])


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 hand label is for a validation or test row of this split and is not used for training."),
        (2, "2 hand labels are for validation or test rows of this split and are not used for training."),
    ],
)
def test_hand_labels_of_test_rows_are_not_learned_and_it_is_said(clouds: Path, count, said):
    from selfsup_core.data.sources import open_source
    from selfsup_core.data.splits import split_rows

    dataset = open_source("my-clouds", clouds)
    hand = [[int(row), 1] for row in split_rows(dataset, validation=0.2, test=0.2, seed=0).test[:count]]
    base = make_run(clouds, spec_of(train__epochs=1))
    folder = make_run(clouds, spec_of(train__epochs=1, objective__hand=hand))
    run_here(base)
    state = run_here(folder)
    assert equal(networks(base)["twin"], networks(folder)["twin"])
    assert said in state["notices"]


def test_a_hand_label_of_an_unknown_class_is_refused(clouds: Path):
    state = run_here(make_run(clouds, spec_of(train__epochs=1, objective__hand=[[0, CLASSES]])))
    assert state["status"] == "failed"
    assert state["error"]["code"] == "bad-hand-label"
    assert "A hand label has class number 3, but this data set has 3 classes." in state["error"]["message"]


def test_a_limit_on_unlabeled_rows_holds_and_is_said(clouds: Path):
    folder = make_run(clouds, spec_of(train__epochs=1, objective__unlabeled_pool=20))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    assert len(read_frame(folder.path / PSEUDO)["rows"]) == 20
    said = [note for note in state["notices"] if "Unlabeled rows" in note]
    assert len(said) == 1
    assert re.fullmatch(r"This run uses 20 of \d{3} unlabeled rows, as set \(Unlabeled rows\)\.", said[0])


def test_a_proposer_twice_is_refused():
    with pytest.raises(SettingError, match="be given only once"):
        spec_of(objective__proposers=["self", "self"])


def test_all_presets_in_which_two_agree_mind_uneven_classes_unless_told_that_they_are_even():
    two = [name for name in list_presets("pseudo") if agreeing(preset_spec(name).objective)]
    assert len(two) >= 6
    for name in two:
        assert minds_shares(preset_spec(name).objective), name
        assert not minds_shares(preset_spec(name, {"objective.prior": "even"}).objective), name


@pytest.mark.parametrize("preset", list_presets("pseudo"))
def test_every_preset_is_a_valid_spec(preset: str):
    assert preset_spec(preset).name


def test_estimated_shares_are_kept_with_their_errors(clouds: Path):
    folder = make_run(clouds, spec_of(objective__proposers=["self"], objective__prior="estimated"))
    assert run_here(folder)["status"] == "finished"
    prior = json.loads(read_about(folder.path / PSEUDO)["prior"])
    assert sum(prior["shares"]) == pytest.approx(1, abs=1e-5)
    assert all(0 < error < 0.2 for error in prior["errors"])
    even = make_run(clouds, spec_of(objective__proposers=["self"]))
    run_here(even)
    assert json.loads(read_about(even.path / PSEUDO)["prior"]) == {}


def test_it_can_be_stopped_while_labels_are_proposed_before_the_first_step(clouds: Path, monkeypatch):
    folder = make_run(clouds, spec_of(objective__proposers=["neighbors"]))
    asked = Proposers._ask_neighbors

    def ask_and_stop(self):
        update_state(folder, status="starting")
        send(folder, "pause")
        send(folder, "stop")
        asked(self)
        raise AssertionError("it went on")

    monkeypatch.setattr(Proposers, "_ask_neighbors", ask_and_stop)
    state = run_here(folder)
    assert (state["status"], state["stop_reason"]) == ("stopped", "stopped by hand")
    assert not list(folder.checkpoints.glob("step-*"))


def test_rows_to_label_by_hand_differ():
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0], [50, 0], [0, 50], [50, 50]], float)
    x = np.repeat(centers, 10, axis=0) + rng.normal(size=(40, 2))
    chosen = spread_out(x, 4)
    assert chosen[0] == 0
    assert sorted(chosen // 10) == [0, 1, 2, 3]  # one of each heap
    assert len(set(spread_out(x, 24).tolist())) == 24
    assert sorted(spread_out(np.ones((3, 2)), 9).tolist()) == [
        0,
        1,
        2,
    ]  # all alike, and fewer than asked for
