"""The loss panel: whether training still brings something, and whether it is still of use on new samples."""

from __future__ import annotations

import math

from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
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
        return tr("The loss is no longer a number: training has diverged.")
    if loss is None:
        return ""
    if seen.epoch == 0:
        return tr("Before training, the validation loss is {loss}. Training should lower it.").format(
            loss=brief(loss)
        )
    if seen.has_sign("diverging"):
        return tr("The loss is far above that before training: training diverges.")
    comparable = _comparable(seen)
    first = known(comparable[0].get("val_loss")) if comparable else None
    if seen.has_sign("complete-collapse") and first is not None and loss < first:
        return tr("The loss is low because every sample gets the same embedding: a collapse, not a success.")
    if _changes_weight(seen):
        return tr(
            "The weight of the KL term still changes, so losses of different epochs cannot be compared."
        )
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
        return tr(
            "Overfitting: validation loss was lowest at epoch {epoch} and has risen, while training "
            "loss falls."
        ).format(epoch=best["epoch"])
    if late < seen.epoch / LAST:
        return ""  # the last fifth may have brought more than its last epochs
    return tr("Validation loss has not fallen since epoch {epoch}, while training loss still falls.").format(
        epoch=best["epoch"]
    )


def _say_counting(seen: Seen, loss: float) -> str:
    """Of a language model: what counting in the training text achieves."""
    single, pairs = (known(seen.baseline.get(name)) for name in ("unigram_loss", "bigram_loss"))
    if single is None or pairs is None:
        return ""
    if loss >= single:
        return tr(
            "Loss {loss:.2f}: not yet better than counting how frequent tokens are (unigram, {single:.2f})."
        ).format(loss=loss, single=single)
    if loss >= pairs:
        beside = tr(
            "counting tokens ({single:.2f}), not yet than counting pairs of them ({pairs:.2f})"
        ).format(single=single, pairs=pairs)
        return tr("Loss {loss:.2f}: better than {beside}.").format(loss=loss, beside=beside)
    beside = tr("counting pairs of tokens ({pairs:.2f}); it uses more than the last one").format(pairs=pairs)
    return tr("Loss {loss:.2f}: better than {beside}.").format(loss=loss, beside=beside)


def _say_fall(seen: Seen, loss: float, first: float | None) -> str:
    """How much of the whole fall the last epochs brought; that does not depend on where a loss ends."""
    if first is None:
        return ""
    fall, start = first - loss, _comparable(seen)[0]["epoch"]
    if fall <= 1e-9 * max(1.0, abs(first)):
        return tr("Validation loss is not below where it was before training.") if start == 0 else ""
    if seen.epoch == 1:
        return tr("The first epoch took validation loss from {first} to {loss}.").format(
            first=brief(first), loss=brief(loss)
        )
    span = max(1, math.ceil(seen.epoch / LAST))
    last = tr("last epoch") if span == 1 else tr("last {span} epochs").format(span=span)
    earlier = _loss_at(seen, seen.epoch - span)
    if earlier is None:
        return ""
    share = (earlier - loss) / fall
    if share < 0:
        return tr("Validation loss has risen in the {last}.").format(last=last)
    if share > 1 or start == seen.epoch - span:  # it had risen first, or the span is all there is
        return tr("Validation loss falls: from {earlier} to {loss} in the {last}.").format(
            earlier=brief(earlier), loss=brief(loss), last=last
        )
    if share < FLAT:
        return tr("The curve has flattened: the {last} brought {share} of the whole fall.").format(
            last=last, share=percent(share)
        )
    return tr("Validation loss still falls: the {last} brought {share} of the whole fall.").format(
        last=last, share=percent(share)
    )


def _loss_at(seen: Seen, epoch: int) -> float | None:
    found: EpochRow | None = next((r for r in _comparable(seen) if r.get("epoch") == epoch), None)
    return None if found is None else known(found.get("val_loss"))
