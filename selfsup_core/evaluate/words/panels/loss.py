"""The loss panel: whether training still brings something, and whether it is still of use on new samples."""

from __future__ import annotations

import math

from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.wording import brief, percent

STALE = 3  # epochs without a better validation loss: one or two happen by chance
FLAT = 0.005  # of the whole fall so far: less than this in a fifth of the epochs is a flat curve
LAST = 5  # the last fifth


def say_loss(seen: Seen) -> str:
    """The first that holds: no number, divergence, collapse, overfitting, still falling or flat."""
    row = seen.row
    if not row:
        return ""
    loss, train = known(row.get("val_loss")), known(row.get("train_loss"))
    if seen.epoch and "val_loss" in row and loss is None:
        return "The loss is no longer a number: training has diverged."
    if loss is None:
        return ""
    if seen.epoch == 0:
        return f"Before training, the validation loss is {brief(loss)}. Training should lower it."
    if seen.has_sign("diverging"):
        return "The loss is far above that before training: training diverges."
    comparable = _comparable(seen)
    first = known(comparable[0].get("val_loss")) if comparable else None
    if seen.has_sign("complete-collapse") and first is not None and loss < first:
        return "The loss is low because every sample gets the same embedding: a collapse, not a success."
    if _changes_weight(seen):
        return "The weight of the KL term still changes, so losses of different epochs cannot be compared."
    return _say_overfitting(seen, loss, train) or _say_counting(seen, loss) or _say_fall(seen, loss, first)


def _weight(row: EpochRow) -> float | None:
    """The weight of a term that rises while training warms up, None where there is no such term."""
    return known(row.get("val_kl_weight"))


def _comparable(seen: Seen) -> list[EpochRow]:
    """Rows of the epochs before whose loss weighs its terms as this one does."""
    return [row for row in seen.past if _weight(row) == _weight(seen.row)]


def _changes_weight(seen: Seen) -> bool:
    """Whether the weight differs from that of the epoch before."""
    return bool(seen.past) and _weight(seen.past[-1]) != _weight(seen.row)


def _say_overfitting(seen: Seen, loss: float, train: float | None) -> str:
    trained = [r for r in _comparable(seen) if r.get("epoch", 0) >= 1]
    both = [(v, r) for r in trained if (v := known(r.get("val_loss"))) is not None]
    if not both or train is None:
        return ""
    lowest, best = min(both, key=lambda pair: pair[0])
    before = known(best.get("train_loss"))
    late = seen.epoch - best["epoch"]
    if lowest > loss or late < STALE or before is None or train >= before:
        return ""
    if seen.has_sign("over-fitting"):
        return (
            f"Overfitting: validation loss was lowest at epoch {best['epoch']} and has risen, while training "
            "loss falls."
        )
    return f"Validation loss has not fallen since epoch {best['epoch']}, while training loss still falls."


def _say_counting(seen: Seen, loss: float) -> str:
    """Of a language model: what counting in the training text achieves."""
    single, pairs = (known(seen.baseline.get(name)) for name in ("unigram_loss", "bigram_loss"))
    if single is None or pairs is None:
        return ""
    if loss >= single:
        return (
            f"Loss {loss:.2f}: not yet better than counting how frequent tokens are (unigram, {single:.2f})."
        )
    if loss >= pairs:
        beside = f"counting tokens ({single:.2f}), not yet than counting pairs of them ({pairs:.2f})"
        return f"Loss {loss:.2f}: better than {beside}."
    beside = f"counting pairs of tokens ({pairs:.2f}); it uses more than the last one"
    return f"Loss {loss:.2f}: better than {beside}."


def _say_fall(seen: Seen, loss: float, first: float | None) -> str:
    """How much of the whole fall the last epochs brought; that does not depend on where a loss ends."""
    if first is None:
        return ""
    fall, start = first - loss, _comparable(seen)[0]["epoch"]
    if fall <= 1e-9 * max(1.0, abs(first)):
        return "Validation loss is not below where it was before training." if start == 0 else ""
    if seen.epoch == 1:
        return f"The first epoch took validation loss from {brief(first)} to {brief(loss)}."
    span = max(1, math.ceil(seen.epoch / LAST))
    last = "last epoch" if span == 1 else f"last {span} epochs"
    earlier = _loss_at(seen, seen.epoch - span)
    if earlier is None:
        return ""
    share = (earlier - loss) / fall
    if share < 0:
        return f"Validation loss has risen in the {last}."
    if share > 1 or start == seen.epoch - span:  # it had risen first, or the span is all there is
        return f"Validation loss falls: from {brief(earlier)} to {brief(loss)} in the {last}."
    if share < FLAT:
        return f"The curve has flattened: the {last} brought {percent(share)} of the whole fall."
    return f"Validation loss still falls: the {last} brought {percent(share)} of the whole fall."


def _loss_at(seen: Seen, epoch: int) -> float | None:
    found: EpochRow | None = next((r for r in _comparable(seen) if r.get("epoch") == epoch), None)
    return None if found is None else known(found.get("val_loss"))
