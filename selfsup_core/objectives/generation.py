"""What objectives share that turn noise into data step by step: settings, averaged weights, guidance.

Images become x, about as large as noise, as the network says: pixels in [-1, 1], or the code of an
autoencoder. Each objective poses a noisy x_t at a time t and says what the network shall answer; its sampler
walks back from noise.
Guidance [1]: answer = any + w (class − any), "any" being the answer without a class; w = 1 is just the class.
[1] Ho, Salimans: Classifier-free diffusion guidance, 2022
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from selfsup_core.objectives.registry import Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from torch import nn

    Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Images(NamedTuple):
    """A batch. x: (B, D) values in [0, 1]; labels: (B,) classes, the number of classes where unknown."""

    x: torch.Tensor
    labels: torch.Tensor


class Posed(NamedTuple):
    """What the network is given and asked: x: (B, W), t: (B,) in [0, 1], target: (B, W)."""

    x: torch.Tensor
    t: torch.Tensor
    target: torch.Tensor


class GenerationConfig(KindConfig):
    """Settings of all generators."""

    guided: bool = setting(
        True,
        "Tell the network the class of each image, so that one can be asked for.",
        title="Class guidance",
        why="Labels beyond the budget are not told: such images count as “any class”.",
    )
    hidden: float = setting(
        0.1,
        "Share of the images whose class is not told in training.",
        title="Classes hidden",
        why="As published; the network must also answer without a class, for guidance to compare.",
        ge=0.0,
        le=1.0,
    )
    guidance: float = setting(
        1.0,
        "How much the class is exaggerated when images are drawn; 0 ignores it.",
        title="Guidance",
        why="1 follows the data. More gives clearer, more alike images, at twice the time.",
        ge=0.0,
        le=20.0,
    )
    average: float = setting(
        0.999,
        "How slowly the weights that draw images follow those that are trained.",
        title="Averaged weights",
        why="An average of a thousand steps draws smoother images; in the first steps it follows faster.",
        ge=0.0,
        le=0.99999,
    )


C = TypeVar("C", bound=GenerationConfig)


class Generative(Objective[C], Generic[C]):
    """Base of objectives that generate.

    Attributes:
        average: the weights' mean, which draws images; made by `begin`, and part of `state`.
        updates: of the weights so far.
    """

    has_reconstruction = False
    networks: tuple[str, ...] = ("unet", "code-generator")
    task = "generate"

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self.average: nn.Module | None = None
        self.updates = 0

    def begin(self, model: nn.Module) -> None:
        """Get ready to train, when the model has its first weights and lies on its device."""
        import copy

        self.average = copy.deepcopy(model)

    def settle(self, model: nn.Module) -> None:
        """Move the mean: w ← d w + (1 − d) · the model's, with d = min(average, (1 + n) / (10 + n))."""
        import torch

        assert self.average is not None, "`begin` has not been called"
        decay = min(self.config.average, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        with torch.no_grad():
            for mine, theirs in zip(self.average.parameters(), model.parameters(), strict=True):
                mine.lerp_(theirs, 1 - decay)

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep beside the model."""
        assert self.average is not None, "`begin` has not been called"
        return {"average": self.average.state_dict(), "updates": self.updates}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`, after `begin`."""
        assert self.average is not None, "`begin` has not been called"
        self.average.load_state_dict(state["average"])
        self.updates = state["updates"]

    def told(self, labels: torch.Tensor, unknown: int, generator: torch.Generator) -> torch.Tensor:
        """(B,) classes that the network is told: some are hidden, or all without guidance."""
        import torch

        if not self.config.guided:
            return torch.full_like(labels, unknown)
        chance = torch.rand(len(labels), generator=generator, device=labels.device)
        return labels.where(chance >= self.config.hidden, torch.full_like(labels, unknown))

    def step(self, model: Any, batch: Images, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """{"loss": mean squared error per number of the answer}; of a network that must first learn a code
        that of the reconstruction, under its own name too.
        """
        import torch

        if (first := model.prepare(batch.x, generator)) is not None:
            return {"loss": first, "reconstruction": first}
        x = model.enter(batch.x)
        labels = self.told(batch.labels, model.classes, generator)
        noise = torch.randn(x.shape, generator=generator, device=x.device)
        posed = self.pose(x, noise, generator)
        return {"loss": (model(posed.x, posed.t, labels) - posed.target).square().mean()}

    def pose(self, x: torch.Tensor, noise: torch.Tensor, generator: torch.Generator) -> Posed:
        """x, noise: (B, W) → what the network is given, each row at a random time, and the answer."""
        raise NotImplementedError

    def walk(
        self,
        predict: Predict,
        noise: torch.Tensor,
        generator: torch.Generator,
        *,
        is_bounded: bool = True,
    ) -> Iterator[torch.Tensor]:
        """From noise (B, W) to data: x of each step, the noise first.

        Args:
            predict: x (B, W), t (B,) → the network's answer (B, W).
            is_bounded: whether data lie in [-1, 1].
        """
        raise NotImplementedError

    def predictor(self, model: Any, labels: torch.Tensor, guidance: float | None = None) -> Predict:
        """x, t → the network's answer for these classes (B,), with guidance."""
        import torch

        weight = self.config.guidance if guidance is None else guidance
        unknown = torch.full_like(labels, model.classes)
        if not self.config.guided or bool((labels == model.classes).all()):
            weight, labels = 0.0, unknown

        def predict(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor
            if weight in (0.0, 1.0):
                found = model(x, t, labels if weight else unknown)
                return found
            both = model(x.repeat(2, 1), t.repeat(2), torch.cat([labels, unknown]))
            named, other = both.chunk(2)
            return guide(named, other, weight)

        return predict


def guide(named: torch.Tensor, other: torch.Tensor, weight: float) -> torch.Tensor:
    """Answers with and without the class → the guided one."""
    return other + weight * (named - other)
