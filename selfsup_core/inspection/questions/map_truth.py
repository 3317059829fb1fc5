"""How true a map is, and how two maps compare."""

from __future__ import annotations

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import MapAsk, about_map
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.inspection.space.colors import NEAR
from selfsup_core.settings import setting
from selfsup_core.translation import tr

MOST_COMPARED = 5_000
# Of vectors with more than 500 numbers, fewer rows: the time grows with rows² × numbers.
WIDE, MOST_COMPARED_WIDE = 500, 1_000


class TrustAsk(MapAsk):
    """How many neighbors are looked at."""

    count: int = setting(NEAR, "Neighbors of each point.", title="Neighbors", ge=1)


class OtherMap(MapAsk):
    """The second map."""

    space: str = setting(..., "Its space.", title="Space")


class CompareAsk(TrustAsk):
    """Two maps."""

    other: OtherMap = setting(..., "The second map.", title="Other map")


@about_map("trust", TrustAsk)
def trust(asked: Asked, ask: TrustAsk) -> Answer:
    """Trustworthiness, continuity and kept neighbors of the map, with a sentence on what its distances
    mean.
    """
    from selfsup_core.projection.trust import measure_trust, say_trust

    found = measure_trust(asked.x, asked.points, ask.count, metric=asked.config.metric)
    return Answer(
        about={
            "trustworthiness": found.trustworthiness,
            "continuity": found.continuity,
            "kept": found.kept,
            "neighbors": found.neighbors,
            "asked": len(found.asked),
            "of": len(asked.rows),
            "text": say_trust(found, asked.config.kind),
            "explained": asked.about["explained"].get(str(asked.frame)),
        }
    )


@about_map("compare", CompareAsk)
def compare(asked: Asked, ask: CompareAsk) -> Answer:
    """Two maps over the same rows: CKA of their vectors, Procrustes distance of vectors and maps, shared
    neighbors.

    Raises:
        DataError: they have fewer than three rows in common.
    """
    from selfsup_core.evaluate.nearest import nearest
    from selfsup_core.evaluate.similarity import linear_cka, procrustes_distance, shared_neighbors, turn_short

    second = asked.spaces.asked(ask.other.space, ask.other.key, ask.other.epoch)
    same = asked.space.source == second.space.source
    common, first, last = np.intersect1d(asked.rows, second.rows, return_indices=True)
    if not same or len(common) < 3:
        raise DataError(
            tr("{title} and {title_2} have no rows in common.").format(
                title=asked.space.title, title_2=second.space.title
            ),
            code="other-rows",
            remedy=tr("Compare spaces over the same data set."),
        )
    most = MOST_COMPARED if max(asked.x.shape[1], second.x.shape[1]) <= WIDE else MOST_COMPARED_WIDE
    if len(common) > most:
        chosen = np.sort(np.random.default_rng(0).choice(len(common), most, replace=False))
        first, last = first[chosen], last[chosen]
    a, b = asked.x[first], second.x[last]
    k = min(ask.count, len(a) - 1)
    shared = shared_neighbors(nearest(a, k, asked.config.metric)[0], nearest(b, k, second.config.metric)[0])
    a, b = turn_short(a), turn_short(b)  # once for both measures
    return Answer(
        about={
            "cka": linear_cka(a, b),
            "procrustes": procrustes_distance(a, b),
            "procrustes_maps": procrustes_distance(asked.points[first], second.points[last]),
            "shared": shared,
            "neighbors": k,
            "rows": len(a),
            "common": len(common),
        }
    )
