"""Signs of trouble: each fires just above its bound, not below, and never on a healthy run."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.trouble import find_signs

ABOUT = {
    "objective": "reconstruction",
    "objective_settings": {"loss": "bce"},
    "code_size": 16,
    "code_activation": "relu",
    "is_last": False,
    "epochs": 30,
}
BASE = {"pca_mse": 0.02, "pca_components": 16}
HEALTHY = {
    "epoch": 10,
    "train_loss": 0.1,
    "val_loss": 0.11,
    "val_mse": 0.01,
    "val_dead_units": 0.0,
    "val_saturated": 0.001,
    "val_active_dimensions": 14.0,
    "val_used_codes": 0.9,
}
PAST = [{"epoch": e, "train_loss": 0.5 - 0.04 * e, "val_loss": 0.5 - 0.035 * e} for e in range(1, 10)]


def codes(row=None, past=None, about=None, base=BASE) -> list[str]:
    found = find_signs(HEALTHY | (row or {}), past or PAST, base, ABOUT | (about or {}))
    assert all(sign["text"].endswith(".") and sign["remedy"].endswith(".") for sign in found)
    return [sign["code"] for sign in found]


def test_a_healthy_epoch_has_none_and_epoch_0_never():
    assert codes() == []
    assert codes({"epoch": 0, "val_dead_units": 1.0, "val_saturated": 1.0}, about={"is_last": True}) == []


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


@pytest.mark.parametrize(("loss", "found"), [(5.0, []), (5.1, ["diverging"]), (1.8e8, ["diverging"])])
def test_a_loss_far_above_that_before_training_is_divergence(loss, found):
    past = [{"epoch": 0, "val_loss": 0.5}, *PAST]
    assert codes({"train_loss": loss, "val_loss": 0.11, "learning_rate": 10.0}, past=past) == found
    assert codes({"train_loss": loss}, past=[{"epoch": 0, "val_loss": None}, *PAST]) == []


def test_collapse_is_not_called_before_the_warm_up_is_over():
    about = {"objective_settings": {"warmup_epochs": 12.0}}
    assert codes({"val_active_dimensions": 0.0}, about=about) == []
    assert codes({"val_active_dimensions": 0.0, "epoch": 12}, about=about) == ["posterior-collapse"]


def test_a_beta_vae_is_told_that_unused_dimensions_are_the_point():
    row, about = (
        HEALTHY | {"val_active_dimensions": 5.0},
        ABOUT | {"objective_settings": {"beta": 4.0}},
    )
    assert "are intended" in find_signs(row, PAST, BASE, about)[0]["remedy"]


def test_over_fitting_needs_time_a_rise_and_a_training_loss_that_falls():
    past = [{"epoch": 4, "train_loss": 0.2, "val_loss": 0.2}]
    assert codes({"epoch": 9, "val_loss": 0.212, "train_loss": 0.1}, past) == ["over-fitting"]
    assert codes({"epoch": 8, "val_loss": 0.212, "train_loss": 0.1}, past) == []
    assert codes({"epoch": 9, "val_loss": 0.206, "train_loss": 0.1}, past) == []
    assert codes({"epoch": 9, "val_loss": 0.212, "train_loss": 0.3}, past) == []


def test_over_fitting_is_not_told_from_a_loss_whose_weight_still_rises():
    warm = {"objective_settings": {"warmup_epochs": 10.0}}
    past = [{"epoch": 3, "train_loss": 0.3, "val_loss": 0.2}]
    past += [{"epoch": 10, "train_loss": 0.28, "val_loss": 0.25}]
    row = {"epoch": 15, "train_loss": 0.2, "val_loss": 0.252}
    assert codes(row, past) == ["over-fitting"]
    assert codes(row, past, warm) == []
    assert codes(row | {"val_loss": 0.265}, past, warm) == ["over-fitting"]
    assert codes(row, past[:1], warm) == []


def test_numbers_that_are_not_there_are_no_sign():
    gone = dict.fromkeys(HEALTHY, None) | {"epoch": 10}
    assert codes(gone, about={"is_last": True}) == []
    assert codes(gone, [gone | {"epoch": 2}], about={"is_last": True}) == []
    assert find_signs({"epoch": 10}, [], None, ABOUT | {"is_last": True}) == []


def said(row: dict, about: dict | None = None) -> dict[str, str]:
    found = find_signs(HEALTHY | row, PAST, BASE, ABOUT | (about or {}))
    assert len(found) == 1
    return found[0]


def test_signs_name_the_number_found_and_a_remedy_for_these_settings():
    dead = {"val_dead_units": 0.375}
    assert "6 of 16" in said(dead)["text"]
    assert "linear" in said(dead)["remedy"]
    assert "linear" not in said(dead, {"code_activation": "sigmoid"})["remedy"]
    assert "29%" in said({"val_used_codes": 0.29})["text"]
    stuck = {"val_saturated": 0.05}
    assert "5%" in said(stuck)["text"]
    assert "BCE" in said(stuck, {"objective_settings": {"loss": "mse"}})["remedy"]
    assert "BCE" not in said(stuck)["remedy"]
    past = [{"epoch": 4, "train_loss": 0.2, "val_loss": 0.2}]
    row = HEALTHY | {"epoch": 9, "val_loss": 0.3, "train_loss": 0.1}
    assert "epoch 4" in find_signs(row, past, BASE, ABOUT)[0]["text"]


def test_collapse_needs_three_epochs_and_is_worst_when_nothing_is_left():
    none = {"val_active_dimensions": 0.0}
    assert codes(none | {"epoch": 2}) == []
    assert "ignores the code" in said(none | {"epoch": 3})["remedy"]
    assert "ignores the code" in said(none, {"objective_settings": {"beta": 4.0}})["remedy"]
    assert "are intended" not in said({"val_active_dimensions": 5.0})["remedy"]


def test_a_codebook_is_given_two_epochs():
    assert codes({"val_used_codes": 0.1, "epoch": 1}) == []
    assert codes({"val_used_codes": 0.1, "epoch": 2}) == ["codebook-collapse"]


def test_a_regularized_objective_is_told_that_pca_has_the_easier_task():
    row = {"val_mse": 0.05}
    plain = said(row, {"is_last": True})
    other = said(row, {"is_last": True, "objective": "denoising"})
    assert "0.0500" in plain["text"]
    assert "0.0200" in plain["text"]
    assert plain["remedy"] != other["remedy"]
    assert "may not matter" in other["remedy"]


def test_few_steps_are_named_before_anything_else():
    remedy = said({"val_mse": 0.05, "step": 75, "epoch": 15}, {"is_last": True, "epochs": 15})["remedy"]
    assert "only 75 training steps" in remedy
    assert "200 epochs give about 1,000 steps" in remedy
    enough = said({"val_mse": 0.05, "step": 1000}, {"is_last": True})["remedy"]
    assert "Train longer" in enough


def test_a_network_that_is_no_better_than_the_mean_has_not_learned_and_is_told_for_how_long_to_train():
    base, last = BASE | {"mean_mse": 0.05}, {"is_last": True}
    (found,) = find_signs(HEALTHY | {"val_mse": 0.05, "step": 60}, PAST, base, ABOUT | last)
    assert found["code"] == "worse-than-mean", "PCA is not named beside it"
    assert found["epochs"] == 170, "10 epochs had 60 steps"
    assert "170 epochs" in found["remedy"]
    assert codes({"val_mse": 0.04}, base=base, about=last) == ["worse-than-pca"]
    enough = find_signs(HEALTHY | {"val_mse": 0.05, "step": 1000}, PAST, base, ABOUT | last)
    assert enough[0]["epochs"] == 20


def test_more_epochs_are_not_advised_where_they_over_fit():
    past = [{"epoch": 4, "train_loss": 0.2, "val_loss": 0.2}]
    row = HEALTHY | {"val_mse": 0.04, "step": 60, "val_loss": 0.3, "train_loss": 0.1}
    over, worse = find_signs(row, past, BASE, ABOUT | {"is_last": True})
    assert (over["code"], worse["code"]) == ("over-fitting", "worse-than-pca")
    assert "epochs" not in worse
    assert "more epochs do not" in worse["remedy"]


def test_a_codebook_is_told_how_little_it_may_keep():
    settings = {"codes": 64, "dimension": 4}
    about = {"is_last": True, "objective": "vector-quantized", "objective_settings": settings}
    remedy = said({"val_mse": 0.05}, about)["remedy"]
    assert "4 entries of a codebook of 64, 24 bits" in remedy, "16 numbers, 4 in each, 6 bits each"


def test_worse_than_pca_is_said_at_the_end_only():
    assert codes({"val_mse": 0.0205}) == []
    assert codes({"val_mse": 0.0205}, about={"is_last": True}) == ["worse-than-pca"]
    assert codes({"val_mse": 0.0203}, about={"is_last": True}) == []
    assert codes({"val_mse": 0.9}, about={"is_last": True}, base={"pca_mse": None}) == []
    copied = BASE | {"pca_mse": 3e-14}
    assert codes({"val_mse": 0.0205}, about={"is_last": True}, base=copied) == [], (
        "a perfect copy cannot be beaten"
    )
    assert codes({"val_mse": None}, about={"is_last": True}) == []
