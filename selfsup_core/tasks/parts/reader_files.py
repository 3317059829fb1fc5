"""A run's reader made of its weights again; MiniLM itself and its tokenizer come with the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from selfsup_core.errors import RunError
from selfsup_core.features.windows import Reading
from selfsup_core.models import MODELS
from selfsup_core.pretrained.text_body import minilm_tokenizer
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.weights import epoch_weights, nearest_epoch, set_weights
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.pretrained.models.reader import ReaderConfig
    from selfsup_core.pretrained.span_reader import SpanReader


@dataclass(frozen=True)
class RunReader:
    """A run's network at an epoch, in evaluation mode, and its tokenizer."""

    network: SpanReader
    reading: Reading
    epoch: int


def load_reader(workspace: Path, run: str, epoch: int | None = None) -> RunReader:
    """The reader of a run at the kept epoch nearest to the one asked for, the newest one for None.

    Raises:
        RunError: no such run, no weights yet, or it answers no questions. DataError: its files are damaged,
        or MiniLM is not on this machine.
    """
    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    if task_of(spec) != "answer":
        raise RunError(
            tr("The run {id} does not answer questions.").format(id=folder.id),
            code="no-reader",
            remedy=tr("Choose a run of the page Scenarios, Answers."),
        )
    used = nearest_epoch(folder.weights, epoch)
    network = MODELS[spec.model.kind].build(spec.model, ())
    set_weights(network, epoch_weights(folder, used), used)
    made = cast("SpanReader", network.eval().requires_grad_(False))
    most = cast("ReaderConfig", spec.model).most_tokens
    return RunReader(made, Reading(minilm_tokenizer().backend_tokenizer, most), used)
