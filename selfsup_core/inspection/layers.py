"""What a network is made of: its layers in the order of use, with shapes, weights and cost, and their
activations.

Cost is counted in multiply-adds of one sample: weights × the places where they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Layer:
    """A layer with its activation function.

    Attributes:
        name: "Encoder 1", "Code", "Decoder 2".
        kind: what it does, in words: "dense 784 → 64, ReLU".
        shape: of its output for one sample.
        parameters: weights and biases. macs: multiply-adds. share: of the network's multiply-adds.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    share: float = 0.0
    note: str = ""


@dataclass
class Trace:
    """One use of a layer: the module, what came in and what went out, activation functions included."""

    path: str
    module: Any
    before: tuple[int, ...]
    output: Any
    activation: str = ""


def is_activation(module: nn.Module) -> bool:
    from torch import nn

    return isinstance(module, nn.ReLU | nn.GELU | nn.Tanh | nn.Sigmoid)


def is_layer(module: nn.Module) -> bool:
    from torch import nn

    from selfsup_core.models.modules.convolutional import Residual
    from selfsup_core.models.modules.gaussian import GaussianHead
    from selfsup_core.models.modules.patches import Block
    from selfsup_core.models.modules.quantizer import Quantizer

    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.LayerNorm)
    return isinstance(module, (*kinds, Residual, GaussianHead, Block, Quantizer))


def trace(model: nn.Module, x: torch.Tensor) -> list[Trace]:
    """Follow one sample (1, D) through the network."""
    import torch

    found: list[Trace] = []
    handles: list[Any] = []
    inner: set[str] = set()

    def note_layer(path: str, module: nn.Module) -> Callable[..., None]:
        def hook(_: Any, args: tuple[Any, ...], output: torch.Tensor) -> None:
            found.append(Trace(path, module, tuple(args[0].shape[1:]), output))

        return hook

    def note_activation(module: nn.Module, args: tuple[Any, ...], output: torch.Tensor) -> None:
        if found:
            found[-1].output, found[-1].activation = output, type(module).__name__

    for path, module in model.named_modules():
        if any(path.startswith(outer + ".") for outer in inner):
            continue  # part of a block that is shown as one
        if is_layer(module):
            inner.add(path)
            handles.append(module.register_forward_hook(note_layer(path, module)))
        elif is_activation(module):
            handles.append(module.register_forward_hook(note_activation))
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


def describe_layers(model: nn.Module, item_shape: tuple[int, ...]) -> list[Layer]:
    """All layers in the order of use; their parameters add up to the network's."""
    import torch

    device = next(model.parameters()).device
    steps = trace(model, torch.zeros(1, int(np.prod(item_shape)), device=device))
    layers, counts = [], {"Encoder": 0, "Decoder": 0}
    for step in steps:
        part = part_of(step.path)
        if part in counts:
            counts[part] += 1
        name = f"{part} {counts[part]}" if part in counts else part
        kind, macs = explain(step)
        layers.append(
            Layer(
                name=name,
                kind=kind + (f", {step.activation}" if step.activation else ""),
                shape=tuple(step.output.shape[1:]),
                macs=macs,
                parameters=sum(p.numel() for p in step.module.parameters()),
            )
        )
    loose = sum(p.numel() for p in model.parameters()) - sum(layer.parameters for layer in layers)
    if loose:
        # The token that stands for a hidden patch belongs to no layer; the decoder's first one brings it in.
        index = next(i for i, layer in enumerate(layers) if layer.name.startswith(tr("Decoder")))
        count = layers[index].parameters + loose
        layers[index] = replace(layers[index], parameters=count, note=tr("with the token of hidden patches"))
    total = sum(layer.macs for layer in layers) or 1
    return [replace(layer, share=layer.macs / total) for layer in layers]


def part_of(path: str) -> str:
    top = path.split(".")[0]
    if top in ("head", "quantizer"):
        return tr("Code") if top == "head" else tr("Codebook")
    is_decoder = top.startswith("decoder") or top in ("to_decoder", "predict")
    return tr("Decoder") if is_decoder else tr("Encoder")


def explain(step: Trace) -> tuple[str, int]:
    """(what a layer does in words, its multiply-adds for one sample)."""
    from torch import nn

    from selfsup_core.models.modules.gaussian import GaussianHead
    from selfsup_core.models.modules.quantizer import Quantizer

    module, shape = step.module, tuple(step.output.shape[1:])
    places = int(np.prod(shape)) // shape[-1]
    if isinstance(module, nn.Linear):
        each = tr("dense {wide}") if len(shape) == 1 else tr("dense, each token, {wide}")
        size = module.in_features * module.out_features
        return each.format(wide=f"{module.in_features} → {module.out_features}"), places * size
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        is_up = isinstance(module, nn.ConvTranspose2d)
        word = tr("convolution up") if is_up else "convolution"
        spots = int(np.prod((step.before if is_up else shape)[1:]))
        kind = tr("{word} 3 × 3, {in_channels} → {out_channels} channels").format(
            word=word, in_channels=module.in_channels, out_channels=module.out_channels
        )
        return kind, spots * module.weight.numel()
    if isinstance(module, GaussianHead):
        size = module.mean.in_features * module.mean.out_features
        return tr("mean and variance, dense {in_features} → 2 × {shape}").format(
            in_features=module.mean.in_features, shape=shape[0]
        ), 2 * size
    if isinstance(module, Quantizer):
        kind = tr("nearest of {codes} vectors of {dimension} numbers").format(
            codes=module.codes, dimension=module.dimension
        )
        return kind, shape[0] * module.codes
    if isinstance(module, nn.LayerNorm):
        return tr("layer norm"), int(np.prod(shape))
    weights = sum(p.numel() for p in module.parameters() if p.dim() > 1)
    if len(shape) == 3:
        return tr("residual block"), int(np.prod(shape[1:])) * weights
    tokens, width = shape
    return tr("transformer block, {heads} heads").format(
        heads=module.heads
    ), tokens * weights + 2 * tokens**2 * width


def activations(model: nn.Module, x: torch.Tensor) -> list[np.ndarray]:
    """Of one sample (1, D): each layer's output after its activation function, as `describe_layers` lists
    them.
    """
    return [step.output[0].float().cpu().numpy() for step in trace(model, x)]
