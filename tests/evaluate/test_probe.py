"""The linear probe against a slow reference of its own, against scikit-learn, and on odd input."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from selfsup_core.data.splits import choose_labeled
from selfsup_core.evaluate import probe as probing
from selfsup_core.evaluate.probe import fit_probe, probe_accuracy, scales_columns
from selfsup_core.projection.pca import fit_pca

Rows = tuple[torch.Tensor, torch.Tensor]


def blobs(rows: int, seed: int) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(4, (rows,), generator=generator)
    centers = 1.5 * torch.randn(4, 6, generator=torch.Generator().manual_seed(7))
    x = centers[y] + torch.randn(rows, 6, generator=generator)
    return x * torch.tensor([1, 10, 100, 1, 1, 0.01]), y


def digits(side: int) -> tuple[Rows, Rows]:
    """Training and query rows of (side · side) pixels, neighbors strongly correlated."""
    found = load_digits()
    images = torch.tensor(found.images / 16).float()[:, None]
    x = torch.nn.functional.interpolate(images, size=(side, side), mode="bilinear").flatten(1)
    y = torch.tensor(found.target)
    return (x[:1297], y[:1297]), (x[1297:], y[1297:])


def fit_slowly(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(D + 1, C) at the optimum of Σ cross-entropy + ½‖W‖², the bias free: a formula of its own, in
    float64.
    """
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    weights = torch.zeros(x.shape[1], int(y.max()) + 1, dtype=x.dtype, requires_grad=True)
    search = torch.optim.LBFGS(
        [weights], max_iter=2000, tolerance_grad=1e-7, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        search.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weights, y, reduction="sum")
        loss = loss + 0.5 * weights[:-1].square().sum()
        loss.backward()
        return loss

    search.step(closure)
    return weights.detach()


@pytest.mark.parametrize("rows", ["blobs", "digits"])
def test_the_probe_is_at_the_optimum_of_regularized_cross_entropy(rows: str):
    (x, y), (q, wanted) = (blobs(300, 0), blobs(500, 1)) if rows == "blobs" else digits(8)
    mean, scale = x.double().mean(0), x.double().std(0, correction=0)
    scale[scale == 0] = 1.0
    weights = fit_slowly((x - mean) / scale, y)
    named = ((q - mean) / scale @ weights[:-1] + weights[-1]).argmax(dim=1)
    expected = float((named == wanted).double().mean())
    probe = fit_probe(x.double().numpy(), y.numpy())
    assert (probe.predict(q.double().numpy()) == wanted.numpy()).mean() == pytest.approx(expected, abs=0.01)


def test_the_probe_is_scikit_learns_on_standardized_features():
    (x, y), (q, wanted) = blobs(300, 0), blobs(500, 1)
    mean, scale = x.mean(0), x.std(0, correction=0)
    judge = LogisticRegression(max_iter=1000).fit(((x - mean) / scale).numpy(), y.numpy())
    expected = judge.score(((q - mean) / scale).numpy(), wanted.numpy())
    with torch.inference_mode():
        found = probe_accuracy(x.clone(), y, q.clone(), wanted)  # inference tensors
    assert found == pytest.approx(expected, abs=0.004)


def test_only_training_rows_are_standardized_on():
    (x, y), (q, wanted) = blobs(300, 0), blobs(500, 1)
    alone = [probe_accuracy(x, y, q[i : i + 1], wanted[i : i + 1]) for i in range(0, 500, 25)]
    together = probe_accuracy(x, y, q[::25], wanted[::25])
    assert np.mean(alone) == pytest.approx(together)


def test_the_scale_and_place_of_a_feature_do_not_matter_where_each_has_its_own():
    (x, y), (q, wanted) = blobs(300, 0), blobs(500, 1)
    scale, shift = torch.tensor([1e-2, 1, 1e2, 1e3, 10, 1]), torch.arange(6.0)
    assert scales_columns((x * scale + shift).double().numpy(), y.numpy())
    moved = probe_accuracy(x * scale + shift, y, q * scale + shift, wanted)
    own = fit_probe(x.double().numpy(), y.numpy()).predict(q.double().numpy())
    assert moved == pytest.approx((own == wanted.numpy()).mean(), abs=0.004)


def faint(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two columns that tell three classes apart, and 200 faint ones of noise, as of PCA."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    told = np.stack([np.cos(y), np.sin(y)], axis=1) * 4 + rng.normal(size=(rows, 2))
    return np.concatenate([told, 0.05 * rng.normal(size=(rows, 200))], axis=1), y


def test_one_scale_is_chosen_where_small_columns_are_noise():
    (x, y), (q, wanted) = faint(30, 0), faint(600, 1)
    assert not scales_columns(x, y)
    own, one = (
        (fit_probe(x, y, per_column=per_column).predict(q) == wanted).mean() for per_column in (True, False)
    )
    assert one > own + 0.05
    sides = (torch.from_numpy(side) for side in (x, y, q, wanted))
    assert probe_accuracy(*sides) == pytest.approx(one, abs=0.004)


def test_the_scale_is_chosen_on_training_rows_alone():
    """Other queries, and other labels of them, change nothing of what is predicted."""
    (x, y), (q, wanted) = faint(30, 0), faint(300, 1)
    x, y, q, wanted = (torch.from_numpy(side) for side in (x, y, q, wanted))
    right = [probe_accuracy(x, y, q, torch.full_like(wanted, label)) for label in range(3)]
    assert sum(right) == pytest.approx(1)
    parts = [probe_accuracy(x, y, q[i : i + 100], wanted[i : i + 100]) for i in (0, 100, 200)]
    assert np.mean(parts) == pytest.approx(probe_accuracy(x, y, q, wanted))


def test_with_one_label_per_class_there_is_nothing_to_choose_by():
    x, y = faint(3, 0)
    assert not scales_columns(x, y)
    # Where one of two classes has a single row, the fold that holds it out has one class to fit: skipped.
    pair = torch.from_numpy(np.stack([x[0], x[1], x[0]])), torch.tensor([0, 1, 0])
    assert probe_accuracy(*pair, *pair) == 1.0


def test_losses_are_cross_entropy():
    (x, y), (q, wanted) = faint(60, 0), faint(40, 1)
    y, wanted = (2 * side + 5 for side in (y, wanted))  # classes need not be 0, 1, 2
    probe = fit_probe(x, y)
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(probe.logits(q)), torch.from_numpy((wanted - 5) // 2), reduction="none"
    )
    np.testing.assert_allclose(probe.losses(q, wanted), expected.numpy(), atol=1e-9)


def test_of_principal_components_with_few_labels_one_scale_is_chosen():
    """Accuracies in cross-validation of 20 rows are often equal; of all 50 components most are noise."""
    (x, y), (q, wanted) = digits(8)
    pca = fit_pca(x, 50)
    x, q = (pca.transform(side).double().numpy() for side in (x, q))
    seen = choose_labeled(np.arange(len(y)), y.numpy(), 2, 0)
    y, wanted = y.numpy(), wanted.numpy()
    assert not scales_columns(x[seen], y[seen])
    own, one = (
        (fit_probe(x[seen], y[seen], per_column=per_column).predict(q) == wanted).mean()
        for per_column in (True, False)
    )
    assert one > own + 0.1


def test_the_choice_looks_at_so_many_rows_at_most_of_all_classes(monkeypatch):
    seen = []
    real = probing.fit_probe

    def fit(x, y, **settings):
        seen.append((len(y), len(set(y))))
        return real(x, y, **settings)

    monkeypatch.setattr(probing, "fit_probe", fit)
    x, y = faint(1500, 0)
    scales_columns(x[:, :4], np.sort(y))
    assert sum(rows for rows, _ in seen) == 2 * 2 * probing.CHOSEN_ROWS  # two thirds, three times, two ways
    assert {classes for _, classes in seen} == {3}


def test_an_empty_side_has_no_accuracy():
    x, y = blobs(40, 0)
    assert probe_accuracy(x[:0], y[:0], x, y) is None
    assert probe_accuracy(x, y, x[:0], y[:0]) is None


def test_one_class_is_named_for_all():
    x, y = blobs(40, 0)
    expected = float((y == 2).float().mean())
    assert probe_accuracy(x, torch.full_like(y, 2), x, y) == pytest.approx(expected)


def test_a_class_that_was_never_seen_is_never_named():
    (x, y), (q, wanted) = blobs(300, 0), blobs(500, 1)
    seen = y != 3
    found = probe_accuracy(x[seen], y[seen], q[wanted == 3], wanted[wanted == 3])
    assert found == 0.0
    assert probe_accuracy(x[seen], y[seen], q[wanted != 3], wanted[wanted != 3]) > 0.7


def test_a_constant_feature_says_nothing():
    (x, y), (q, wanted) = blobs(300, 0), blobs(500, 1)
    wide, wide_q = (torch.cat([side, torch.full((len(side), 1), 0.1)], dim=1) for side in (x, q))
    assert probe_accuracy(wide, y, wide_q, wanted) == probe_accuracy(x, y, q, wanted)
    same = torch.ones(300, 3), torch.ones(500, 3)
    assert probe_accuracy(same[0], y, same[1], wanted) == float((wanted == y.mode()[0]).double().mean())


def test_values_that_are_not_finite_have_no_accuracy():
    x, y = blobs(40, 0)
    assert probe_accuracy(x * float("inf"), y, x, y) is None
    assert probe_accuracy(x, y, x * float("nan"), y) is None


def test_the_probe_is_quick_enough_for_every_epoch():
    """A wide margin over what one core needs (8 ms for 16 numbers, 250 ms for 784 correlated ones): catches a
    blow-up.
    """
    (x, y), (q, wanted) = digits(28)
    began = time.process_time()
    probe_accuracy(x, y, q, wanted)
    assert time.process_time() - began < 5


def test_one_scale_for_all_columns_keeps_small_ones_small():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 6)
    x = np.concatenate([(y + rng.normal(0, 0.1, 12))[:, None], 1e-3 * rng.normal(size=(12, 40))], axis=1)
    own, one = (fit_probe(x, y, per_column=per_column) for per_column in (True, False))
    np.testing.assert_allclose(one.scale, np.sqrt(x.var(axis=0).mean()))
    noise = [
        np.abs(p.weight[1, 1:] / p.scale[1:]).max() / np.abs(p.weight[1, 0] / p.scale[0]) for p in (own, one)
    ]
    assert noise[1] < noise[0] / 10
