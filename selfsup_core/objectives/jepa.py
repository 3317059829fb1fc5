"""I-JEPA: from the patches that are seen, predict what a slow teacher makes of the hidden ones.

L = mean over hidden patches of smooth-L1(p_i, layer norm(t_i)); t the teacher's tokens of the whole picture,
p what a small transformer predicts from the tokens of the context and the places of the rest. Nothing is
predicted in pixels, and no random views are needed.
[1] Assran et al.: Self-supervised learning from images with a joint-embedding predictive architecture, 2023
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from selfsup_core.errors import SettingError
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import (
    Break,
    TwoViews,
    TwoViewsConfig,
    frozen_teacher,
    similarity,
    teacher_decay,
)
from selfsup_core.settings import setting
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder
    from selfsup_core.models.modules.vision import VisionTransformerBody

LEAST_PATCHES = 4
SMALLEST_BLOCK = 0.75  # of the largest: the paper's blocks have 15 to 20% of the patches
ASPECTS = (0.75, 1.5)  # height to width, as in the paper
HIDDEN = 0.5  # the gray of patches that a drawn picture hides


class JepaConfig(TwoViewsConfig):
    """Settings of blocks, teacher and predictor."""

    kind: Literal["jepa"] = setting(
        "jepa", "Predict what a slow teacher makes of hidden blocks.", title="Objective"
    )
    augmented: bool = setting(
        False,
        "Crop and change each picture at random before blocks are hidden.",
        title="Random views",
        why="Off: what hidden patches have in common with the others is enough to learn from.",
    )
    blocks: int = setting(
        4,
        "Blocks of patches that are hidden; they may overlap.",
        title="Blocks",
        why="As in the paper.",
        ge=1,
        le=16,
    )
    block: float = setting(
        0.2,
        "Largest share of the patches in a block; the smallest has three quarters of it.",
        title="Largest block",
        why="As in the paper.",
        gt=0.0,
        le=0.9,
    )
    context: float = setting(
        0.4,
        "Share of the patches that the encoder sees; where blocks leave fewer, some of theirs are shown "
        "and not predicted.",
        title="Context",
        why="Four blocks of a fifth leave about two fifths. A fixed number needs no padding.",
        gt=0.0,
        lt=1.0,
    )
    decay: float = teacher_decay()
    predictor: bool = setting(
        True,
        "Predict each hidden patch by a small transformer, from the context and its place.",
        title="Predictor",
        why="Without it, the mean of the context's tokens has to be what the teacher makes of every patch.",
    )
    predictor_size: int = setting(
        48,
        "Size of the vector of a token in the predictor.",
        title="Predictor token size",
        why="Narrower than the encoder, as in the paper.",
        multiple_of=4,
        ge=8,
        le=1024,
    )
    predictor_depth: int = setting(2, "Layers of the predictor.", title="Predictor depth", ge=1, le=12)


def draw_blocks(
    count: int, grid: tuple[int, int], blocks: int, largest: float, generator: torch.Generator
) -> torch.Tensor:
    """(count, N) bool: which of the N patches of each picture lie in one of its blocks.

    Area, height to width, and place of each block are drawn from the generator, on its device.

    Args:
        grid: rows and columns of patches. largest: share of the patches in a block.
    """
    import torch

    (rows, columns), device = grid, generator.device
    area, aspect, above, left = torch.rand((4, count, blocks), generator=generator, device=device)
    area = rows * columns * largest * (SMALLEST_BLOCK + (1 - SMALLEST_BLOCK) * area)
    aspect = ASPECTS[0] + (ASPECTS[1] - ASPECTS[0]) * aspect
    height = (area * aspect).sqrt().round().clamp(1, max(1, rows - 1))
    width = (area / aspect).sqrt().round().clamp(1, max(1, columns - 1))
    top, start = (above * (rows - height + 1)).floor(), (left * (columns - width + 1)).floor()

    def within(side: int, begin: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        place = torch.arange(side, device=device)
        return (place >= begin[..., None]) & (place < (begin + length)[..., None])  # (count, blocks, side)

    down, across = within(rows, top, height), within(columns, start, width)
    return (down[..., :, None] & across[..., None, :]).any(dim=1).reshape(count, -1)


def choose_context(
    hidden: torch.Tensor, count: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, N) patches of blocks → (B, count) patches to see, by number, and (B, N) bool: which of the others
    are to be predicted.

    Patches outside of the blocks are seen first, chosen at random.
    """
    import torch

    chance = torch.rand(hidden.shape, generator=generator, device=hidden.device)
    keep = (chance + hidden).topk(count, dim=1, largest=False).indices.sort(dim=1).values
    return keep, hidden.scatter(1, keep, False)


def latent_loss(predicted: torch.Tensor, target: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Smooth-L1 of (B, N, W) and (B, N, W), over the patches of (B, N) that are wanted → scalar."""
    from torch.nn import functional

    errors = functional.smooth_l1_loss(predicted.float(), target.float(), reduction="none").mean(dim=2)
    return (errors * wanted).sum() / wanted.sum().clamp(min=1)


@OBJECTIVES.register("jepa")
class Jepa(TwoViews[JepaConfig]):
    """Fill in what is hidden, in the latent space. There is no projector: the tokens themselves are
    compared.

    As two views of a sample, which gauges and pairs compare, it has the picture with its context alone and
    the picture with its hidden blocks alone; the rest of both is gray.
    """

    Config = JepaConfig
    networks: tuple[str, ...] = ("vit",)
    has_projector = False
    own_puzzle = tr_later("This run learns from what its pictures hide, and varies nothing else.")
    breaks: ClassVar[Mapping[str, Break]] = {
        "predictor": Break(
            tr_later("Without predictor"),
            {"predictor": False},
            "weaker",
            tr_later(
                "One vector has to stand for all hidden patches of a picture, so where they "
                "lie is not learned."
            ),
        ),
        "slow": Break(
            tr_later("Without a slow teacher"),
            {"decay": 0.0},
            "weaker",
            tr_later(
                "The network is its own teacher, so it can make patches more alike and predict them at once."
            ),
        ),
        "teacher": frozen_teacher(tr_later("random tokens are")),
    }

    def __init__(self, config: JepaConfig) -> None:
        super().__init__(config)
        self.body: VisionTransformerBody | None = None

    def equip(self, model: Encoder) -> None:
        """A predictor, and no projector.

        Raises:
            SettingError: there are too few patches to hide some.
        """
        from selfsup_core.models.modules.latent_predictor import LatentPredictor

        self.body = body = model.body
        if body.tokens < LEAST_PATCHES:
            raise SettingError(
                tr(
                    "Predicting hidden patches needs at least {least_patches} of them; a patch of {patch} "
                    "leaves {tokens}."
                ).format(least_patches=LEAST_PATCHES, patch=body.patch, tokens=body.tokens),
                remedy=tr("Set a smaller Patch (model.patch)."),
            )
        if self.config.predictor:
            model.predictor = LatentPredictor(body, self.config.predictor_size, self.config.predictor_depth)

    def begin(self, model: Encoder) -> None:
        self.body = model.body
        self.copy_teacher(model)

    def settle(self, model: Encoder) -> None:
        self.move_teacher(model)

    def draw(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """For each of so many pictures: (count, V) patches to see, (count, N) which are to be predicted."""
        assert self.body is not None, "`equip` has not been called"
        config, tokens = self.config, self.body.tokens
        hidden = draw_blocks(count, self.body.grid, config.blocks, config.block, generator)
        seen = min(tokens - 1, max(1, round(config.context * tokens)))
        return choose_context(hidden, seen, generator)

    def views(self, batch: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) → (B, D) with the context alone, (B, D) with the hidden blocks alone; the rest is gray."""
        import torch

        assert self.body is not None, "`equip` has not been called"
        x = self.vary(batch, generator)
        keep, wanted = self.draw(len(x), generator)
        seen = torch.zeros_like(wanted).scatter(1, keep, True)
        shown = [self.body.spread(patches) for patches in (seen, wanted)]
        return torch.where(shown[0], x, HIDDEN), torch.where(shown[1], x, HIDDEN)

    def step(self, model: Encoder, batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """{"loss": smooth-L1 per number, "agreement": mean cosine of prediction and target}."""
        import torch
        from torch.nn import functional

        assert self.teacher is not None, "`begin` has not been called"
        x = self.vary(batch, generator)
        keep, wanted = self.draw(len(x), generator)
        context = model.body.see(x, keep)  # (B, V, W)
        with torch.no_grad():
            tokens = self.teacher.body.see(x)
            target = functional.layer_norm(tokens.float(), tokens.shape[2:])  # (B, N, W)
        if self.config.predictor:
            predicted = model.predictor(context, keep)
        else:
            predicted = context.mean(dim=1, keepdim=True).expand_as(target)
        alike = similarity(predicted.flatten(0, 1), target.flatten(0, 1)).view_as(wanted)
        agreement = (alike * wanted).sum() / wanted.sum().clamp(min=1)
        return {"loss": latent_loss(predicted, target, wanted), "agreement": agreement}
