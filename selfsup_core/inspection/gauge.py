"""Before a run with pseudo-labels begins: how good a first proposer the given labels are likely to make."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.data.splits import choose_labeled
from selfsup_core.errors import DataError
from selfsup_core.pseudo.expected import Gauge, gauge
from selfsup_core.pseudo.gate import agreeing, judge, minds_shares, say_before
from selfsup_core.pseudo.objectives.pseudo_labels import PseudoLabelsConfig
from selfsup_core.settings import Values
from selfsup_core.translation import tr


def gauge_start(workspace: Path, values: Values) -> Gauge:
    """values: a spec in plain values → {"text", "tone", "accuracy", "rows"}; looks at the labels of the
    budget alone.

    Raises:
        SettingError: the spec is not valid. DataError: no labels, or texts that are not embedded yet.
    """
    import torch

    from selfsup_core.data.sources import open_source
    from selfsup_core.data.texts import Texts
    from selfsup_core.export.embeddings import read_embeddings
    from selfsup_core.runs.spec import make_spec
    from selfsup_core.tasks.parts.classify_inputs import FeatureInputs, scaled

    spec = make_spec(values)
    dataset = open_source(spec.data.source, workspace)
    if dataset.y is None or not (np.asarray(dataset.y) >= 0).any():
        raise DataError(tr("This data set has no labels to estimate from."), code="no-labels")
    is_embedded = spec.data.text_features == "embeddings" and isinstance(dataset.x, Texts)
    if is_embedded and read_embeddings(workspace, spec.data.source, spec.data.encoder) is None:
        raise DataError(
            tr("These texts are not embedded yet. This takes minutes; a run does it first."),
            code="no-embeddings",
            remedy=tr("Embed them on the page Language model to get the estimate now."),
        )
    data = spec.data.model_copy(update={"code_of": ""})
    inputs = FeatureInputs(dataset, data, "cpu", workspace, lambda text: None)
    y = np.asarray(dataset.y)
    rows = choose_labeled(inputs.split.train, y, data.labels_per_class, data.split_seed, data.labels_fraction)
    classes = len(dataset.classes) or int(y.max()) + 1
    x = inputs.x(torch.from_numpy(rows.astype(np.int64))).numpy()
    said = gauge(x, y[rows], classes, seed=spec.seed)
    pool = np.setdiff1d(inputs.split.train, rows)
    if not isinstance(spec.objective, PseudoLabelsConfig) or not agreeing(spec.objective) or len(pool) == 0:
        return said
    found = judge(
        lambda wanted: scaled(inputs, wanted, dataset, data),
        rows,
        y[rows],
        pool,
        classes,
        spec.objective,
        data.split_seed,
    )
    sentence, use = say_before(found, guard=spec.objective.guard)
    if use != "not used" and minds_shares(spec.objective) and found.shares:
        sentence = (
            f"{sentence} {found.shares.describe(dataset.classes or [str(c) for c in range(classes)])}".strip()
        )
    return said | {
        "text": f"{sentence} {said['text']}",
        "tone": "bad" if use == "not used" else said["tone"],
    }
