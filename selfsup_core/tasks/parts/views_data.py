"""The data of a run that learns from views: as any network reads them, or the tokens of texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.batches import Prepared, prepare
from selfsup_core.pretrained.models.text_encoder import TextEncoderConfig
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr


def prepare_views(
    spec: RunSpec,
    dataset: Dataset,
    device: str,
    workspace: Path,
    say: Callable[[str], None] | None = None,
) -> tuple[Prepared, Prepared]:
    """(what the network reads, what counts as raw input beside it). They differ for a text encoder, beside
    which stand the features that are set for texts.

    Raises:
        DataError: the network reads texts, and there are none.
    """
    raw = prepare(dataset, spec.data, device, workspace=workspace, progress=say)
    if not isinstance(spec.model, TextEncoderConfig):
        return raw, raw
    if not isinstance(dataset.x, Texts):
        raise DataError(
            tr("The text encoder needs texts; {title} holds {kind}s.").format(
                title=dataset.title, kind=dataset.kind
            ),
            code="no-texts",
            remedy=tr("Choose another network (model.kind)."),
        )
    from selfsup_core.pretrained.text_body import token_rows

    most = spec.model.most_tokens
    if say:
        say(tr("Reading the tokens of all texts."))
    x = token_rows([dataset.x[row] for row in range(len(dataset))], most).to(device)
    note = tr("MiniLM reads the first {most} tokens of each text. Raw input are its features: {note}").format(
        most=most, note=raw.note
    )
    return replace(raw, x=x, scale=1.0, item_shape=(most,), columns=(), note=note.strip()), raw
