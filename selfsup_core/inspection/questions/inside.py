"""Inside the network: layers, activations, and what a dimension of the code looks at."""

from __future__ import annotations

import numpy as np
import torch

from selfsup_core.errors import SettingError
from selfsup_core.evaluate.saliency import saliency as code_saliency
from selfsup_core.inspection.answer import Answer, to_numpy
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.layers import activations, describe_layers
from selfsup_core.inspection.model_at import ModelAt
from selfsup_core.inspection.samples import SampleAsk
from selfsup_core.settings import setting
from selfsup_core.translation import tr

MOST_ACTIVATIONS = 4096


@about_run("inside", SampleAsk)
def inside(at: ModelAt, ask: SampleAsk) -> Answer:
    """The layers, and what each makes of a sample."""
    at.check_autoencoder()
    layers = describe_layers(at.model, at.kit.data.item_shape)
    with torch.inference_mode():
        made = activations(at.model, at.values(ask.sample))
    arrays = {f"layer_{i}": shorten(values) for i, values in enumerate(made)}
    about = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "shape": list(layer.shape),
            "parameters": layer.parameters,
            "share": layer.share,
            "note": layer.note,
        }
        for layer in layers
    ]
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


@about_run("saliency", SaliencyAsk)
def saliency(at: ModelAt, ask: SaliencyAsk) -> Answer:
    """Which input values raise (+) or lower (−) a dimension of the code."""
    size = at.model.code_size
    if ask.dimension >= size:
        raise SettingError(
            tr("dimension must be less than {size}; found {dimension}.").format(
                size=size, dimension=ask.dimension
            )
        )
    values = code_saliency(at.model, at.values(ask.sample), ask.dimension)
    method = tr("Integrated gradients from a black image (Sundararajan et al., 2017), by Captum.")
    return Answer({"saliency": to_numpy(values)}, {"method": method})
