"""What the network cannot explain: samples ranked by their error."""

from __future__ import annotations

import numpy as np

from selfsup_core.data.splits import choose_stratified
from selfsup_core.evaluate.anomaly import auroc, class_means, rank_errors, threshold
from selfsup_core.inspection.answer import Answer, to_numpy
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.model_at import ModelAt, as_bytes
from selfsup_core.inspection.reconstruction import reconstruction_errors

MOST_RANKED = 20_000
SHOWN_RANKED = 32


@about_run("unexplained", EpochAsk)
def unexplained(at: ModelAt, ask: EpochAsk) -> Answer:
    """Training and validation samples by their reconstruction error, worst first; test rows stay out."""
    kit = at.kit
    rows, is_validation = ranked_rows(at)
    errors, outputs = reconstruction_errors(at, rows)
    order = np.asarray(rank_errors(errors))
    limit, note = threshold(errors[~is_validation])
    shown = np.concatenate([order[:SHOWN_RANKED], order[::-1][:SHOWN_RANKED]])
    y = kit.data.y
    labels = np.full(len(rows), -1) if y is None else np.asarray(y[rows])
    left_out = kit.spec.data.leave_out
    score = None
    if left_out:
        wanted = kit.data.dataset.classes.index(left_out)
        score = auroc(errors[is_validation], labels[is_validation] == wanted)
    # Classes are compared on validation rows alone: the others were trained on, save one that was left out.
    by_class = class_means(errors[is_validation], labels[is_validation], kit.data.dataset.classes)
    return Answer(
        {
            "rows": rows[order].astype(np.int32),
            "error": to_numpy(errors[order]),
            "labels": labels[order].astype(np.int32),
            "splits": is_validation[order].astype(np.uint8),
            "images": as_bytes(kit.data.values(kit.data.rows(rows[shown]))),
            "restored": outputs(shown),
            "class_error": to_numpy(by_class),
        },
        {"threshold": float(limit), "threshold_note": note, "auroc": score, "left_out": left_out},
    )


def ranked_rows(at: ModelAt) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the data set, at most 20,000, and which of them are validation rows."""
    split, y = at.kit.data.split, at.kit.data.y
    validation = choose_stratified(split.validation, y, MOST_RANKED // 2, 0)
    train = choose_stratified(split.train, y, MOST_RANKED - len(validation), 0)
    return np.concatenate([validation, train]), np.arange(len(validation) + len(train)) < len(validation)
