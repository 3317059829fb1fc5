"""Networks that draw, translate, answer questions, find objects or write down speech, for ONNX.

Each file holds one step of the network; what is around it is the caller's: to draw, times from 0 to 1; to
translate, one token after the other; to answer, the likeliest start and end; to detect, the cells whose heat
is highest; to write down speech, the likeliest letters without repetitions and blanks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfsup_core.errors import RunError
from selfsup_core.export.onnx_check import (
    IDS,
    Batch,
    Exportable,
    of_values,
    sample_tokens,
    say_tokens,
)
from selfsup_core.export.onnx_tokens import tokenizer_text
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

Found = tuple[Exportable, int, dict[str, str]]
WRITTEN, TYPES = "decoder_input_ids", "token_type_ids"


def best_epoch(folder: RunFolder, epoch: int | None) -> int | None:
    """The epoch asked for, else the best one, else the newest."""
    best = read_state(folder)["best"]
    return epoch if epoch is not None or not best else best["epoch"]


def generator_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    """The averaged weights of a generator, which draw."""
    from selfsup_core.export.run_classifier import put_weights, run_weights
    from selfsup_core.models import MODELS
    from selfsup_core.models.code_generator import CodeGeneratorConfig, build_for
    from selfsup_core.models.modules.autoencoder import Autoencoder
    from selfsup_core.runs.frames import read_about
    from selfsup_core.tasks.parts.code_of import take_autoencoder

    try:
        static = read_about(folder.frames / "static.safetensors")
    except OSError as error:
        raise RunError(
            tr("The run {id} has not started yet.").format(id=folder.id), code="no-weights"
        ) from error
    weights, used = run_weights(folder, epoch)
    shape = tuple(json.loads(static["item_shape"]))
    classes = len(weights["label.weight"]) - 1  # the last row is "any"
    if spec.data.code_of:
        autoencoder, _ = take_autoencoder(folder.workspace, folder.path, spec.data, shape)
        built: Any = build_for(
            cast("CodeGeneratorConfig", spec.model), cast("Autoencoder", autoencoder), classes
        )
    else:
        built = MODELS[spec.model.kind].build(spec.model, (*shape, classes))
    model = put_weights(built, weights)
    return wrap_generator(model), used, {"item_shape": static["item_shape"], "classes": static["classes"]}


def wrap_generator(model: Any) -> Exportable:
    """A generator: one step, and of one that works in a code the image of the code that it is given."""
    from torch import nn

    has_code = not model.is_bounded

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, x: torch.Tensor, time: torch.Tensor, label: torch.Tensor
        ) -> tuple[torch.Tensor, ...]:
            step = self.model(x, time, label)
            return (step, self.model.leave(x)) if has_code else (step,)

    width, classes = int(model.width), int(model.classes)

    def sample(count: int) -> Batch:
        generator = np.random.default_rng(count)
        return {
            "x": generator.normal(size=(count, width)).astype(np.float32),
            "time": generator.random(count, dtype=np.float32),
            "label": generator.integers(0, classes + 1, count),
        }

    inputs = {
        "x": f"(batch, {width}) float32",
        "time": tr("(batch,) float32 in [0, 1]"),
        "label": tr("(batch,) int64, {classes} is any class").format(classes=classes),
    }
    said = tr("(batch, {width}) of one step, as the objective of the run means it").format(width=width)
    outputs = {"step": said}
    if has_code:
        outputs["image"] = tr("(batch, values) in [0, 1], decoded from x")
    return Exportable(Whole().eval(), inputs, outputs, sample)


def translator_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    from selfsup_core.tasks.parts.translator_files import load_translator

    found = load_translator(folder.workspace, folder.id, best_epoch(folder, epoch))
    about = {"tokenizer": tokenizer_text(found.tokens.tokenizer.fast)}
    return wrap_translator(found.network), found.epoch, about


def wrap_translator(model: Any) -> Exportable:
    """Marian's layers: the logits of the next token at each place of what is written so far."""
    from torch import nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, written: torch.Tensor
        ) -> tuple[torch.Tensor]:
            made = self.model(input_ids=ids, attention_mask=mask, decoder_input_ids=written, use_cache=False)
            return (made.logits,)

    most, vocabulary = int(model.config.max_position_embeddings), int(model.config.vocab_size)

    def sample(count: int) -> Batch:
        written = np.random.default_rng(count + 99).integers(0, vocabulary, (count, count + 1))
        return sample_tokens(count, max(1, most // (2 * count)), vocabulary) | {WRITTEN: written}

    start = int(model.config.decoder_start_token_id)
    said = tr("(batch, written) int64: token {start}, then what is written so far").format(start=start)
    outputs = {"token_logits": tr("(batch, written, vocabulary) of the next token at each place")}
    tokens, written = {0: "batch", 1: "tokens"}, {0: "batch", 1: "written"}
    axes = {IDS: tokens, "attention_mask": tokens, WRITTEN: written, "token_logits": written}
    return Exportable(Whole().eval(), say_tokens(most) | {WRITTEN: said}, outputs, sample, axes)


def reader_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    from selfsup_core.pretrained.text_body import minilm_tokenizer
    from selfsup_core.tasks.parts.reader_files import load_reader

    found = load_reader(folder.workspace, folder.id, best_epoch(folder, epoch))
    about = {"tokenizer": tokenizer_text(minilm_tokenizer())}
    return wrap_reader(found.network, found.reading.most), found.epoch, about


def wrap_reader(model: Any, most: int) -> Exportable:
    """A `SpanReader`: the logits of start and end at each token of question and passage."""
    from torch import nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.model(ids, types, mask)
            return found[:, :, 0], found[:, :, 1]

    def sample(count: int) -> Batch:
        made = sample_tokens(count, 12, 30_000)
        types = np.zeros_like(made[IDS])
        types[:, 5:] = 1
        return made | {TYPES: types}

    said = tr("(batch, tokens) int64, 0 for the question, 1 for the passage")
    outputs = {
        "start": tr("(batch, tokens) logits that the answer starts there; tokens of the passage count"),
        "end": tr("(batch, tokens) logits that it ends there"),
    }
    tokens = {0: "batch", 1: "tokens"}
    axes = dict.fromkeys((IDS, "attention_mask", TYPES, "start", "end"), tokens)
    return Exportable(Whole().eval(), say_tokens(most) | {TYPES: said}, outputs, sample, axes)


def detector_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    from selfsup_core.tasks.parts.detector_files import load_detector

    found = load_detector(folder.workspace, folder.id, best_epoch(folder, epoch))
    about = {
        "item_shape": json.dumps(found.shape),
        "classes": json.dumps(found.classes, ensure_ascii=False),
        "threshold": str(found.threshold),
    }
    return wrap_detector(found.network, found.shape), found.epoch, about


def wrap_detector(model: Any, shape: tuple[int, int, int]) -> Exportable:
    """A `Detector` for pictures of one size, flat with channels last as all samples are."""
    from torch import nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            maps = self.model(x.reshape(-1, *shape).permute(0, 3, 1, 2))
            return maps.heat.sigmoid(), maps.offset, maps.size.exp()

    outputs = {
        "heat": tr("(batch, classes, h, w): how likely a class has its center in a cell of 4 × 4 pixels"),
        "offset": tr("(batch, 2, h, w): the center in its cell, across and down, in cells"),
        "size": tr("(batch, 2, h, w): width and height in cells"),
    }
    return of_values(Whole().eval(), int(np.prod(shape)), outputs)


def transcriber_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    from selfsup_core.tasks.parts.transcriber_files import load_transcriber, read_letters

    found = load_transcriber(folder.workspace, folder.id, best_epoch(folder, epoch))
    letters = json.dumps(list(found.letters.alphabet), ensure_ascii=False)
    about = {"letters": letters, "rate": str(found.rate)}
    return wrap_transcriber(found.network, int(read_letters(folder.path)["bands"])), found.epoch, about


def wrap_transcriber(model: Any, bands: int) -> Exportable:
    """A `Transcriber`: how likely each letter is along a clip."""
    from torch import nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            heard = self.model(x, frames)
            return heard.log_p, heard.frames

    def sample(count: int) -> Batch:
        length = 8 + 4 * count
        x = np.random.default_rng(count).random((count, bands, length), dtype=np.float32)
        return {"x": x, "frames": np.arange(length - count + 1, length + 1)}

    inputs = {
        "x": tr("(batch, {bands}, frames) float32 in [0, 1]: a log-mel spectrogram").format(bands=bands),
        "frames": tr("(batch,) int64 of each clip, the rest is not read"),
    }
    outputs = {
        "log_probabilities": tr("(batch, steps, letters), of which the first one is the blank"),
        "steps": tr("(batch,) steps that count"),
    }
    axes = {"x": {0: "batch", 2: "frames"}, "log_probabilities": {0: "batch", 1: "steps"}}
    return Exportable(Whole().eval(), inputs, outputs, sample, axes)


SCENARIOS: dict[str, Callable[[RunFolder, RunSpec, int | None], Found]] = {
    "generate": generator_of,
    "translate": translator_of,
    "answer": reader_of,
    "detect": detector_of,
    "transcribe": transcriber_of,
}
