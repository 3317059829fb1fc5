"""The evaluator: fixed rows, right numbers, no test row, and a training that it does not touch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.evaluate.autoencoder import Evaluator, order_by_class
from selfsup_core.evaluate.views import ViewsEvaluator
from selfsup_core.evaluate.words.verdict import compare_with_pca, describe_run
from selfsup_core.features.batches import Prepared, prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.models import MODELS
from selfsup_core.models.dense import DenseConfig
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.reconstruction import ReconstructionConfig
from selfsup_core.projection.pca import fit_pca

OBJECTIVE = OBJECTIVES["reconstruction"](ReconstructionConfig())


def poisoned() -> Prepared:
    """Digits in bytes, all below 200, and test rows of 255 only."""
    generator = np.random.default_rng(0)
    y = np.arange(400) % 4
    x = generator.integers(0, 200, size=(400, 3, 3)).astype(np.uint8)
    test = split_rows(
        Dataset(id="p", kind="image", title="", x=x, y=y), validation=0.1, test=0.2, seed=0
    ).test
    x[test] = 255
    dataset = Dataset(id="p", kind="image", title="", x=x, y=y, scale=1 / 255)
    return prepare(dataset, DataConfig(test=0.2))


class Spy:
    """Stands before `Prepared.values` and keeps every batch that leaves it."""

    def __init__(self, data: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[torch.Tensor] = []
        real = Prepared.values

        def values(prepared: Prepared, rows: torch.Tensor) -> torch.Tensor:
            self.batches.append(real(prepared, rows))
            return self.batches[-1]

        monkeypatch.setattr(Prepared, "values", values)

    def greatest(self) -> float:
        return max(float(batch.max()) for batch in self.batches)


@pytest.mark.parametrize("budget", [0, 3])
def test_no_test_row_reaches_the_evaluation(monkeypatch, budget):
    data = poisoned()
    assert float(data.values(data.rows(data.split.test)).min()) == 1  # the poison is there
    spy = Spy(data, monkeypatch)
    evaluator = Evaluator(data, tiles=16, samples=300, labels_per_class=budget, seed=0)
    model = MODELS["dense"].build(DenseConfig(widths=(4,)), (3, 3))
    evaluator.evaluate(model, OBJECTIVE, torch.Generator())
    evaluator.baseline(4, fit_pca)
    assert len(spy.batches) >= 7
    assert spy.greatest() < 0.8
    rows = np.concatenate(
        [
            evaluator.validation,
            evaluator.tiles,
            evaluator.samples,
            evaluator.queries,
            evaluator.references,
        ]
    )
    assert not set(rows.tolist()) & set(data.split.test.tolist())
    assert len(evaluator.references) == (280 if budget == 0 else 4 * budget)


@pytest.fixture
def digits(tmp_path) -> Prepared:
    return prepare(open_source("digits", tmp_path), DataConfig(source="digits"))


def test_numbers_are_those_of_the_sigmoid_output(digits):
    evaluator = Evaluator(digits, tiles=12, samples=100, labels_per_class=0, seed=0)
    model = MODELS["dense"].build(DenseConfig(widths=(16,)), (8, 8))
    view = evaluator.evaluate(model, OBJECTIVE, torch.Generator())
    x = digits.values(digits.rows(evaluator.validation))
    output = torch.sigmoid(model(x)).detach().double().numpy()
    truth = x.double().numpy()
    assert view.metrics["val_mse"] == pytest.approx(np.mean((output - truth) ** 2), rel=1e-5)
    bce = -np.mean(truth * np.log(output) + (1 - truth) * np.log(1 - output))
    assert view.metrics["val_loss"] == pytest.approx(bce, rel=1e-5)
    tiles = digits.values(digits.rows(evaluator.tiles))
    assert np.allclose(view.reconstructions, torch.sigmoid(model(tiles)).detach(), atol=1e-6)
    samples = digits.values(digits.rows(evaluator.samples))
    assert np.allclose(view.latents, model.encode(samples).detach(), atol=1e-5)
    errors = (torch.sigmoid(model(samples)) - samples).square().mean(dim=1).detach()
    assert np.allclose(view.sample_loss, errors, atol=1e-6)


def test_looking_changes_neither_the_model_nor_its_training(digits):
    evaluator = Evaluator(digits, tiles=4, samples=40, labels_per_class=0, seed=0)
    model = MODELS["dense"].build(DenseConfig(widths=(4,)), (8, 8)).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()
    first = evaluator.evaluate(model, OBJECTIVE, torch.Generator())
    second = evaluator.evaluate(model, OBJECTIVE, torch.Generator())
    assert first.metrics == second.metrics
    assert model.training
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_a_glance_shows_what_an_evaluation_shows(digits):
    evaluator = Evaluator(digits, tiles=4, samples=200, labels_per_class=0, seed=0)
    model = MODELS["dense"].build(DenseConfig(widths=(4,)), (8, 8)).train()
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    whole = evaluator.evaluate(model, OBJECTIVE, torch.Generator())
    glance = evaluator.glance(model, OBJECTIVE, torch.Generator())
    for name in ("reconstructions", "tile_loss", "latents", "sample_loss"):
        np.testing.assert_allclose(getattr(glance, name), getattr(whole, name), rtol=1e-4, atol=1e-5)
    assert set(glance.metrics) <= set(whole.metrics)
    assert evaluator.glance_beside == 4 + 50
    assert model.training
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_without_labels_there_is_no_neighbor_score():
    x = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    data = prepare(Dataset(id="u", kind="table", title="", x=x), DataConfig())
    evaluator = Evaluator(data, tiles=4, samples=20, labels_per_class=0, seed=0)
    model = MODELS["dense"].build(DenseConfig(widths=(2,)), (5,))
    assert evaluator.evaluate(model, OBJECTIVE, torch.Generator()).metrics["knn_accuracy"] is None
    assert evaluator.baseline(2, fit_pca)["raw_knn_accuracy"] is None


def test_with_no_labeled_training_row_there_is_no_neighbor_score():
    x = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    y = np.full(60, -1)
    data = prepare(Dataset(id="u", kind="table", title="", x=x, y=y), DataConfig())
    evaluator = Evaluator(data, tiles=4, samples=20, labels_per_class=2, seed=0)
    assert evaluator.baseline(2, fit_pca)["raw_knn_accuracy"] is None


@pytest.mark.parametrize("kind", [Evaluator, ViewsEvaluator])
@pytest.mark.parametrize("unlabeled", [0, 20])
def test_with_a_single_class_no_accuracy_has_a_meaning(kind, unlabeled):
    x = np.random.default_rng(0).normal(size=(80, 5)).astype(np.float32)
    y = np.where(np.arange(80) < unlabeled, -1, 0)
    data = prepare(Dataset(id="o", kind="table", title="", x=x, y=y, classes=("a",)), DataConfig())
    evaluator = kind(data, tiles=4, samples=40, labels_per_class=0, seed=0)
    assert len(evaluator.queries)
    baseline = evaluator.baseline(2, fit_pca)
    measured = evaluator._accuracies(torch.zeros(8, 2), torch.zeros(40, 2))
    assert measured == {"knn_accuracy": None, "probe_accuracy": None}
    assert all(value is None for name, value in baseline.items() if name.endswith("accuracy"))
    model = MODELS["dense"].build(DenseConfig(widths=(2,)), (5,))
    metrics = Evaluator.evaluate(evaluator, model, OBJECTIVE, torch.Generator()).metrics
    assert (metrics["knn_accuracy"], metrics["probe_accuracy"]) == (None, None)
    said = describe_run({"task": "autoencoder", "metrics": metrics, "baseline": baseline})
    assert "%" not in said
    assert "mean squared error" in said


def test_first_tiles_show_every_class(digits):
    evaluator = Evaluator(digits, tiles=32, samples=100, labels_per_class=0, seed=0)
    assert digits.y[evaluator.tiles][:10].tolist() == list(range(10))
    assert set(evaluator.tiles.tolist()) <= set(digits.split.validation.tolist())


def test_order_by_class_goes_round_and_round():
    y = np.array([2, 0, 0, 1, 2, 0])
    rows = np.arange(6)
    assert y[order_by_class(rows, y)].tolist() == [0, 1, 2, 0, 2, 0]
    assert np.array_equal(np.sort(order_by_class(rows, y)), rows)
    assert np.array_equal(order_by_class(rows, None), rows)


@pytest.mark.parametrize(
    ("mse", "words"),
    [(0.0097, "better"), (0.0099, "about as good"), (0.0101, "about as good"), (0.0103, "worse")],
)
def test_verdict_has_a_margin(mse, words):
    assert compare_with_pca(mse, 0.01).startswith(words)


def test_a_code_with_room_for_a_copy_is_not_compared():
    """PCA with as many numbers as columns copies exactly, up to rounding."""
    said = "the code has room for a copy, so a small error says little"
    assert compare_with_pca(0.0017, 3e-14) == said
    state = {
        "metrics": {"val_mse": 0.0017},
        "baseline": {"pca_mse": 3e-14, "pca_components": 64, "verdict_margin": 0.02},
    }
    assert describe_run(state) == f"mean squared error 0.0017 on new samples · {said}"


def test_run_in_one_line():
    state = {
        "metrics": {"val_mse": 0.021, "knn_accuracy": 0.91},
        "baseline": {
            "pca_mse": 0.027,
            "pca_components": 16,
            "raw_knn_accuracy": 0.93,
            "verdict_margin": 0.02,
        },
    }
    assert describe_run(state) == (
        "mean squared error 0.0210 on new samples · better than PCA, the best linear method with as many "
        "values (16): error 0.0270 · 5 nearest neighbors in the latent space 91.0% (raw input 93.0%)"
    )
    assert describe_run({"metrics": {}, "baseline": None}) == "no epoch yet"
