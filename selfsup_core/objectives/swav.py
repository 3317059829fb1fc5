"""SwAV: assign one view to prototypes so that all are used evenly, and predict the assignment from the other.

L = mean over both directions of the cross-entropy of softmax(s′ / τ) from q = Sinkhorn(s / ε); s the cosines
with the prototypes. Sinkhorn scales exp(s / ε) so that its rows sum to 1 / B and its columns to 1 / M.
Where a batch has fewer rows than there are prototypes, a queue of earlier embeddings joins it.
[1] Caron et al.: Unsupervised learning of visual features by contrasting cluster assignments, 2020
[2] Cuturi: Sinkhorn distances: lightspeed computation of optimal transport, 2013
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import WITHOUT_VIEWS, Break, TwoViews, TwoViewsConfig, similarity
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder


class SwavConfig(TwoViewsConfig):
    """Settings of the assignment."""

    kind: Literal["swav"] = setting(
        "swav", "Predict to which prototype the other view belongs.", title="Objective"
    )
    prototypes: int = setting(
        64,
        "Directions that samples are assigned to.",
        title="Prototypes",
        why="Fewer than a batch has rows, so that each can be used in every step without a queue.",
        ge=2,
        le=65_536,
    )
    temperature: float = setting(
        0.1, "Cosines are divided by it.", title="Temperature", why="As in the paper.", gt=0.0, le=10.0
    )
    sharpness: float = setting(
        0.05,
        "Of the assignment: the lower, the more each view belongs to one prototype.",
        title="Entropy of the assignment",
        why="As in the paper.",
        gt=0.0,
        le=10.0,
    )
    rounds: int = setting(
        3,
        "How often rows and columns are scaled, so that all prototypes are used evenly; 0 leaves it out.",
        title="Sinkhorn rounds",
        zero="off",
        why="As in the paper.",
        ge=0,
        le=100,
    )
    queue: int = setting(
        0,
        "Earlier embeddings of each view that are assigned along with the batch, once there are so many.",
        title="Queue",
        zero="off",
        why="Off: a batch has more rows than there are prototypes. The paper keeps 3,840 for 3,000 "
        "prototypes and batches of 256.",
        ge=0,
        le=65_536,
    )
    queue_after: float = setting(
        1.0,
        "Epochs after which the queue is used.",
        title="Queue from epoch",
        why="Embeddings change too quickly before; the paper waits 15 of its 400 epochs.",
        ge=0.0,
        le=100_000.0,
    )


def sinkhorn(scores: torch.Tensor, sharpness: float, rounds: int) -> torch.Tensor:
    """(B, M) cosines → (B, M) shares, each row sums to 1; without a gradient."""
    import torch

    with torch.no_grad():
        logits = scores.double() / sharpness if scores.device.type != "mps" else scores.float() / sharpness
        for _ in range(rounds):
            logits = logits - logits.logsumexp(dim=0, keepdim=True)  # columns even
            logits = logits - logits.logsumexp(dim=1, keepdim=True)  # rows
        return logits.softmax(dim=1).float()


def swapped_loss(scores: torch.Tensor, shares: torch.Tensor, temperature: float) -> torch.Tensor:
    """(B, M) cosines of one view, (B, M) shares of the other → scalar, nats per view."""
    return -(shares * (scores.float() / temperature).log_softmax(dim=1)).sum(dim=1).mean()


@OBJECTIVES.register("swav")
class Swav(TwoViews[SwavConfig]):
    """Cluster while learning."""

    Config = SwavConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "sinkhorn": Break(
            tr_later("Without Sinkhorn"),
            {"rounds": 0},
            "weaker",
            tr_later(
                "Nothing keeps the prototypes even: samples move closer together, and in long runs go to one."
            ),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def __init__(self, config: SwavConfig) -> None:
        super().__init__(config)
        self.queue: torch.Tensor | None = None  # (2, Q, P) of length 1, the newest first
        self.filled = 0
        self.fresh: list[torch.Tensor] = []  # (2, B, P) of this step's parts

    def equip(self, model: Encoder) -> None:
        """A projector, and prototypes as the rows of a matrix."""
        from selfsup_core.models.modules.encoder import Prototypes

        super().equip(model)
        model.predictor = Prototypes(self.config.projector[-1], self.config.prototypes)

    def begin(self, model: Encoder) -> None:
        import torch

        if self.config.queue:
            shape = (2, self.config.queue, self.config.projector[-1])
            self.queue = torch.zeros(shape, device=next(model.parameters()).device)

    def settle(self, model: Encoder) -> None:
        """Put the step's embeddings into the queue; the oldest leave it."""
        import torch

        if self.queue is None:
            return
        self.filled = min(self.config.queue, self.filled + sum(part.shape[1] for part in self.fresh))
        self.queue = torch.cat([*self.fresh, self.queue], dim=1)[:, : self.config.queue].contiguous()
        self.fresh = []

    def state(self) -> dict[str, Any]:
        return super().state() | ({} if self.queue is None else {"queue": self.queue, "filled": self.filled})

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        if self.queue is not None:
            self.queue, self.filled = state["queue"].to(self.queue.device), state["filled"]

    @property
    def uses_queue(self) -> bool:
        """Whether earlier embeddings are assigned along with a batch: they are enough, and it is time."""
        return 0 < self.config.queue == self.filled and self.progress >= self.config.queue_after

    def assign(self, model: Encoder, scores: torch.Tensor, side: int) -> torch.Tensor:
        """(B, M) cosines of one view → (B, M) shares, evened out over the batch and the queue of that
        view.
        """
        import torch

        config, size = self.config, len(scores)
        if self.uses_queue and self.queue is not None:
            with torch.no_grad():
                scores = torch.cat([scores, model.predict(self.queue[side])])
        return sinkhorn(scores, config.sharpness, config.rounds)[:size]

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": nats per view, "perplexity": prototypes in use, of a batch, "agreement": mean cosine}."""
        import torch

        a, b = self.both(model, one, two)
        scores = model.predict(torch.cat([a, b]))
        first, second = scores[: len(a)], scores[len(a) :]
        config = self.config
        q, p = (self.assign(model, s, side) for side, s in enumerate((first, second)))
        if model.training and self.queue is not None:
            unit = torch.nn.functional.normalize
            self.fresh.append(torch.stack([unit(z.detach().float(), dim=1) for z in (a, b)]))
        loss = (swapped_loss(first, p, config.temperature) + swapped_loss(second, q, config.temperature)) / 2
        chosen = torch.nn.functional.one_hot(scores.argmax(dim=1), config.prototypes).float().mean(dim=0)
        perplexity = torch.special.entr(chosen).sum().exp()
        return {"loss": loss, "perplexity": perplexity, "agreement": similarity(a, b).mean()}
