"""What the loss panel says: each threshold from both sides, wherever a loss ends."""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.words.panels.loss import FLAT, STALE, say_loss
from tests.evaluate.words.panels.helpers import see, told


def rows(losses, training=None, **more):
    """Rows of epochs 0, 1, …; of epoch 0 there is no training loss."""
    training = training or losses
    return [
        {"epoch": epoch, "val_loss": loss, "train_loss": training[epoch] if epoch else None, **more}
        for epoch, loss in enumerate(losses)
    ]


def say(losses, training=None, baseline=None, signs=(), **more):
    *past, row = rows(losses, training, **more)
    row["signs"] = [{"code": code, "text": "", "remedy": ""} for code in signs]
    return told(say_loss, see(len(past), row, past=past, baseline=baseline or {}))


def test_nothing_is_said_of_a_step_within_an_epoch_or_without_a_loss():
    from selfsup_core.evaluate.words.panels.seen import Seen

    assert say_loss(Seen(epoch=0, row={}, arrays={}, static={})) == ""
    assert say_loss(see(3, {"val_accuracy": 0.5})) == ""


def test_before_training_and_the_first_epoch():
    assert say([0.693]) == "Before training, the validation loss is 0.693. Training should lower it."
    assert say([0.693, 0.25]) == "The first epoch took validation loss from 0.693 to 0.25."
    assert say([0.693, 0.693]) == "Validation loss is not below where it was before training."


def test_a_lost_number_and_divergence_come_first():
    assert "no longer a number" in say([0.7, 0.5, None])
    assert "training diverges" in say([0.7, 0.5, 90.0], signs=["diverging"])


def test_a_low_loss_of_a_collapse_is_no_success_and_a_high_one_is_not_called_low():
    assert "not a success" in say([1.0, 0.1], signs=["complete-collapse"])
    assert "not below" in say([1.0, 1.2], signs=["complete-collapse"])


def test_while_the_weight_of_a_term_rises_losses_are_not_compared():
    rising = rows([1.0, 0.5, 0.6, 0.7, 0.65, 0.6, 0.55], [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    for row, weight in zip(rising, (0, 0.2, 0.6, 1, 1, 1, 1), strict=True):
        row["val_kl_weight"] = weight

    def say_at(epoch):
        return told(say_loss, see(epoch, rising[epoch], past=rising[:epoch]))

    assert all("cannot be compared" in say_at(epoch) for epoch in (1, 2, 3))
    assert say_at(4) == "Validation loss falls: from 0.7 to 0.65 in the last epoch."
    said = say_at(6)
    assert "still falls: the last 2 epochs brought 67%" in said, "of the fall since the weight is what it is"
    assert "since epoch 1" not in said, "whose loss was lower by its weight"


@pytest.mark.parametrize(("late", "is_said"), [(STALE - 1, False), (STALE, True)])
def test_validation_that_no_longer_falls_is_told_after_some_epochs(late, is_said):
    losses = [1.0, 0.5, *[0.52] * late]
    training = [1.0 - 0.1 * epoch for epoch in range(len(losses))]
    assert ("since epoch 1, while training loss still falls" in say(losses, training)) == is_said


def test_a_few_of_many_epochs_do_not_contradict_what_the_last_fifth_brought():
    falling = [1.0 - 0.02 * epoch for epoch in range(24)]
    losses = [*falling, 0.55, 0.55, 0.55]
    training = [1.0 - 0.03 * epoch for epoch in range(len(losses))]
    assert "still falls" in say(losses, training)
    losses += [0.55] * 3
    training += [0.2, 0.19, 0.18]
    assert "has not fallen since epoch 23" in say(losses, training)


def test_it_is_not_told_where_training_does_not_fall_either():
    assert "since epoch" not in say([1.0, 0.5, 0.52, 0.52, 0.52], [1.0, 0.3, 0.4, 0.4, 0.4])


def test_overfitting_is_said_as_the_sign_of_trouble_finds_it():
    losses, training = [1.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0], [1.0, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert say(losses, training, signs=["over-fitting"]).startswith(
        "Overfitting: validation loss was lowest at epoch 1"
    )


@pytest.mark.parametrize("floor", [0.0, 0.08, 50.0])
def test_what_the_last_fifth_brought_is_a_share_of_the_whole_fall_wherever_a_loss_ends(floor):
    steep = [floor + 1 - 0.1 * epoch for epoch in range(6)]  # 1 of 5 epochs
    assert "the last epoch brought 20%" in say(steep)
    share = FLAT - 0.001
    flat = [floor + x for x in (1.0, 0.5, 0.3, 2 * share, share, 0.0)]
    assert say(flat) == "The curve has flattened: the last epoch brought under 1% of the whole fall."


def test_a_rise_before_the_fall_gives_no_share_above_one():
    assert say([1.0, 2.0, 0.9]) == "Validation loss falls: from 2 to 0.9 in the last epoch."


def test_a_language_model_climbs_from_counting_tokens_to_counting_pairs():
    counts = {"unigram_loss": 3.0, "bigram_loss": 2.5}
    assert "3.20: not yet better than counting how frequent tokens are" in say([4.0, 3.2], baseline=counts)
    assert "2.70: better than counting tokens (3.00), not yet" in say([4.0, 2.7], baseline=counts)
    assert "2.40: better than counting pairs of tokens (2.50)" in say([4.0, 2.4], baseline=counts)
    assert "The first epoch took" in say([4.0, 2.4], baseline={"vocabulary": 300}), (
        "a loaded model counts nothing"
    )
