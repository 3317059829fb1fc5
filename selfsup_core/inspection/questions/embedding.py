"""What is asked of a data set's embeddings: how the job stands, and once they are there, a map and the
nearest texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import NoAsk
from selfsup_core.inspection.kinds import Named, about_embedding
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.embedding import EmbedJobs

MOST_POINTS = 3000  # on the map
MOST_FOUND = 20
LETTERS = 300


class EncoderAsk(Config):
    """One encoder."""

    encoder: str = setting(..., "Name of the encoder, or a folder that holds one.", title="Encoder")


class LookAsk(EncoderAsk):
    """How much is looked at."""

    check: bool = setting(
        False, "Read some texts to see whether the encoder knows their language.", title="Check"
    )


class NearestAsk(EncoderAsk):
    """A sentence."""

    text: str = setting(..., "The sentence.", title="Sentence")
    most: int = setting(8, "Texts that are shown.", title="Most", ge=1)


@about_embedding("look", LookAsk)
def look(data: Named[EmbedJobs], ask: LookAsk) -> Answer:
    """Whether the embeddings are there, how the job stands, and what speaks against the encoder."""
    return Answer(about={**data.holder.look(data.name, ask.encoder, check=ask.check)})


@about_embedding("jobs", NoAsk)
def jobs(data: Named[EmbedJobs], ask: NoAsk) -> Answer:
    """Jobs of all data sets that are running, paused, stopped or failed: {"jobs": […]}; the subject's name is
    not used.
    """
    return Answer(about={"jobs": data.holder.list_jobs()})


@about_embedding("start", EncoderAsk)
def start(data: Named[EmbedJobs], ask: EncoderAsk) -> Answer:
    """Start or resume a job; a running job is not changed."""
    return Answer(about={**data.holder.start(data.name, ask.encoder)})


@about_embedding("pause", EncoderAsk)
def pause(data: Named[EmbedJobs], ask: EncoderAsk) -> Answer:
    """Rest, so that other jobs get their turn."""
    return Answer(about={**data.holder.pause(data.name, ask.encoder)})


@about_embedding("resume", EncoderAsk)
def resume(data: Named[EmbedJobs], ask: EncoderAsk) -> Answer:
    """Go on after a pause."""
    return Answer(about={**data.holder.resume(data.name, ask.encoder)})


@about_embedding("stop", EncoderAsk)
def stop(data: Named[EmbedJobs], ask: EncoderAsk) -> Answer:
    """End the job; what it has made stays on disk."""
    return Answer(about={**data.holder.stop(data.name, ask.encoder)})


@about_embedding("map", EncoderAsk)
def draw_map(data: Named[EmbedJobs], ask: EncoderAsk) -> Answer:
    """A map of a stratified sample by PCA.

    Returns: {"points": (S, 2), "rows", "labels", "texts", "classes", "explained", "total"}.
    """
    import torch

    from selfsup_core.data.splits import choose_stratified
    from selfsup_core.export.embeddings import open_texts
    from selfsup_core.projection.pca import fit_pca

    x = data.holder.ready(data.name, ask.encoder)
    dataset, texts = open_texts(data.holder.workspace, data.name)
    y = None if dataset.y is None else np.asarray(dataset.y)
    rows = np.sort(choose_stratified(np.arange(len(x)), y, MOST_POINTS, 0))
    part = torch.from_numpy(np.array(x[rows]))
    points, explained = np.zeros((len(rows), 2)), 0.0
    if len(rows) > 2:
        pca = fit_pca(part, 2)
        points, explained = pca.transform(part).numpy(), float(pca.explained.sum())
    return Answer(
        about={
            "points": np.round(points, 5).tolist(),
            "rows": rows.tolist(),
            "total": len(x),
            "explained": explained,
            "labels": (np.full(len(rows), -1) if y is None else y[rows]).tolist(),
            "classes": list(dataset.classes),
            "texts": [texts[int(row)][:LETTERS] for row in rows],
        }
    )


@about_embedding("nearest", NearestAsk)
def nearest(data: Named[EmbedJobs], ask: NearestAsk) -> Answer:
    """The texts with the largest cosine to a sentence: {"found": [{"row", "cosine", "label", "text"}]}."""
    from selfsup_core.export.embeddings import open_texts
    from selfsup_core.features.embedding.embed import EmbedConfig, embed

    if not ask.text.strip():
        raise DataError(tr("Type a sentence first."), code="no-text")
    x = data.holder.ready(data.name, ask.encoder)
    dataset, texts = open_texts(data.holder.workspace, data.name)
    with data.holder.asking:
        wanted = embed([ask.text], EmbedConfig(encoder=ask.encoder))[0]
    cosines = x @ wanted
    best = np.argsort(-cosines, kind="stable")[: min(ask.most, MOST_FOUND)]
    names = dataset.label_names() if dataset.y is not None else None
    return Answer(
        about={
            "found": [
                {
                    "row": int(row),
                    "cosine": float(cosines[row]),
                    "label": names[row] if names else "",
                    "text": texts[int(row)][:LETTERS],
                }
                for row in best
            ]
        }
    )
