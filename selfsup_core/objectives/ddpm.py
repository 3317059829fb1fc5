"""DDPM: learn the noise in an image, and take it away step by step.

x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε,  ᾱ_t = Π (1 − β_s);  L = ‖ε(x_t, t) − ε‖²            [1]
Back from t to s < t: x_s = √ᾱ_s x̂ + √(1 − ᾱ_s − σ²) ε̂ + σ z,
x̂ = (x_t − √(1 − ᾱ_t) ε̂) / √ᾱ_t,  σ² = η² (1 − ᾱ_s) / (1 − ᾱ_t) · (1 − ᾱ_t / ᾱ_s)    [2, eq. 12 and 16]
With η = 1 and s = t − 1 that is the posterior of [1], eq. 6 and 7; with η = 0 the way is fixed by the noise.
[1] Ho, Jain, Abbeel: Denoising diffusion probabilistic models, 2020
[2] Song, Meng, Ermon: Denoising diffusion implicit models, 2021
[3] Nichol, Dhariwal: Improved denoising diffusion probabilistic models, 2021 (the cosine schedule)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.generation import GenerationConfig, Generative, Posed
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch

    from selfsup_core.objectives.generation import Predict

Schedule = Literal["cosine", "linear"]
LINEAR = 1e-4, 0.02  # β of the first and last of 1,000 steps, as published
MOST_BETA, OFFSET = 0.999, 0.008  # of the cosine schedule, as published


class DdpmConfig(GenerationConfig):
    """Settings of the noise and of the way back."""

    kind: Literal["ddpm"] = setting("ddpm", "Learn the noise in an image.", title="Objective")
    levels: int = setting(
        1000,
        "Levels of noise from image to pure noise.",
        title="Noise levels",
        why="As published.",
        ge=10,
        le=10_000,
    )
    schedule: Schedule = setting(
        "cosine",
        "How the noise grows over the levels.",
        title="Noise schedule",
        titles={"cosine": tr_later("Cosine"), "linear": tr_later("Linear")},
        why="The linear one of the first paper spends many levels on pure noise where images are small.",
    )
    steps: int = setting(
        30,
        "Steps from noise to image when images are drawn; they are spread over the levels.",
        title="Drawing steps",
        why="All 1,000 would take minutes at each epoch.",
        ge=1,
        le=1000,
    )
    eta: float = setting(
        1.0,
        "Fresh noise at each step: 1 as in DDPM, 0 as in DDIM, where the first noise decides the image.",
        title="Fresh noise (η)",
        ge=0.0,
        le=1.0,
    )


def make_betas(levels: int, schedule: Schedule) -> torch.Tensor:
    """(T,) β_1 … β_T in double precision; the linear schedule is stretched so that any T ends in noise."""
    import torch

    if schedule == "linear":
        low, high = (beta * 1000 / levels for beta in LINEAR)
        return torch.linspace(low, min(high, MOST_BETA), levels, dtype=torch.float64)

    def kept(t: float) -> float:
        return math.cos((t + OFFSET) / (1 + OFFSET) * math.pi / 2) ** 2

    steps = [1 - kept((i + 1) / levels) / kept(i / levels) for i in range(levels)]
    return torch.tensor(steps, dtype=torch.float64).clamp(max=MOST_BETA)


def kept_signal(levels: int, schedule: Schedule) -> torch.Tensor:
    """(T + 1,) ᾱ_0 = 1, ᾱ_1 … ᾱ_T."""
    import torch

    betas = make_betas(levels, schedule)
    return torch.cat([betas.new_ones(1), (1 - betas).cumprod(0)])


def add_noise(x: torch.Tensor, noise: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """x, noise: (B, D), kept: (B,) ᾱ → x_t (B, D)."""
    return kept.sqrt()[:, None] * x + (1 - kept).sqrt()[:, None] * noise


def step_back(
    x: torch.Tensor,
    predicted: torch.Tensor,
    fresh: torch.Tensor,
    *,
    now: float,
    then: float,
    eta: float,
    clip: bool = True,
) -> torch.Tensor:
    """x_t → x_s, all (B, D).

    Args:
        predicted: the noise ε̂ in x_t. fresh: z ~ N(0, I). now, then: ᾱ_t and ᾱ_s.
        clip: keep x̂ within [-1, 1], where the data are; ε̂ then follows from it.
    """
    clean = (x - math.sqrt(1 - now) * predicted) / math.sqrt(now)
    if clip:
        clean = clean.clamp(-1, 1)
        predicted = (x - math.sqrt(now) * clean) / math.sqrt(1 - now)
    variance = eta**2 * (1 - then) / (1 - now) * (1 - now / then)
    rest = math.sqrt(max(0.0, 1 - then - variance))
    return math.sqrt(then) * clean + rest * predicted + math.sqrt(variance) * fresh


@OBJECTIVES.register("ddpm")
class Ddpm(Generative[DdpmConfig]):
    """The noise in an image."""

    Config = DdpmConfig

    @cached_property
    def kept(self) -> torch.Tensor:
        """(T + 1,) ᾱ_0 … ᾱ_T."""
        return kept_signal(self.config.levels, self.config.schedule)

    def pose(self, x: torch.Tensor, noise: torch.Tensor, generator: torch.Generator) -> Posed:
        import torch

        levels = self.config.levels
        level = torch.randint(1, levels + 1, (len(x),), generator=generator, device=x.device)
        kept = self.kept.to(x.device, torch.float32)[level]
        return Posed(add_noise(x, noise, kept), level / levels, noise)

    def walk(
        self,
        predict: Predict,
        noise: torch.Tensor,
        generator: torch.Generator,
        *,
        is_bounded: bool = True,
    ) -> Iterator[torch.Tensor]:
        """Over levels that are spread evenly from T down to 0."""
        import torch

        levels, steps = self.config.levels, min(self.config.steps, self.config.levels)
        places = [round(levels * (steps - i) / steps) for i in range(steps + 1)]
        x = noise
        yield x
        for now, then in pairwise(places):
            predicted = predict(x, x.new_full((len(x),), now / levels))
            fresh = torch.randn(x.shape, generator=generator).to(x.device)
            x = step_back(
                x,
                predicted,
                fresh,
                now=float(self.kept[now]),
                then=float(self.kept[then]),
                eta=self.config.eta,
                clip=is_bounded,
            )
            yield x
