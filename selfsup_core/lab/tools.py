"""Tools on a run's network at an epoch: each is a function of its settings that gives arrays and a few words.

The stage asks for them by a route, the CLI by name; both go through `use_tool`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from pydantic import ValidationError

from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import RunError, SettingError
from selfsup_core.evaluate.anomaly import auroc, class_means, rank_errors, threshold
from selfsup_core.evaluate.autoencoder import rebuild
from selfsup_core.evaluate.latent import (
    FittedGaussian,
    class_direction,
    lerp,
    map_to_code,
    posterior_ellipse,
    rank_dimensions,
    slerp,
    traverse,
)
from selfsup_core.evaluate.saliency import saliency as code_saliency
from selfsup_core.export.keras import keras_script
from selfsup_core.export.script import script_archive, script_of
from selfsup_core.lab.model_at import Kits, ModelAt, as_bytes
from selfsup_core.models.inside import activations, describe_layers
from selfsup_core.objectives.denoising import corrupt
from selfsup_core.registry import Registry
from selfsup_core.settings import Config, explain, setting

MOST_POINTS = 441  # a lattice of 21 × 21
MOST_RANKED = 20_000
SHOWN_RANKED = 32
MOST_ACTIVATIONS = 4096
BATCH = 512


@dataclass
class Answer:
    """arrays by name, and `about`: plain values that say what they are."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    config: type[Config]
    run: Callable[[ModelAt, Any], Answer]


TOOLS: Registry[Tool] = Registry("tool", "selfsup_core.lab")


def tool(name: str, config: type[Config]) -> Callable:
    def register(function: Callable[[ModelAt, Any], Answer]) -> Callable:
        TOOLS.register(name)(Tool(config, function))
        return function

    return register


def use_tool(kits: Kits, run: str, name: str, values: dict[str, Any]) -> Answer:
    """Do what was asked, with the weights of the kept epoch that is nearest to `values["epoch"]`.

    Raises:
        SettingError: there is no such tool, sample or setting. RunError: this run cannot do it.
    """
    entry = TOOLS[name]
    values = dict(values)
    epoch = values.pop("epoch", None)
    if epoch is not None and (not isinstance(epoch, int) or isinstance(epoch, bool)):
        raise SettingError(f"epoch must be a whole number; found {epoch!r}.")
    try:
        ask = entry.config.model_validate(values)
    except ValidationError as error:
        raise explain(error, entry.config) from error
    at = kits.kit(run).at(epoch)
    answer = entry.run(at, ask)
    answer.about["epoch"] = at.epoch
    return answer


def sample_setting(
    default: int | None = None, what: str = "Sample of the map to begin from."
) -> Any:
    return setting(default, what + " None takes the mean of all codes.", title="Sample")


# Drag to decode


class DecodeAsk(Config):
    points: tuple[tuple[float, float], ...] = setting(
        ((0.0, 0.0),), "Places on the map.", title="Points", min_length=1, max_length=MOST_POINTS
    )
    sample: int | None = sample_setting()


@tool("decode", DecodeAsk)
def decode(at: ModelAt, ask: DecodeAsk) -> Answer:
    """What the decoder makes of places on the map."""
    at.check_decodes()
    mean, axes = at.projection
    points = torch.tensor(ask.points, dtype=torch.float32)
    if not torch.isfinite(points).all():
        raise SettingError("points must be finite numbers.")
    size = at.model.code_size
    residual = None
    if size > 2 and ask.sample is not None:
        at.values(ask.sample)  # names a sample that is not there
        off = at.codes[ask.sample] - mean
        residual = off - (off @ axes.T) @ axes
    codes = map_to_code(points, mean, axes, residual)
    rest = size - 2
    if rest <= 0:
        how = "The map is the code itself: each place is a code."
    elif ask.sample is None:
        how = f"The map is linear, so it is inverted: a place gives two directions of the code, what lies in the other {rest} stays at its mean."
    else:
        how = f"The map is linear, so it is inverted: a place gives two directions of the code, the other {rest} stay as in the chosen sample."
    return Answer({"images": at.decode(codes), "codes": codes.numpy()}, {"how": how})


class SampleAsk(Config):
    sample: int = setting(0, "Sample of the map.", title="Sample", ge=0)


def is_variational(at: ModelAt) -> bool:
    return hasattr(getattr(at.model, "head", None), "posterior")


@tool("posterior", SampleAsk)
def posterior(at: ModelAt, ask: SampleAsk) -> Answer:
    """Mean and covariance of q(h | x) of a sample, on the map."""
    if not is_variational(at):
        raise RunError(
            "Only a variational autoencoder gives a distribution for each sample.",
            code="no-posterior",
        )
    with torch.inference_mode():
        mean, log_variance = at.model.head.posterior(at.model.encoder(at.values(ask.sample)))
    center, covariance = posterior_ellipse(mean[0], log_variance[0].exp(), *at.projection)
    return Answer({"mean": to_numpy(center), "covariance": to_numpy(covariance)})


def to_numpy(values: Any) -> np.ndarray:
    array = (
        values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    )
    return np.ascontiguousarray(array, dtype=np.float32)


def code_of(at: ModelAt, sample: int | None) -> torch.Tensor:
    """(K,) of a sample, or the mean of all codes."""
    if sample is None:
        return at.codes.mean(dim=0)
    at.values(sample)
    return at.codes[sample]


# Along the code


class TraversalAsk(Config):
    sample: int | None = sample_setting()
    dimensions: int = setting(
        8, "Dimensions shown, most used first.", title="Dimensions", ge=1, le=16
    )
    steps: int = setting(9, "Pictures a dimension.", title="Steps", ge=3, le=15)
    span: float = setting(
        2.5, "How far to go to each side, in standard deviations.", title="Span", gt=0.0, le=10.0
    )


@tool("traversal", TraversalAsk)
def traversal(at: ModelAt, ask: TraversalAsk) -> Answer:
    """One strip a dimension: everything else of the code stays, this one moves."""
    at.check_decodes()
    kit = at.kit
    x = kit.data.values(kit.data.rows(kit.evaluator.validation))
    with torch.inference_mode():
        importance, by = kit.objective.importance(at.model, x)
    importance = importance.float().cpu()
    order = torch.as_tensor(np.asarray(rank_dimensions(importance)).copy())[: ask.dimensions]
    offsets = torch.linspace(-ask.span, ask.span, ask.steps)
    codes = traverse(code_of(at, ask.sample), order, offsets, at.codes.std(dim=0))
    return Answer(
        {
            "images": at.decode(codes),
            "order": order.numpy().astype(np.int32),
            "importance": to_numpy(importance[order]),
            "offsets": to_numpy(offsets),
        },
        {"by": by},
    )


class InterpolateAsk(Config):
    a: int = setting(0, "Sample to begin at.", title="From", ge=0)
    b: int = setting(1, "Sample to end at.", title="To", ge=0)
    steps: int = setting(9, "Pictures.", title="Steps", ge=3, le=15)
    kind: Literal["linear", "spherical"] = setting(
        "linear", "Along the straight line, or along the arc that keeps the length.", title="Path"
    )


@tool("interpolate", InterpolateAsk)
def interpolate(at: ModelAt, ask: InterpolateAsk) -> Answer:
    """Decodings on the way from one sample's code to another's."""
    a, b = code_of(at, ask.a), code_of(at, ask.b)
    path = slerp if ask.kind == "spherical" else lerp
    codes = torch.stack([path(a, b, float(t)) for t in np.linspace(0, 1, ask.steps)])
    inputs = as_bytes(torch.cat([at.values(ask.a), at.values(ask.b)]))
    return Answer({"images": at.decode(codes), "inputs": inputs})


class ArithmeticAsk(Config):
    sample: int | None = setting(
        None, "Sample to begin from. None takes the mean of the class that is subtracted.",
        title="Sample",
    )  # fmt: skip
    plus: int = setting(1, "Class whose mean code is added.", title="Plus", ge=0)
    minus: int = setting(0, "Class whose mean code is subtracted.", title="Minus", ge=0)
    steps: int = setting(7, "Pictures.", title="Steps", ge=3, le=15)


@tool("arithmetic", ArithmeticAsk)
def arithmetic(at: ModelAt, ask: ArithmeticAsk) -> Answer:
    """h + w (mean of one class − mean of another), for w from 0 to 1.5."""
    labels = torch.from_numpy(np.asarray(at.labels()).astype(np.int64))
    direction = class_direction(at.codes, labels, ask.plus, ask.minus)
    begin = (
        at.codes[labels == ask.minus].mean(dim=0) if ask.sample is None else code_of(at, ask.sample)
    )
    weights = torch.linspace(0, 1.5, ask.steps)
    codes = begin + weights[:, None] * torch.as_tensor(direction)
    return Answer({"images": at.decode(codes), "weights": to_numpy(weights)})


class DrawAsk(Config):
    source: Literal["prior", "gaussian"] = setting(
        "gaussian", "The prior of a variational autoencoder, or a Gaussian fitted to the codes.",
        title="Source",
    )  # fmt: skip
    count: int = setting(32, "Pictures.", title="Count", ge=1, le=64)
    seed: int = setting(0, "Seed of the codes that are drawn.", title="Seed", ge=0, le=2**31 - 1)


@tool("sample", DrawAsk)
def draw(at: ModelAt, ask: DrawAsk) -> Answer:
    """Decodings of codes that belong to no sample."""
    generator = torch.Generator().manual_seed(ask.seed)
    if ask.source == "prior":
        codes = torch.randn(ask.count, at.model.code_size, generator=generator)
        note = (
            "Codes from the prior N(0, 1), which training pulled the codes towards."
            if is_variational(at)
            else "Codes from N(0, 1). This objective has no prior, so nothing makes the decoder fit them."
        )
    else:
        codes = FittedGaussian.fit(at.codes).sample(ask.count, generator)
        note = "Codes from a Gaussian with the mean and covariance of this run's codes."
    return Answer({"images": at.decode(torch.as_tensor(codes).float())}, {"note": note})


# Repair by hand


class RepairAsk(Config):
    sample: int | None = setting(None, "Sample of the map.", title="Sample")
    image: str = setting("", "An image of one's own: its bytes in base64.", title="Image")
    noise: Literal["none", "gaussian", "masking", "salt-and-pepper"] = setting(
        "none", "Noise that is added first.", title="Noise"
    )
    amount: float = setting(
        0.3, "Standard deviation of Gaussian noise, else the share of values it hits.",
        title="Amount", ge=0.0, le=1.0,
    )  # fmt: skip
    mask: str | None = setting(None, "Painted-out pixels: 1 for each, in base64.", title="Mask")
    seed: int = setting(0, "Seed of the noise.", title="Seed", ge=0, le=2**31 - 1)


@tool("repair", RepairAsk)
def repair(at: ModelAt, ask: RepairAsk) -> Answer:
    """An input, what is done to it, what the network makes of that, and where it errs."""
    x = own_image(at, ask.image) if ask.image else at.values(ask.sample or 0)  # (1, D)
    hidden = read_mask(at, ask.mask)
    generator = torch.Generator().manual_seed(ask.seed)
    with torch.inference_mode():
        noisy = x if ask.noise == "none" else corrupt(x, ask.noise, ask.amount, generator)
        noisy = torch.where(hidden, torch.zeros(()), noisy)
        if at.model.can_decode:
            shown, restored = noisy, at.model.decode(at.model.encode(noisy))
            note = ""
        else:
            shown, restored, note = fill_holes(at, noisy, hidden, generator)
    error = (restored - x).square()[0]
    return Answer(
        {
            "input": as_bytes(x)[0],
            "corrupted": as_bytes(shown)[0],
            "restored": as_bytes(restored)[0],
            "error": to_numpy(error),
        },
        {
            "mse_corrupted": float((shown - x).square().mean()),
            "mse_restored": float(error.mean()),
            "note": note,
        },
    )


def own_image(at: ModelAt, text: str) -> torch.Tensor:
    """(1, D) in [0, 1]. Raises SettingError unless there is one byte a value."""
    data = unpack(text, "image", at.kit.data.width)
    return torch.from_numpy(data.astype(np.float32) / 255)[None]


def read_mask(at: ModelAt, text: str | None) -> torch.Tensor:
    """(1, D) of booleans; a painted pixel hides all its channels."""
    width, shape = at.kit.data.width, at.kit.data.item_shape
    if text is None:
        return torch.zeros(1, width, dtype=torch.bool)
    channels = shape[2] if len(shape) == 3 else 1
    pixels = torch.from_numpy(unpack(text, "mask", width // channels) > 0)
    return pixels.repeat_interleave(channels)[None]


def unpack(text: str, name: str, size: int) -> np.ndarray:
    try:
        data = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise SettingError(f"{name} is not base64.") from error
    if len(data) != size:
        raise SettingError(f"{name} must have {size} bytes; found {len(data)}.")
    return data


def fill_holes(
    at: ModelAt, x: torch.Tensor, hidden: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, str]:
    """A masked autoencoder sees whole patches: those that were touched are hidden; without any, as many as in training."""
    model = at.model
    touched = model.patches(hidden.float())[0].amax(dim=1) > 0  # (N,)
    if not touched.any():
        shown, output = at.kit.objective.show(model, x, generator)
        return (
            shown,
            output,
            "Nothing is painted out, so patches are hidden at random as in training.",
        )
    keep = torch.nonzero(~touched).flatten()
    if len(keep) == 0:
        raise SettingError("Everything is painted out; leave at least one patch.")
    patches = model.patches(x)
    filled = torch.sigmoid(model.masked_forward(x, keep[None]).float())
    is_hidden = touched[None, :, None]
    shown = model.unpatch(torch.where(is_hidden, torch.full_like(patches, 0.5), patches))
    output = model.unpatch(torch.where(is_hidden, filled, patches))
    return shown, output, f"{int(touched.sum())} of {len(touched)} patches are hidden."


# What it cannot explain


class NoAsk(Config):
    """Nothing to set."""


@tool("unexplained", NoAsk)
def unexplained(at: ModelAt, ask: NoAsk) -> Answer:
    """Training and validation samples by their reconstruction error, worst first; test rows stay out."""
    kit = at.kit
    rows, is_validation = ranked_rows(at)
    errors, outputs = measure(at, rows)
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
    return np.concatenate([validation, train]), np.arange(len(validation) + len(train)) < len(
        validation
    )


def measure(at: ModelAt, rows: np.ndarray) -> tuple[np.ndarray, Callable]:
    """(N,) mean squared errors, and a function from places in `rows` to their reconstructions as bytes."""
    kit = at.kit

    def outputs(some: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        x = kit.data.values(kit.data.rows(some))
        generator = torch.Generator().manual_seed(kit.spec.seed)
        return x, rebuild(at.model, kit.objective, x, at.model.encode(x), generator)

    errors = []
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            x, made = outputs(rows[start : start + BATCH])
            errors.append((made - x).square().mean(dim=1))

    def again(places: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return as_bytes(outputs(rows[places])[1])

    return torch.cat(errors).float().numpy(), again


# Inside


@tool("inside", SampleAsk)
def inside(at: ModelAt, ask: SampleAsk) -> Answer:
    """The layers, and what each makes of a sample."""
    layers = describe_layers(at.model, at.kit.data.item_shape)
    with torch.inference_mode():
        made = activations(at.model, at.values(ask.sample))
    arrays = {f"layer_{i}": shorten(values) for i, values in enumerate(made)}
    about = [
        {
            "name": layer.name, "kind": layer.kind, "shape": list(layer.shape),
            "parameters": layer.parameters, "share": layer.share, "note": layer.note,
        }
        for layer in layers
    ]  # fmt: skip
    return Answer(arrays, {"layers": about})


def shorten(values: np.ndarray) -> np.ndarray:
    """At most 4096 numbers: of a stack of maps the first ones, of anything else its beginning."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.size <= MOST_ACTIVATIONS:
        return values
    if values.ndim > 1:
        each = int(np.prod(values.shape[1:]))
        if each <= MOST_ACTIVATIONS:
            return np.ascontiguousarray(values[: max(1, MOST_ACTIVATIONS // each)])
    return values.reshape(-1)[:MOST_ACTIVATIONS]


class SaliencyAsk(SampleAsk):
    dimension: int = setting(0, "Dimension of the code.", title="Dimension", ge=0)


@tool("saliency", SaliencyAsk)
def saliency(at: ModelAt, ask: SaliencyAsk) -> Answer:
    """Which input values raise (+) or lower (−) a dimension of the code."""
    size = at.model.code_size
    if ask.dimension >= size:
        raise SettingError(f"dimension must be less than {size}; found {ask.dimension}.")
    values = code_saliency(at.model, at.values(ask.sample), ask.dimension)
    method = "Integrated gradients from a black image (Sundararajan et al., 2017), by Captum."
    return Answer({"saliency": to_numpy(values)}, {"method": method})


# Code


class ScriptAsk(Config):
    kind: Literal["pytorch", "keras"] = setting(
        "pytorch", "Library of the script.", title="Library"
    )


@tool("script", ScriptAsk)
def script(at: ModelAt, ask: ScriptAsk) -> Answer:
    """The run as a script."""
    spec, data = at.kit.spec, at.kit.data
    if ask.kind == "keras":
        text, note = keras_script(spec, data.item_shape), "The same layers for Keras 3."
    else:
        text = script_of(at.kit.folder, data.item_shape, data.groups)
        note = "Needs torch, numpy and data.npz, which the archive holds. It ends with this run's losses."
    return Answer(about={"text": text, "note": note})


@tool("archive", NoAsk)
def archive(at: ModelAt, ask: NoAsk) -> Answer:
    """A zip with the script and the data that it reads."""
    return Answer({"zip": np.frombuffer(script_archive(at.kit.folder), np.uint8)})
