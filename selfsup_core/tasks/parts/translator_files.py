"""What a translator's run keeps beside its weights: the tokenizer; and a translator made of both again."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from selfsup_core.errors import DataError, RunError
from selfsup_core.features.pairs import PairTokens
from selfsup_core.files import MOST_WEIGHTS, read_file
from selfsup_core.models import MODELS
from selfsup_core.models.translator import LONGEST
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.weights import epoch_weights, nearest_epoch, set_weights
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from transformers import MarianMTModel

FOLDER, FILE = "model", "tokenizer.json"


@dataclass(frozen=True)
class Translator:
    """A run's translator at an epoch, in evaluation mode. beam: as the run's settings have it."""

    network: MarianMTModel
    tokens: PairTokens
    epoch: int
    beam: int


def write_tokenizer(folder: Path, tokens: PairTokens) -> None:
    """Write the tokenizer into a run's folder; skipped when it is there."""
    target = folder / FOLDER
    if target.is_dir():
        return
    temporary = folder / f".{FOLDER}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        temporary.mkdir()
        tokens.tokenizer.save(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_tokenizer(folder: Path) -> PairTokens:
    """Raises RunError: it is not there yet. DataError: it is damaged."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    from selfsup_core.features.tokenizers import END, TextTokenizer

    try:
        text = read_file(folder / FOLDER / FILE, MOST_WEIGHTS).decode("utf-8")
    except FileNotFoundError as error:
        raise RunError(tr("This run has no vocabulary yet."), code="no-weights") from error
    try:
        made = Tokenizer.from_str(text)
    except Exception as error:  # tokenizers raises Exception itself
        raise DataError(tr("{name} of the run is damaged.").format(name=FILE), code="bad-weights") from error
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        clean_up_tokenization_spaces=False,
        split_special_tokens=True,
        eos_token=END,
        bos_token=END,
    )
    return PairTokens(TextTokenizer(fast), LONGEST)


def load_translator(workspace: Path, run: str, epoch: int | None = None) -> Translator:
    """The translator of a run at the kept epoch nearest to the one asked for, the newest one for None.

    Raises:
        RunError: no such run, no weights yet, or no translator. DataError: its files are damaged.
    """
    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    if task_of(spec) != "translate":
        raise RunError(
            tr("The run {id} is not a translation run.").format(id=folder.id),
            code="no-translator",
            remedy=tr("Choose a run of the page Scenarios, Translation."),
        )
    used = nearest_epoch(folder.weights, epoch)
    tokens = read_tokenizer(folder.path)
    network = MODELS[spec.model.kind].build(spec.model, (tokens.size,))
    set_weights(network, epoch_weights(folder, used), used)
    beam = int(cast("Any", spec.objective).beam)
    return Translator(cast("MarianMTModel", network.eval().requires_grad_(False)), tokens, used, beam)
