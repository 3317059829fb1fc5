"""Signs of trouble in a run's numbers, said in words with the remedy. Pages, CLI and reports all say it from
here.
"""

from __future__ import annotations

import math
from typing import Literal, NotRequired, TypedDict

from selfsup_core.evaluate.rows import Baseline, EpochRow, RunAbout, Sign
from selfsup_core.evaluate.words.verdict import COPIED, MARGIN
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import brief, percent

MOST_DEAD = 0.25
MOST_SATURATED = 0.02
LEAST_CODES = 0.3
LEAST_ACTIVE = 0.5
FEW_STEPS = 1000
FAR_WORSE = 10.0  # times the loss before training; over-fitting raises the validation loss, not this one
OVERFIT_EPOCHS, OVERFIT_RISE = 5, 0.05  # a small validation part fluctuates by a few percent


def find_signs(row: EpochRow, past: list[EpochRow], baseline: Baseline | None, about: RunAbout) -> list[Sign]:
    """What looks wrong at an epoch: [{"code", "text", "remedy"}, …]; epoch 0, before training, is never
    wrong.

    Args:
        row: the epoch's metrics. past: the rows of the epochs before it.
        baseline: PCA's numbers, or None.
        about: objective, objective_settings, code_size, code_activation, is_last, epochs.
    """
    if row["epoch"] < 1:
        return []
    found = (
        diverging(row, past),
        dead_units(row, about),
        posterior_collapse(row, about),
        codebook_collapse(row),
        over_fitting(row, past, about),
        worse_than_mean(row, past, baseline, about),
        worse_than_pca(row, past, baseline, about),
        saturated_outputs(row, about),
    )
    return [sign for sign in found if sign]


def sign(code: str, text: str, remedy: str) -> Sign:
    return {"code": code, "text": text, "remedy": remedy}


def diverging(row: EpochRow, past: list[EpochRow]) -> Sign | None:
    """A loss that is still a number, and far above that of the network before training."""
    first = next((loss for r in past if r["epoch"] == 0 and (loss := r.get("val_loss")) is not None), None)
    loss = row.get("train_loss")
    if first is None or loss is None or first <= 0 or loss <= FAR_WORSE * first:
        return None
    rate = row.get("learning_rate")
    used = "" if rate is None else f" ({rate:g})"
    return sign(
        "diverging",
        tr("Divergence: training loss {loss}, where the loss before training was {first}.").format(
            loss=brief(loss), first=brief(first)
        ),
        tr("The learning rate{used} is probably too high; try a tenth of it.").format(used=used),
    )


def dead_units(row: EpochRow, about: RunAbout) -> Sign | None:
    share, size = row.get("val_dead_units"), about["code_size"]
    if share is None or share <= MOST_DEAD:
        return None
    count = round(share * size)
    text = tr("Dead units: {count} of {size} numbers of the code are constant.").format(
        count=count, size=size
    )
    if about["code_activation"] == "relu":
        return sign(
            "dead-units",
            text,
            tr("ReLU units can die: try a linear code activation or a lower learning rate."),
        )
    return sign("dead-units", text, tr("Try a smaller code, a lower learning rate or a weaker penalty."))


def posterior_collapse(row: EpochRow, about: RunAbout) -> Sign | None:
    active, size = row.get("val_active_dimensions"), about["code_size"]
    settings = about["objective_settings"]
    warm = max(3.0, float(settings.get("warmup_epochs", 0)))
    if active is None or row["epoch"] < warm or active >= LEAST_ACTIVE * size:
        return None
    beta = float(settings.get("beta", 1.0))
    text = tr(
        "Posterior collapse: only {active} of {size} dimensions carry information (KL divergence above 0.01)."
    ).format(active=round(active), size=size)
    if active >= 1 and beta > 1:
        return sign(
            "posterior-collapse",
            text,
            tr("With β = {beta:g} some unused dimensions are intended; lower β to use more.").format(
                beta=beta
            ),
        )
    if active >= 1:
        return sign(
            "posterior-collapse",
            text,
            tr(
                "Harmless if the reconstructions are good: a smaller code would be enough. A "
                "lower β uses more "
                "dimensions."
            ),
        )
    return sign(
        "posterior-collapse",
        text,
        tr("The decoder ignores the code: lower β, or warm the KL up for more epochs."),
    )


def codebook_collapse(row: EpochRow) -> Sign | None:
    used = row.get("val_used_codes")
    if used is None or row["epoch"] < 2 or used >= LEAST_CODES:
        return None
    return sign(
        "codebook-collapse",
        tr("Codebook collapse: only {used} of the codebook is in use.").format(used=percent(used)),
        tr("Try fewer codes, longer training, or a lower learning rate."),
    )


def over_fitting(
    row: EpochRow,
    past: list[EpochRow],
    about: RunAbout,
    by: Literal["val_loss", "choice_loss"] = "val_loss",
) -> Sign | None:
    """`by`: the loss by which the best epoch is chosen."""
    # While β rises, losses of different epochs are not comparable, so the lowest one is not the best.
    first = max(1.0, float(about["objective_settings"].get("warmup_epochs", 0)))
    known = [(loss, r) for r in past if r["epoch"] >= first and (loss := r.get(by)) is not None]
    val_loss, train_loss = row.get(by), row.get("train_loss")
    if not known or val_loss is None or train_loss is None:
        return None
    lowest, best = min(known, key=lambda pair: pair[0])
    rise = val_loss - lowest
    is_late = row["epoch"] - best["epoch"] >= OVERFIT_EPOCHS
    before = best.get("train_loss")
    still_falls = before is not None and train_loss < before
    if not is_late or not still_falls or rise <= OVERFIT_RISE * abs(lowest):
        return None
    return sign(
        "over-fitting",
        tr(
            "Over-fitting: validation loss was lowest at epoch {epoch} and has risen since, while "
            "training loss falls."
        ).format(epoch=best["epoch"]),
        tr("Stop there (the best epoch is kept), or use more data, a smaller network, or noise."),
    )


def worse_than_mean(
    row: EpochRow, past: list[EpochRow], baseline: Baseline | None, about: RunAbout
) -> Sign | None:
    """A network that reconstructs no better than the mean of the training rows, whatever the input."""
    mean, mse = (baseline.get("mean_mse") if baseline else None), row.get("val_mse")
    if not about["is_last"] or mean is None or mse is None or mse < mean * (1 - MARGIN):
        return None
    return {
        "code": "worse-than-mean",
        "text": tr(
            "Not learned yet: mean squared error {mse:.4f} per value, and always showing the mean of "
            "the training rows has {mean:.4f}."
        ).format(mse=mse, mean=mean),
        **(OVERFITS if over_fitting(row, past, about) else longer(row, LONGER)),
    }


def worse_than_pca(
    row: EpochRow, past: list[EpochRow], baseline: Baseline | None, about: RunAbout
) -> Sign | None:
    pca, mse = (baseline.get("pca_mse") if baseline else None), row.get("val_mse")
    if not about["is_last"] or pca is None or mse is None or mse <= pca * (1 + MARGIN):
        return None
    if pca < COPIED:
        return None  # the code has room for a copy, and every network loses against a perfect one
    if worse_than_mean(row, past, baseline, about):
        return None  # which says more
    assert baseline is not None  # it has PCA's error
    size = baseline["pca_components"]
    text = tr(
        "Worse than PCA: mean squared error {mse:.4f} per value with a code of {size} numbers, where PCA "
        "with as many has {pca:.4f}."
    ).format(mse=mse, size=size, pca=pca)
    if over_fitting(row, past, about):
        return {"code": "worse-than-pca", "text": text, **OVERFITS}
    steps = row.get("step") or FEW_STEPS
    if steps >= FEW_STEPS and about["objective"] == "vector-quantized":
        settings = about["objective_settings"]
        parts = about["code_size"] // settings["dimension"]
        bits = parts * math.log2(settings["codes"])
        return sign(
            "worse-than-pca",
            text,
            tr(
                "The code is {parts} entries of a codebook of {codes}, {bits:.0f} bits in all, far "
                "less than PCA's {size} numbers. More entries, or fewer numbers per entry, "
                "reconstruct better."
            ).format(parts=parts, codes=settings["codes"], bits=bits, size=size),
        )
    if steps >= FEW_STEPS and about["objective"] != "reconstruction":
        return sign(
            "worse-than-pca",
            text,
            tr(
                "This objective asks for more than reconstruction, so this may not matter; a "
                "weaker penalty or "
                "less noise reconstructs better."
            ),
        )
    other = tr("Train longer, raise the learning rate, or use wider layers.")
    return {"code": "worse-than-pca", "text": text, **longer(row, other)}


class Remedy(TypedDict):
    """The part of a sign that says what helps, and for how many epochs to train where more of them do."""

    remedy: str
    epochs: NotRequired[int]


LONGER = tr_later("Train longer, or raise the learning rate.")
OVERFITS: Remedy = {
    "remedy": tr_later("It over-fits, so more data or a smaller network help, and more epochs do not.")
}


def longer(row: EpochRow, otherwise: str) -> Remedy:
    """How many epochs to train instead: as many as give some steps, or twice as many.

    Args:
        otherwise: what is said where there were enough steps.
    """
    steps = row.get("step") or FEW_STEPS
    if steps >= FEW_STEPS:
        return {"remedy": otherwise, "epochs": 2 * row["epoch"]}
    epochs = math.ceil(row["epoch"] * FEW_STEPS / steps / 10) * 10
    return {
        "remedy": tr(
            "This run took only {steps:,} training steps; {epochs:,} epochs give about {few_steps:,} steps."
        ).format(steps=steps, epochs=epochs, few_steps=FEW_STEPS),
        "epochs": epochs,
    }


def saturated_outputs(row: EpochRow, about: RunAbout) -> Sign | None:
    share = row.get("val_saturated")
    if share is None or share <= MOST_SATURATED:
        return None
    text = tr("Saturated outputs: {share} of the values are stuck near 0 or 1, far from the input.").format(
        share=percent(share)
    )
    if about["objective_settings"].get("loss") == "mse":
        return sign(
            "saturated", text, tr("MSE gives them hardly any gradient: use BCE or a lower learning rate.")
        )
    return sign("saturated", text, tr("Use a lower learning rate."))
