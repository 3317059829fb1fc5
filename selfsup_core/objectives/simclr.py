"""SimCLR: the two views of a sample are nearer to each other than to the views of all other samples.

NT-Xent over the 2B views of a batch, i and j the views of one sample, s cosine over temperature τ:
    L = mean_i −ln( exp(s_ij) / Σ_{k ≠ i} exp(s_ik) )
[1] Chen et al.: A simple framework for contrastive learning of visual representations, 2020
[2] Bahri et al.: SCARF, 2022 (this loss on corrupted rows)  [3] Gao et al.: SimCSE, 2021 (on dropout)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import WITHOUT_VIEWS, Break, TwoViews, TwoViewsConfig
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder


class SimclrConfig(TwoViewsConfig):
    """Settings of the contrast."""

    kind: Literal["simclr"] = setting(
        "simclr", "Tell the other view of a sample from all other samples.", title="Objective"
    )
    temperature: float = setting(
        0.2,
        "Cosines are divided by it: the lower, the more the nearest other samples count.",
        title="Temperature",
        why="The paper's best values are 0.1 to 0.5.",
        gt=0.0,
        le=10.0,
    )
    negatives: int = setting(
        0,
        "Other samples of the batch that a view is told from, each by both of its views.",
        title="Samples to contrast with",
        zero="all",
        ge=0,
        le=65_536,
    )


def nt_xent(one: torch.Tensor, two: torch.Tensor, temperature: float, negatives: int = 0) -> torch.Tensor:
    """(B, P), (B, P) → scalar, nats per view.

    Args:
        negatives: a sample is contrasted with the next so many of the batch, as on a ring; 0 for all.
    """
    import torch
    from torch.nn import functional

    size = len(one)
    z = functional.normalize(torch.cat([one, two]).float(), dim=1)
    logits = z @ z.T / temperature  # (2B, 2B)
    place = torch.arange(2 * size, device=z.device) % size
    ahead = (place[None, :] - place[:, None]) % size  # 0 for the sample's own two views
    is_itself = torch.eye(2 * size, dtype=torch.bool, device=z.device)
    hidden = is_itself | (ahead > negatives) if negatives else is_itself
    target = (torch.arange(2 * size, device=z.device) + size) % (2 * size)
    return functional.cross_entropy(logits.masked_fill(hidden, -math.inf), target)


@OBJECTIVES.register("simclr")
class Simclr(TwoViews[SimclrConfig]):
    """Contrast with the other samples of the batch."""

    Config = SimclrConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "negatives": Break(
            tr_later("With one negative sample"),
            {"negatives": 1},
            "weaker",
            tr_later(
                "A view is told from one other sample only, which is easy, so fine "
                "differences are not learned."
            ),
        ),
        "temperature": Break(
            tr_later("With temperature 1"),
            {"temperature": 1.0},
            "weaker",
            tr_later("Near and far samples push alike, so the nearest ones are hardly told apart."),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": NT-Xent, nats per view, "agreement": mean cosine of the two views}."""
        from selfsup_core.objectives.two_views import similarity

        a, b = self.both(model, one, two)
        loss = nt_xent(a, b, self.config.temperature, self.config.negatives)
        return {"loss": loss, "agreement": similarity(a, b).mean()}
