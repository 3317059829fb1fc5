"""Writing a network as ONNX, and checking the file in onnxruntime against torch over batches of several
sizes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.errors import RunError
from selfsup_core.files import MB
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4
BATCHES = (1, 2, 5)  # sizes of the batches that are compared; the file is made with another one
MADE_WITH = 3
OPSET = 18
MOST_BYTES = 1_900 * MB  # a file of this format ends at 2 GB
IDS, MASK = "input_ids", "attention_mask"  # as Hugging Face's own ONNX files call them


Batch = dict[str, np.ndarray]
Axes = dict[str, dict[int, str]]


@dataclass(frozen=True)
class Exportable:
    """A network with named inputs and outputs.

    Attributes:
        inputs, outputs: name → what it holds; in the order in which the module takes and gives them.
        sample: number of rows → a batch of so many, always the same.
        axes: of inputs and outputs that are of any size in more than their first axis.
    """

    module: torch.nn.Module
    inputs: dict[str, str]
    outputs: dict[str, str]
    sample: Callable[[int], Batch]
    axes: Axes = field(default_factory=dict)


def of_values(module: torch.nn.Module, width: int, outputs: dict[str, str]) -> Exportable:
    """A network of features (B, width)."""

    def sample(count: int) -> Batch:
        return {"x": np.random.default_rng(count).random((count, width), dtype=np.float32)}

    return Exportable(module, {"x": f"(batch, {width}) float32"}, outputs, sample)


def of_tokens(
    module: torch.nn.Module, most: int, outputs: dict[str, str], vocabulary: int, axes: Axes | None = None
) -> Exportable:
    """A network of token numbers and their mask, both (B, T) with T ≤ most. axes: of the outputs."""

    def sample(count: int) -> Batch:
        return sample_tokens(count, max(1, most // count), vocabulary)

    tokens = {0: "batch", 1: "tokens"}
    return Exportable(module, say_tokens(most), outputs, sample, {IDS: tokens, MASK: tokens} | (axes or {}))


def sample_tokens(count: int, length: int, vocabulary: int) -> Batch:
    """Token numbers and their mask, by which the last text is shorter."""
    mask = np.ones((count, length), np.int64)
    mask[-1, max(1, length - 2) :] = 0
    return {IDS: np.random.default_rng(count).integers(0, vocabulary, (count, length)), MASK: mask}


def say_tokens(most: int) -> dict[str, str]:
    return {
        IDS: tr("(batch, tokens) int64, at most {most} tokens").format(most=most),
        MASK: tr("(batch, tokens) int64, 0 behind the end of a text, else 1"),
    }


def export_module(found: Exportable, about: dict[str, str]) -> bytes:
    """The file's bytes; batches of any size go in. about: texts that are kept in the file.

    Raises:
        RunError: the network is too large for such a file, or torch cannot write its layers.
    """
    import onnx
    import torch

    require_size(found.module)
    batch = found.sample(MADE_WITH)
    names = list(found.outputs)
    axes: Axes = {name: {0: "batch"} for name in (*batch, *names)}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad(), refusing():
        warnings.simplefilter("ignore")  # of the exporter: shapes that are fixed on purpose
        # The older exporter takes a tenth of the time of the new one, and needs no further packages.
        torch.onnx.export(
            found.module,
            tuple(torch.from_numpy(value) for value in batch.values()),
            buffer,  # type: ignore[arg-type]  # the older exporter writes to it
            input_names=list(batch),
            output_names=names,
            dynamic_axes=axes | found.axes,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    blob: bytes = model.SerializeToString()
    return blob


def require_size(module: torch.nn.Module) -> None:
    """Raises RunError: the weights are more than one ONNX file holds."""
    size = sum(value.numel() * value.element_size() for value in module.parameters())
    if size > MOST_BYTES:
        raise RunError(
            tr("The network has {size:,.0f} MB of weights; one ONNX file holds less than 2,000 MB.").format(
                size=size / MB
            ),
            code="no-onnx",
            remedy=by_optimum(),
        )


@contextmanager
def refusing() -> Iterator[None]:
    """What torch cannot write is said in a sentence."""
    try:
        yield
    except Exception as error:  # each layer that it cannot write raises another kind
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise RunError(
            tr("torch cannot write this network as ONNX: {reason}").format(reason=reason[0][:300]),
            code="no-onnx",
            remedy=by_optimum(),
        ) from error


def by_optimum() -> str:
    return tr("Export the model with its card, and convert the folder with the library optimum.")


def compare(blob: bytes, found: Exportable) -> float:
    """The largest difference between onnxruntime and torch over batches of several sizes.

    Raises:
        RunError: it is larger than 1e-4, by the size of what is compared.
    """
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
    worst = 0.0
    for count in BATCHES:
        batch = found.sample(count)
        with torch.inference_mode():
            made = found.module(*(torch.from_numpy(value) for value in batch.values()))
        wanted = [value.numpy() for value in made]
        for name, got, value in zip(found.outputs, session.run(None, batch), wanted, strict=True):
            scale = max(1.0, float(np.abs(value).max()))
            difference = float(np.abs(got - value).max()) / scale if got.shape == value.shape else np.inf
            if not difference <= TOLERANCE:
                raise RunError(
                    tr(
                        "The ONNX file computes another {name} than torch: the difference is "
                        "{difference:.1g}."
                    ).format(name=name, difference=difference),
                    code="onnx-differs",
                    remedy=tr("Nothing was written. Use the model with its card instead."),
                )
            worst = max(worst, difference)
    return worst
