"""Repair by hand: an image with noise or a painted-out part, and what the network makes of it."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import numpy as np
import torch

from selfsup_core.errors import SettingError
from selfsup_core.inspection.answer import Answer, to_numpy
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.model_at import ModelAt, as_bytes
from selfsup_core.models.modules.patches import PatchTransformer
from selfsup_core.objectives.denoising import NOISES, corrupt
from selfsup_core.settings import setting
from selfsup_core.translation import tr


class RepairAsk(EpochAsk):
    sample: int | None = setting(None, "Sample of the map.", title="Sample")
    image: str = setting("", "An image of one's own: its bytes in base64.", title="Image")
    noise: Literal["none", "gaussian", "masking", "salt-and-pepper"] = setting(
        "none", "Noise that is added first.", title="Noise", titles={"none": "None"} | NOISES
    )
    amount: float = setting(
        0.3,
        "Standard deviation of Gaussian noise, else the share of values it hits.",
        title="Amount",
        ge=0.0,
        le=1.0,
    )
    mask: str | None = setting(None, "Painted-out pixels: 1 for each, in base64.", title="Mask")
    seed: int = setting(0, "Seed of the noise.", title="Seed", ge=0, le=2**31 - 1)


@about_run("repair", RepairAsk)
def repair(at: ModelAt, ask: RepairAsk) -> Answer:
    """An input, what is done to it, what the network makes of that, and where it errs."""
    at.check_autoencoder()
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
        raise SettingError(tr("{name} is not base64.").format(name=name)) from error
    if len(data) != size:
        raise SettingError(
            tr("{name} must have {size} bytes; found {count}.").format(name=name, size=size, count=len(data))
        )
    return data


def fill_holes(
    at: ModelAt, x: torch.Tensor, hidden: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, str]:
    """A masked autoencoder sees whole patches: those that were touched are hidden; without any, as many as in
    training.
    """
    model = at.model
    assert isinstance(model, PatchTransformer)  # all others decode
    touched = model.patches(hidden.float())[0].amax(dim=1) > 0  # (N,)
    if not touched.any():
        shown, output = at.kit.objective.show(model, x, generator)
        assert shown is not None  # a masked autoencoder is never shown the whole
        return (
            shown,
            output,
            tr("Nothing is painted over, so patches are hidden at random, as in training."),
        )
    keep = torch.nonzero(~touched).flatten()
    if len(keep) == 0:
        raise SettingError(tr("Everything is painted over; leave at least one patch."))
    patches = model.patches(x)
    filled = torch.sigmoid(model.masked_forward(x, keep[None]).float())
    is_hidden = touched[None, :, None]
    shown = model.unpatch(torch.where(is_hidden, torch.full_like(patches, 0.5), patches))
    output = model.unpatch(torch.where(is_hidden, filled, patches))
    return (
        shown,
        output,
        tr("{sum} of {count} patches are hidden.").format(sum=int(touched.sum()), count=len(touched)),
    )
