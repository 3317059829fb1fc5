"""The code, in the lab under the panels: how much of it is in use."""

from __future__ import annotations

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import percent


def say_code(seen: Seen) -> str:
    """The first that is measured: entries of a codebook, informative dimensions, constant or active units."""
    row, size = seen.row, seen.code_size
    if not row or size < 1:
        return ""
    if (used := known(row.get("val_used_codes"))) is not None:
        return tr("{used} of the codebook's entries are in use.").format(used=percent(used))
    if (active := known(row.get("val_active_dimensions"))) is not None:
        return tr("{active} of {size} dimensions of the code carry information (KL above 0.01).").format(
            active=round(active), size=size
        )
    dead = known(row.get("val_dead_units"))
    if dead is not None and (count := round(dead * size)):
        said = tr("is the same for all samples, and tells nothing")
        if count > 1:
            said = tr("are the same for all samples: they tell nothing")
        return tr("{count} of {size} numbers of the code {said}.").format(count=count, size=size, said=said)
    if (share := known(row.get("val_active_share"))) is not None:
        return tr("For a sample, {share} of the {size} units of the code are active on average.").format(
            share=percent(share), size=size
        )
    return (
        ""
        if dead is None
        else tr("All {size} numbers of the code differ from sample to sample.").format(size=size)
    )


def say_views_code(seen: Seen) -> str:
    """RankMe beside the number of directions."""
    rank = known(seen.row.get("rankme"))
    if rank is None or seen.code_size < 1:
        return ""
    return tr("The code uses about {rank:.0f} of its {code_size} directions (effective rank).").format(
        rank=rank, code_size=seen.code_size
    )
