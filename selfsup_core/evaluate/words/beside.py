"""What a safeguard that was taken away changes, in words: a broken run beside its intact one at one epoch.

The stage says the same (assets/web/stage/beside_words.js); tests/web/beside.json holds both to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.translation import tr
from selfsup_core.wording import local, percent

Gauge = Literal["deviation", "projector_rank"]


def say_gauge(gauge: str, value: float | None) -> str:
    """ "0.93", of a rank "14.0"."""
    if value is None:
        return "–"
    return local(f"{value:.1f}" if gauge in ("projector_rank", "rankme") else f"{value:.2f}")


def last_common(
    intact: Iterable[EpochRow], broken: Iterable[EpochRow], epoch: int | None = None
) -> tuple[EpochRow, EpochRow] | None:
    """Rows (intact, broken) of the last epoch that both have; with `epoch`, the last one up to it."""
    known = {row["epoch"]: row for row in intact}
    both = [(known[row["epoch"]], row) for row in broken if row["epoch"] in known]
    both = [pair for pair in both if epoch is None or pair[0]["epoch"] <= epoch]
    return max(both, key=lambda pair: pair[0]["epoch"], default=None)


def say_beside(title: str, gauge: Gauge, intact: EpochRow, broken: EpochRow) -> str:
    """One sentence on one epoch.

    Args:
        title: of the break, as "Without predictor". intact, broken: rows of the same epoch.
    """
    at, parts = tr("at epoch {epoch}").format(epoch=broken["epoch"]), []
    mine, other = broken.get(gauge), intact.get(gauge)
    if mine is not None and other is not None:
        what = tr("effective rank") if gauge == "projector_rank" else tr("standard deviation")
        parts.append(
            tr("the {what} of the embeddings z {at} is {say_gauge} (intact: {say_gauge_2})").format(
                what=what, at=at, say_gauge=say_gauge(gauge, mine), say_gauge_2=say_gauge(gauge, other)
            )
        )
    mine, other = broken.get("probe_accuracy"), intact.get("probe_accuracy")
    if mine is not None and other is not None:
        when = "" if parts else f" {at}"
        parts.append(
            tr("a linear classifier on the code h reaches {mine}{when} (intact: {other})").format(
                mine=percent(mine, 1), when=when, other=percent(other, 1)
            )
        )
    return f"{title}, {' and '.join(parts)}." if parts else ""
