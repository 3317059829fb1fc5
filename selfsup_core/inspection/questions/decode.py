"""Drag to decode: places on the map as the decoder sees them, and where a sample's posterior lies."""

from __future__ import annotations

import torch

from selfsup_core.errors import RunError, SettingError
from selfsup_core.evaluate.latent import (
    map_to_code,
    posterior_ellipse,
)
from selfsup_core.inspection.answer import Answer, to_numpy
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.model_at import ModelAt
from selfsup_core.inspection.samples import SampleAsk, sample_setting
from selfsup_core.models.modules.autoencoder import Autoencoder
from selfsup_core.settings import setting
from selfsup_core.translation import tr

MOST_POINTS = 441  # a lattice of 21 × 21


class DecodeAsk(EpochAsk):
    points: tuple[tuple[float, float], ...] = setting(
        ((0.0, 0.0),), "Places on the map.", title="Points", min_length=1, max_length=MOST_POINTS
    )
    sample: int | None = sample_setting()


@about_run("decode", DecodeAsk)
def decode(at: ModelAt, ask: DecodeAsk) -> Answer:
    """What the decoder makes of places on the map."""
    at.check_decodes()
    mean, axes = at.projection
    points = torch.tensor(ask.points, dtype=torch.float32)
    if not torch.isfinite(points).all():
        raise SettingError(tr("points must be finite numbers."))
    size = at.model.code_size
    residual = None
    if size > 2 and ask.sample is not None:
        at.values(ask.sample)  # names a sample that is not there
        off = at.codes[ask.sample] - mean
        residual = off - (off @ axes.T) @ axes
    codes = map_to_code(points, mean, axes, residual)
    rest = size - 2
    if rest <= 0:
        how = tr("The map is the code itself: each point is a code.")
    elif ask.sample is None:
        how = tr(
            "The map is linear and can be inverted: a point sets two directions of the code, the other "
            "{rest} stay at their mean."
        ).format(rest=rest)
    else:
        how = tr(
            "The map is linear and can be inverted: a point sets two directions of the code, the other "
            "{rest} stay as in the chosen sample."
        ).format(rest=rest)
    return Answer({"images": at.decode(codes), "codes": codes.numpy()}, {"how": how})


@about_run("posterior", SampleAsk)
def posterior(at: ModelAt, ask: SampleAsk) -> Answer:
    """Mean and covariance of q(h | x) of a sample, on the map."""
    head = at.gaussian_head
    if head is None:
        raise RunError(
            tr("Only a variational autoencoder gives a distribution for each sample."),
            code="no-posterior",
        )
    assert isinstance(at.model, Autoencoder)  # no other has such a head
    with torch.inference_mode():
        mean, log_variance = head.posterior(at.model.encoder(at.values(ask.sample)))
    center, covariance = posterior_ellipse(mean[0], log_variance[0].exp(), *at.projection)
    return Answer({"mean": to_numpy(center), "covariance": to_numpy(covariance)})
