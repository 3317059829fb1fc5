"""Walks through the code: along a dimension, between two samples, from class to class, and to new samples."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from selfsup_core.evaluate.latent import (
    FittedGaussian,
    class_direction,
    lerp,
    rank_dimensions,
    slerp,
    traverse,
)
from selfsup_core.inspection.answer import Answer, to_numpy
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.model_at import ModelAt, as_bytes
from selfsup_core.inspection.samples import sample_setting
from selfsup_core.settings import setting
from selfsup_core.translation import tr


def code_of(at: ModelAt, sample: int | None) -> torch.Tensor:
    """(K,) of a sample, or the mean of all codes."""
    if sample is None:
        return at.codes.mean(dim=0)
    at.values(sample)
    return at.codes[sample]


class TraversalAsk(EpochAsk):
    sample: int | None = sample_setting()
    dimensions: int = setting(8, "Dimensions shown, most used first.", title="Dimensions", ge=1, le=16)
    steps: int = setting(9, "Pictures per dimension.", title="Steps", ge=3, le=15)
    span: float = setting(
        2.5, "How far to go to each side, in standard deviations.", title="Span", gt=0.0, le=10.0
    )


@about_run("traversal", TraversalAsk)
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


class InterpolateAsk(EpochAsk):
    a: int = setting(0, "Sample to begin at.", title="From", ge=0)
    b: int = setting(1, "Sample to end at.", title="To", ge=0)
    steps: int = setting(9, "Pictures.", title="Steps", ge=3, le=15)
    kind: Literal["linear", "spherical"] = setting(
        "linear",
        "Along a straight line, or along a curve on which the codes keep their length.",
        title="Path",
        titles={"linear": "Straight line", "spherical": "Curve"},
    )


@about_run("interpolate", InterpolateAsk)
def interpolate(at: ModelAt, ask: InterpolateAsk) -> Answer:
    """Decodings on the way from one sample's code to another's."""
    a, b = code_of(at, ask.a), code_of(at, ask.b)
    path = slerp if ask.kind == "spherical" else lerp
    codes = torch.stack([path(a, b, float(t)) for t in np.linspace(0, 1, ask.steps)])
    inputs = as_bytes(torch.cat([at.values(ask.a), at.values(ask.b)]))
    return Answer({"images": at.decode(codes), "inputs": inputs})


class ArithmeticAsk(EpochAsk):
    sample: int | None = setting(
        None,
        "Sample to begin from. None takes the mean of the class that is subtracted.",
        title="Sample",
    )
    plus: int = setting(1, "Class whose mean code is added.", title="Plus", ge=0)
    minus: int = setting(0, "Class whose mean code is subtracted.", title="Minus", ge=0)
    steps: int = setting(7, "Pictures.", title="Steps", ge=3, le=15)


@about_run("arithmetic", ArithmeticAsk)
def arithmetic(at: ModelAt, ask: ArithmeticAsk) -> Answer:
    """h + w (mean of one class − mean of another), for w from 0 to 1.5."""
    labels = torch.from_numpy(np.asarray(at.labels()).astype(np.int64))
    direction = class_direction(at.codes, labels, ask.plus, ask.minus)
    begin = at.codes[labels == ask.minus].mean(dim=0) if ask.sample is None else code_of(at, ask.sample)
    weights = torch.linspace(0, 1.5, ask.steps)
    codes = begin + weights[:, None] * torch.as_tensor(direction)
    return Answer({"images": at.decode(codes), "weights": to_numpy(weights)})


class DrawAsk(EpochAsk):
    source: Literal["prior", "gaussian"] = setting(
        "gaussian",
        "The prior of a variational autoencoder, or a Gaussian fitted to the codes.",
        title="Source",
        titles={"prior": "Prior", "gaussian": "Gaussian fitted to the codes"},
    )
    count: int = setting(32, "Pictures.", title="Count", ge=1, le=64)
    seed: int = setting(0, "Seed of the codes that are drawn.", title="Seed", ge=0, le=2**31 - 1)


@about_run("sample", DrawAsk)
def draw(at: ModelAt, ask: DrawAsk) -> Answer:
    """Decodings of codes that belong to no sample."""
    generator = torch.Generator().manual_seed(ask.seed)
    if ask.source == "prior":
        codes = torch.randn(ask.count, at.model.code_size, generator=generator)
        note = (
            tr("Codes from the prior N(0, 1), towards which training pulled the codes.")
            if at.is_variational
            else tr(
                "Codes from N(0, 1). This objective has no prior, so the decoder was not trained for them."
            )
        )
    else:
        codes = FittedGaussian.fit(at.codes).sample(ask.count, generator)
        note = tr("Codes from a Gaussian with the mean and covariance of this run's codes.")
    return Answer({"images": at.decode(torch.as_tensor(codes).float())}, {"note": note})
