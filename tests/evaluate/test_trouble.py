"""Signs of trouble: each fires just above its bound, not below, and never on a healthy run."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.trouble import find_signs

ABOUT = {
    "objective": "reconstruction", "objective_settings": {"loss": "bce"}, "code_size": 16,
    "code_activation": "relu", "is_last": False, "epochs": 30,
}  # fmt: skip
BASE = {"pca_mse": 0.02, "pca_components": 16}
HEALTHY = {
    "epoch": 10, "train_loss": 0.1, "val_loss": 0.11, "val_mse": 0.01, "val_dead_units": 0.0,
    "val_saturated": 0.001, "val_active_dimensions": 14.0, "val_used_codes": 0.9,
}  # fmt: skip
PAST = [
    {"epoch": e, "train_loss": 0.5 - 0.04 * e, "val_loss": 0.5 - 0.035 * e} for e in range(1, 10)
]


def codes(row=None, past=None, about=None, base=BASE) -> list[str]:
    found = find_signs(HEALTHY | (row or {}), past or PAST, base, ABOUT | (about or {}))
    assert all(sign["text"].endswith(".") and sign["remedy"].endswith(".") for sign in found)
    return [sign["code"] for sign in found]


def test_a_healthy_epoch_has_none_and_epoch_0_never():
    assert codes() == []
    assert (
        codes({"epoch": 0, "val_dead_units": 1.0, "val_saturated": 1.0}, about={"is_last": True})
        == []
    )


@pytest.mark.parametrize(
    ("code", "below", "above"),
    [
        ("dead-units", {"val_dead_units": 0.25}, {"val_dead_units": 0.26}),
        ("posterior-collapse", {"val_active_dimensions": 8.0}, {"val_active_dimensions": 7.0}),
        ("codebook-collapse", {"val_used_codes": 0.3}, {"val_used_codes": 0.29}),
        ("saturated", {"val_saturated": 0.02}, {"val_saturated": 0.021}),
    ],
)
def test_each_bound(code, below, above):
    assert codes(below) == []
    assert codes(above) == [code]


def test_collapse_is_not_called_before_the_warm_up_is_over():
    about = {"objective_settings": {"warmup_epochs": 12.0}}
    assert codes({"val_active_dimensions": 0.0}, about=about) == []
    assert codes({"val_active_dimensions": 0.0, "epoch": 12}, about=about) == ["posterior-collapse"]


def test_a_beta_vae_is_told_that_unused_dimensions_are_the_point():
    row, about = (
        HEALTHY | {"val_active_dimensions": 5.0},
        ABOUT | {"objective_settings": {"beta": 4.0}},
    )
    assert "are the point" in find_signs(row, PAST, BASE, about)[0]["remedy"]


def test_over_fitting_needs_time_a_rise_and_a_training_loss_that_falls():
    past = [{"epoch": 4, "train_loss": 0.2, "val_loss": 0.2}]
    assert codes({"epoch": 9, "val_loss": 0.205, "train_loss": 0.1}, past) == ["over-fitting"]
    assert codes({"epoch": 8, "val_loss": 0.205, "train_loss": 0.1}, past) == []
    assert codes({"epoch": 9, "val_loss": 0.203, "train_loss": 0.1}, past) == []
    assert codes({"epoch": 9, "val_loss": 0.205, "train_loss": 0.3}, past) == []


def test_worse_than_pca_is_said_at_the_end_only():
    assert codes({"val_mse": 0.0205}) == []
    assert codes({"val_mse": 0.0205}, about={"is_last": True}) == ["worse-than-pca"]
    assert codes({"val_mse": 0.0203}, about={"is_last": True}) == []
    assert codes({"val_mse": 0.9}, about={"is_last": True}, base={"pca_mse": None}) == []
    assert codes({"val_mse": None}, about={"is_last": True}) == []
