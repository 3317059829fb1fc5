"""Flow matching: learn the velocity that carries noise to data along straight lines.

x_t = (1 − t) x_0 + t x_1,  x_0 ~ N(0, I),  x_1 ~ data;  L = ‖v(x_t, t) − (x_1 − x_0)‖²
Images are drawn by following dx/dt = v(x, t) from t = 0 to 1. These are the paths of optimal transport
in [1], with σ_min = 0. For data N(μ, σ²) the best v is known:
v(x, t) = μ + (t σ² − (1 − t)) / (t² σ² + (1 − t)²) · (x − t μ).
[1] Lipman et al.: Flow matching for generative modeling, 2023
[2] Karras et al.: Elucidating the design space of diffusion-based generative models, 2022 (Heun's method)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.generation import GenerationConfig, Generative, Posed
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch

    from selfsup_core.objectives.generation import Predict


class FlowMatchingConfig(GenerationConfig):
    """Settings of the flow's solver."""

    kind: Literal["flow-matching"] = setting(
        "flow-matching", "Learn the velocity from noise to data.", title="Objective"
    )
    steps: int = setting(
        20,
        "Steps from noise to image when images are drawn.",
        title="Drawing steps",
        ge=1,
        le=1000,
    )
    solver: Literal["euler", "heun"] = setting(
        "euler",
        "How the flow is followed; Heun's method asks the network twice at each step.",
        title="Solver",
        titles={"euler": tr_later("Euler"), "heun": tr_later("Heun")},
    )


def interpolate(x: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """x, noise: (B, D), t: (B,) → x_t (B, D) on the line from noise (t = 0) to x (t = 1)."""
    return noise + t[:, None] * (x - noise)


@OBJECTIVES.register("flow-matching")
class FlowMatching(Generative[FlowMatchingConfig]):
    """Velocity along straight lines."""

    Config = FlowMatchingConfig

    def pose(self, x: torch.Tensor, noise: torch.Tensor, generator: torch.Generator) -> Posed:
        import torch

        t = torch.rand(len(x), generator=generator, device=x.device)
        return Posed(interpolate(x, noise, t), t, x - noise)

    def walk(
        self,
        predict: Predict,
        noise: torch.Tensor,
        generator: torch.Generator,
        *,
        is_bounded: bool = True,
    ) -> Iterator[torch.Tensor]:
        """Equal steps; the generator is not used, since the flow is fixed once the noise is."""
        x, steps = noise, self.config.steps
        width = 1.0 / steps
        yield x
        for step in range(steps):
            t = x.new_full((len(x),), step * width)
            slope = predict(x, t)
            ahead = x + width * slope
            if self.config.solver == "heun":
                ahead = x + width / 2 * (slope + predict(ahead, t + width))
            x = ahead
            yield x
