"""Did it help? Which rows and labels are used, the probe as last layer, going on after a stop."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from selfsup_core.errors import DataError, RunError
from selfsup_core.evaluate.probe import fit_probe
from selfsup_core.runs import benefit as asking
from selfsup_core.runs.benefit import BenefitConfig, count_done, estimate_benefit, read_benefit
from selfsup_core.tasks.parts import benefit
from selfsup_core.tasks.parts.benefit import Measuring
from selfsup_core.tasks.parts.benefit_rows import usable_counts
from selfsup_core.tasks.parts.supervised import Fit, head_of
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.tasks.views_helpers import tiny

QUICK = BenefitConfig(labels=(2, 0), draws=2)


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("benefit"), tiny())
    assert run_here(folder)["status"] == "finished"
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name, value in {"LEAST_STEPS": 10, "MOST_STEPS": 10}.items():
        monkeypatch.setattr(asking, name, value)
    monkeypatch.setattr("selfsup_core.tasks.parts.represent.BUDGET", {"train.epochs": 1})


@pytest.fixture(scope="module")
def answer(wine):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LEAST_STEPS", "MOST_STEPS"):
            patch.setattr(asking, name, 10)
        patch.setattr("selfsup_core.tasks.parts.represent.BUDGET", {"train.epochs": 1})
        shares = [one.share for one in Measuring(wine.workspace, wine, QUICK).steps()]
    return shares, read_benefit(wine)


def test_all_ways_are_measured_at_all_numbers_of_labels(wine, answer):
    shares, found = answer
    assert shares == sorted(shares)
    methods = {"probe", "finetuned", "scratch", "autoencoder", "pca", "raw"}
    assert {(p["labels"], p["method"]) for p in found["points"]} == {(n, m) for n in (2, 0) for m in methods}
    assert all(0 <= share <= 1 for p in found["points"] for share in (p["accuracy"], *p["draws"]))
    assert all(p["interval"] is None and len(p["draws"]) == 2 for p in found["points"])
    assert (found["epoch"], found["draws"]) == (3, 2)
    assert found["verdict"]["outcome"] == "unknown"
    # All labels: probes have nothing to draw, and are the same twice.
    kept = json.loads((wine.path / "benefit.json").read_bytes())
    rights = {c["right"] for c in kept["cells"] if (c["labels"], c["method"]) == (0, "raw")}
    assert len(rights) == 1
    assert estimate_benefit(wine, QUICK) > asking.START_SECONDS


def test_asked_again_nothing_is_measured_again(wine, answer):
    before = (wine.path / "benefit.json").stat().st_mtime_ns
    assert list(Measuring(wine.workspace, wine, QUICK).steps()) == []
    assert (wine.path / "benefit.json").stat().st_mtime_ns == before


def test_stopped_and_continued_it_says_the_same(wine, answer, tmp_path):
    import shutil

    workspace = tmp_path / "copy"
    shutil.copytree(wine.workspace, workspace)
    folder = dataclasses.replace(wine, path=workspace / "runs" / wine.id)
    (folder.path / "benefit.json").unlink()
    steps = Measuring(workspace, folder, QUICK).steps()
    while count_done(folder)[0] < 3:
        next(steps)
    steps.close()
    assert read_benefit(folder) is None
    assert count_done(folder) == (3, 4)
    assert list(Measuring(workspace, folder, QUICK).steps())
    assert read_benefit(folder) == answer[1]
    assert count_done(folder) == (0, 0)


def test_labels_are_of_training_rows_and_test_rows_are_only_classified(wine, monkeypatch):
    measuring = Measuring(wine.workspace, wine, QUICK)
    split, rows = measuring.data.split, measuring.rows
    assert set(rows.pool) <= set(split.train)
    assert set(rows.held) <= set(split.validation)
    assert set(rows.test) <= set(split.test)
    fits, probes = [], []
    real_fit, real_probe = benefit.Fit, benefit.fit_probe
    monkeypatch.setattr(benefit, "Fit", lambda *a, **k: fits.append(k) or real_fit(*a, **k))
    monkeypatch.setattr(benefit, "fit_probe", lambda *a, **k: probes.append(a) or real_probe(*a, **k))
    list(measuring._represent())
    cells = [one for one in measuring._measure(2, 0) if not isinstance(one, int)]
    assert len(cells) == 6
    assert {len(fit["x"]) for fit in fits} == {6}  # two labels of three classes
    assert {len(y) for _, y in probes} == {6}
    test = {row.tobytes() for row in measuring.x["test"].numpy()}
    for fit in fits:
        seen = {row.tobytes() for row in torch.cat([fit["x"], fit["held_x"]]).numpy()}
        assert not seen & test


def test_a_probe_as_last_layer_says_what_the_probe_says():
    rng = np.random.default_rng(0)
    for classes in (2, 4):
        y = rng.integers(classes, size=80)
        x = rng.normal(size=(80, 5)) * [1, 10, 0.1, 3, 1] + y[:, None]
        probe = fit_probe(x, y)
        with torch.no_grad():
            said = head_of(probe, classes)(torch.from_numpy(x).float()).argmax(dim=1).numpy()
        np.testing.assert_array_equal(said, probe.predict(x))
    # A class that the probe has not seen is never the first guess.
    some = dataclasses.replace(fit_probe(x, np.where(y == 0, 0, 2)), classes=np.array([0, 2]))
    with torch.no_grad():
        assert set(head_of(some, 3)(torch.from_numpy(x).float()).argmax(dim=1).tolist()) <= {0, 2}


def test_fine_tuning_is_never_worse_than_its_beginning_on_validation_rows(wine):
    measuring = Measuring(wine.workspace, wine, QUICK)
    list(measuring._represent())
    places = np.arange(0, len(measuring.rows.pool), 4)
    probe, cell = measuring._probe("probe", 2, 0, places)
    fit = measuring._fit("finetuned", places, 0, 0.0, probe)
    before = {name: value.clone() for name, value in fit.model.body.state_dict().items() if "running" in name}
    list(fit.train())
    assert isinstance(fit, Fit)
    assert fit.validation >= cell["validation"] - 1e-9
    after = fit.model.body.state_dict()
    assert before
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_what_no_class_has_is_not_asked_for():
    assert usable_counts((0, 50, 5, 5, 1), 20) == [1, 5, 0]
    assert usable_counts((50,), 20) == [0]


def test_without_labels_or_views_it_is_refused_in_words(workspace, wine, monkeypatch):
    plain = make_run(workspace)
    run_here(plain)
    with pytest.raises(RunError, match="does not learn from views"):
        Measuring(workspace, plain, QUICK)
    real = benefit.prepare_views

    def without_labels(*arguments):
        return tuple(dataclasses.replace(one, y=None) for one in real(*arguments))

    monkeypatch.setattr(benefit, "prepare_views", without_labels)
    with pytest.raises(DataError, match="no labels to measure with"):
        Measuring(wine.workspace, wine, QUICK)


def test_the_command_prints_a_table_and_the_verdict(wine, answer):
    told = cli("views", "benefit", wine.id, "--labels", "2,all", "--draws", "2", workspace=wine.workspace)
    assert told.returncode == 0, told.stderr
    assert "Supervised twin: same network on labels alone" in told.stdout
    assert answer[1]["verdict"]["text"] in told.stdout
    found = cli(
        "views", "benefit", wine.id, "--labels", "2,all", "--draws", "2", "--json", workspace=wine.workspace
    )
    assert json.loads(found.stdout) == answer[1]
    wrong = cli("views", "benefit", wine.id, "--labels", "two", workspace=wine.workspace)
    assert wrong.returncode == 2
    assert "not a number of labels" in wrong.stderr
