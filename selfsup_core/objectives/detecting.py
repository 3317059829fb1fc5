"""Detection as finding centers: a heat map of each class, and offset and size at the centers [1].

L = L_heat + offset · |ô − o| + size · |ŝ − s|, the latter two at centers only, s the logarithm of width
and height in cells. L_heat is a focal loss that asks little of cells near a center [1, 2]. The student learns
from strong views [3]; a slow mean of its weights, the teacher, labels the pictures as they are [4, 5].
Of its boxes center and class are learned, not the borders, in which it is less exact [5]. Boxes that it is
not sure of are neither dropped nor taken for background: the student learns to be as sure as the teacher, by
a focal loss with its minimum there [6].
[1] Zhou, Wang, Krähenbühl: Objects as points (CenterNet), 2019  [2] Law, Deng: CornerNet, 2018
[3] Sohn et al.: A simple semi-supervised learning framework for object detection (STAC), 2020
[4] Tarvainen, Valpola: Mean teachers, 2017  [5] Liu et al.: Unbiased teacher, 2021
[6] Li et al.: Generalized focal loss, 2020
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from selfsup_core.objectives.in_rounds import InRounds, InRoundsConfig
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch

    from selfsup_core.augment.boxes import Scene
    from selfsup_core.models.modules.detector import Detector, Maps
    from selfsup_core.models.modules.student_and_twin import StudentAndTwin

SPREAD = 6.0  # a center's spot has a standard deviation of a sixth of the box's side
NARROWEST = 0.4  # of it, in cells
DOUBT = 0.3  # height of a cut-off box's spot, from which cells do not count


class DetectingConfig(InRoundsConfig):
    """Find objects, and label those of other pictures."""

    kind: Literal["detecting"] = setting(
        "detecting", "Find the center and the size of each object.", title="Objective"
    )
    threshold: float = setting(
        0.5,
        "Confidence from which a proposed box is learned from as if it were true.",
        title="Confidence threshold",
        why="Higher ones keep fewer and better boxes.",
        ge=0.01,
        le=0.99,
    )
    unsure: float = setting(
        0.05,
        "Of boxes between this confidence and the threshold the student learns to be as sure as the teacher; "
        "below, they are background.",
        title="Unsure from",
        why="An object that was only half found is neither a true one nor background.",
        ge=0.01,
        le=1.0,
    )
    keep: float = setting(
        1.0,
        "Largest share of the unlabeled pictures that is learned from: those whose boxes are surest.",
        title="Share of pictures kept",
        ge=0.0,
        le=1.0,
    )
    decay: float = setting(
        0.99,
        "How slowly the teacher's weights follow the student's; 0 takes the student itself.",
        title="Teacher decay",
        ge=0.0,
        lt=1.0,
    )
    views: Literal["weak", "strong"] = setting(
        "strong",
        "How the pictures that are learned from are varied. Weak: cropped and mirrored; strong: also moved, "
        "recolored, noisy, and with a piece cut out.",
        title="Views",
        titles={"weak": tr_later("Weak"), "strong": tr_later("Strong")},
        why="A student that sees more difficult pictures than its teacher learns more from it.",
    )
    offset_weight: float = setting(
        1.0, "Weight of the offset's loss.", title="Weight of offsets", ge=0.0, le=100.0
    )
    size_weight: float = setting(1.0, "Weight of the size's loss.", title="Weight of sizes", ge=0.0, le=100.0)


@OBJECTIVES.register("detecting")
class Detecting(InRounds[DetectingConfig]):
    """Find the center and the size of each object."""

    Config = DetectingConfig
    networks = ("detector",)
    task = "detect"

    def learn(  # type: ignore[override]  # a detector, and scenes
        self, network: Detector, batch: Scene, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        from selfsup_core.augment.boxes import VIEWS, vary

        return self.terms(network, vary(batch, VIEWS[self.config.views], generator))

    def terms(self, network: Detector, scene: Scene) -> dict[str, torch.Tensor]:
        """{"loss", "heat_loss", "offset_loss", "size_loss"} of pictures as they are."""
        maps = network(scene.pictures.permute(0, 3, 1, 2))
        heat, offset, size = detection_losses(maps, scene)
        loss = heat + self.config.offset_weight * offset + self.config.size_weight * size
        return {
            "loss": loss,
            "heat_loss": heat.detach(),
            "offset_loss": offset.detach(),
            "size_loss": size.detach(),
        }

    def settle(self, model: StudentAndTwin) -> None:
        """The teacher follows the student."""
        if model.helper is not None:
            follow(model.helper, model.student, self.config.decay)


def follow(teacher: torch.nn.Module, student: torch.nn.Module, decay: float) -> None:
    """θ_teacher ← decay · θ_teacher + (1 − decay) · θ_student, the means of batch norm included."""
    import torch

    with torch.no_grad():
        for own, other in zip(teacher.state_dict().values(), student.state_dict().values(), strict=True):
            if own.is_floating_point():
                own.lerp_(other, 1 - decay)
            else:
                own.copy_(other)


class Targets(NamedTuple):
    """What the heat maps shall be, (B, classes, h, w) each.

    Attributes:
        heat: in [0, 1], spots around centers, 1 in the cell of a sure center, less in that of an unsure one.
        is_unsure: where it comes from a box that is not sure.
        counts: False around a box of which only a piece is left.
    """

    heat: torch.Tensor
    is_unsure: torch.Tensor
    counts: torch.Tensor


def draw_targets(scene: Scene, classes: int, size: tuple[int, int]) -> Targets:
    import torch

    high, wide = size
    cells, sides = centers_of(scene.corners)
    down = torch.arange(high, device=cells.device)[:, None]
    across = torch.arange(wide, device=cells.device)[None]
    middle = cells.floor()
    sigma = (sides / SPREAD).clamp(min=NARROWEST)
    x = (across[None, None] - middle[..., 0, None, None]) / sigma[..., 0, None, None]
    y = (down[None, None] - middle[..., 1, None, None]) / sigma[..., 1, None, None]
    spots = torch.exp(-0.5 * (x**2 + y**2))  # (B, M, h, w)
    spots = (spots * (scene.labels >= 0)[..., None, None]).flatten(2)
    place = scene.labels.clamp(min=0)[..., None].expand_as(spots)
    none = spots.new_zeros(len(spots), classes, high * wide)

    def drawn(heights: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = none.scatter_reduce(1, place, spots * heights[..., None], "amax")
        return found.reshape(len(spots), classes, *size)

    sure = drawn(scene.is_sure.float())
    unsure = drawn(scene.confidence * ~scene.is_sure)
    doubt = drawn((~scene.is_sure & (scene.confidence == 0)).float())
    is_unsure = unsure > sure
    return Targets(torch.where(is_unsure, unsure, sure), is_unsure, ~((doubt > DOUBT) & (sure < 1)))


def centers_of(corners: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, M, 4) in pixels → centers (across, down) and sides (width, height), (B, M, 2), in cells."""
    from selfsup_core.models.modules.detector import STRIDE

    first, last = corners[..., :2] / STRIDE, corners[..., 2:] / STRIDE
    return (first + last) / 2, last - first


def heat_loss(heat: torch.Tensor, target: Targets) -> torch.Tensor:
    """(B, C, h, w) logits and targets → focal loss per center: (1 − p)² ln p at a center, elsewhere
    (1 − t)⁴ p² ln(1 − p); around an unsure one (t − p)² (t ln p + (1 − t) ln(1 − p)), which is least where
    the network is as sure as its teacher [6].
    """
    import torch
    from torch.nn import functional

    t, p = target.heat, torch.sigmoid(heat)
    on, off = functional.logsigmoid(heat), functional.logsigmoid(-heat)
    is_center = t == 1
    total = torch.where(is_center, (1 - p) ** 2 * on, (1 - t) ** 4 * p**2 * off)
    total = torch.where(target.is_unsure, (t - p) ** 2 * (t * on + (1 - t) * off), total)
    return -(total * target.counts).sum() / is_center.sum().clamp(min=1)


def detection_losses(maps: Maps, scene: Scene) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Losses of heat, offset (in cells) and size (in natural logarithms), each per center."""
    classes, (high, wide) = maps.heat.shape[1], maps.heat.shape[2:]
    heat = heat_loss(maps.heat.float(), draw_targets(scene, classes, (high, wide)))
    cells, sides = centers_of(scene.corners)
    is_used = ((scene.labels >= 0) & scene.is_sure & scene.is_given).float()[..., None]  # (B, M, 1)
    column = cells[..., 0].floor().long().clamp(0, wide - 1)
    row = cells[..., 1].floor().long().clamp(0, high - 1)
    place = (row * wide + column)[:, None].expand(-1, 2, -1)  # (B, 2, M)
    offset = maps.offset.flatten(2).gather(2, place).transpose(1, 2).float()
    size = maps.size.flatten(2).gather(2, place).transpose(1, 2).float()
    count = is_used.sum().clamp(min=1)
    offset_loss = ((offset - (cells - cells.floor())).abs() * is_used).sum() / count
    size_loss = ((size - sides.clamp(min=1e-3).log()).abs() * is_used).sum() / count
    return heat, offset_loss, size_loss
