"""SimSiam: predict the other view's embedding; no negatives and no teacher, only a stopped gradient.

L = −½ cos(p, stop(z′)) − ½ cos(p′, stop(z)), p = q(z)
[1] Chen, He: Exploring simple Siamese representation learning, 2020
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import WITHOUT_VIEWS, Break, TwoViews, TwoViewsConfig, similarity
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder


class SimsiamConfig(TwoViewsConfig):
    """Settings of predictor and gradient."""

    kind: Literal["simsiam"] = setting(
        "simsiam", "Predict the embedding of the other view.", title="Objective"
    )
    stop_gradient: bool = setting(
        True,
        "Learn to predict the other embedding, and not to make it predictable.",
        title="Stop-gradient",
        why="Without it, the quickest way to agree is to give every sample one embedding.",
    )
    predictor: bool = setting(
        True, "Put a small network between an embedding and the other view's.", title="Predictor"
    )
    predictor_width: int = setting(
        32,
        "Units of the predictor's hidden layer.",
        title="Predictor width",
        why="A quarter of the projector's output, as in the paper.",
        ge=2,
        le=8192,
    )


def simsiam_loss(
    predicted: torch.Tensor, target: torch.Tensor, *, stop_gradient: bool = True
) -> torch.Tensor:
    """(N, P), (N, P) → scalar: minus the mean cosine."""
    return -similarity(predicted, target.detach() if stop_gradient else target).mean()


@OBJECTIVES.register("simsiam")
class Simsiam(TwoViews[SimsiamConfig]):
    """Two branches with shared weights, one of which does not learn."""

    Config = SimsiamConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "stop-gradient": Break(
            tr_later("Without stop-gradient"),
            {"stop_gradient": False},
            "either",
            tr_later(
                "Both branches move towards each other, the quickest way to agree, until "
                "samples hardly differ."
            ),
        ),
        "predictor": Break(
            tr_later("Without predictor"),
            {"predictor": False},
            "dimensional",
            tr_later(
                "The gradient is then half of that without stop-gradient and predictor, so samples come to "
                "differ in ever fewer directions."
            ),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def equip(self, model: Encoder) -> None:
        """A projector that ends with batch norm, and a narrow predictor."""
        from selfsup_core.models.modules.encoder import make_head

        width = self.config.projector[-1]
        model.projector = make_head((model.code_size, *self.config.projector), last="norm")
        if self.config.predictor:
            model.predictor = make_head((width, self.config.predictor_width, width))

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": between −1 and 1, "agreement": mean cosine of the two views before the predictor}."""
        import torch

        a, b = self.both(model, one, two)
        predicted, target = model.predict(torch.cat([a, b])), torch.cat([b, a])
        loss = simsiam_loss(predicted, target, stop_gradient=self.config.stop_gradient)
        return {"loss": loss, "agreement": similarity(a, b).mean()}
