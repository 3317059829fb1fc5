"""None was kept: a round that leaves the student with the given labels alone."""

from __future__ import annotations

from selfsup_core.pseudo.audit import Collapse
from selfsup_core.pseudo.select import SelectConfig
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
        remedy = "Label more rows, choose other features, or switch Guard off to try it anyway."
    elif not proposed:
        rows = counted(pool, "unlabeled row")
        text = f"None was kept: no class was proposed for any of the {rows}."
        remedy = "Choose other proposers" + (", or do not ask that all agree (Vote)." if must_agree else ".")
    else:
        text = f"None was kept: {counted(proposed, 'label')} proposed, none passed."
        remedy = loosen(config)
    return {"code": "none-kept", "text": text, "remedy": remedy}


def loosen(config: SelectConfig) -> str:
    """What lets more proposals pass, of the rule in use."""
    if config.keep in ("fixed", "flexmatch"):
        return f"Lower Threshold (now {config.threshold:g}), or keep the surest of each class."
    if config.keep == "entropy":
        return f"Raise Maximum entropy (now {config.most_entropy:g}), or keep the surest of each class."
    if config.keep == "lee":
        return f"Lower Lee 2013: start (now {config.lee_start:g}), or train for more rounds."
    if config.keep in ("top-k", "class-share"):
        return "Raise Share kept first and Share kept last."
    return "Set Keeper to Surest of each class."
