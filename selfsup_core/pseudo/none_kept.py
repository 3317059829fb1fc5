"""None was kept: a round that leaves the student with the given labels alone."""

from __future__ import annotations

from selfsup_core.pseudo.audit import Collapse
from selfsup_core.pseudo.select import SelectConfig
from selfsup_core.translation import tr
from selfsup_core.wording import counted


def find_none_kept(
    kept: int, proposed: int, pool: int, config: SelectConfig, *, doubt: str = "", must_agree: bool = False
) -> Collapse | None:
    """A sign of trouble when no proposal of a round is kept.

    Args:
        kept, proposed, pool: rows with a kept label, with a proposed one, and unlabeled rows in all.
        doubt: why the guard lets none be kept, or "". must_agree: whether all proposers must name one class.
    """
    if kept or not pool:
        return None
    if doubt:
        text = doubt
        remedy = tr("Label more rows, choose other features, or switch Guard off to try it anyway.")
    elif not proposed:
        rows = counted(pool, "unlabeled row")
        text = tr("None was kept: no class was proposed for any of the {rows}.").format(rows=rows)
        remedy = tr("Choose other proposers") + (
            tr(", or do not ask that all agree (Vote).") if must_agree else "."
        )
    else:
        text = tr("None was kept: {proposed} proposed, none passed.").format(
            proposed=counted(proposed, "label")
        )
        remedy = loosen(config)
    return {"code": "none-kept", "text": text, "remedy": remedy}


def loosen(config: SelectConfig) -> str:
    """What lets more proposals pass, of the rule in use."""
    if config.keep in ("fixed", "flexmatch"):
        return tr("Lower Threshold (now {threshold:g}), or keep the surest of each class.").format(
            threshold=config.threshold
        )
    if config.keep == "entropy":
        return tr("Raise Maximum entropy (now {most_entropy:g}), or keep the surest of each class.").format(
            most_entropy=config.most_entropy
        )
    if config.keep == "lee":
        return tr("Lower Lee 2013: start (now {lee_start:g}), or train for more rounds.").format(
            lee_start=config.lee_start
        )
    if config.keep in ("top-k", "class-share"):
        return tr("Raise Share kept first and Share kept last.")
    return tr("Set Keeper to Surest of each class.")
