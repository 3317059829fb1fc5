"""What objectives that learn from two views of a sample share: settings, heads, a slow teacher, safeguards.

    h = f(x), z = g(h);  L is small when z and z′ of two views of one sample agree, and samples stay apart

Each objective is a file of its own. `breaks` names the safeguards that a person can take away, and what the
literature says will happen.
[1] Tarvainen, Valpola: Mean teachers are better role models, 2017
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, field_validator

from selfsup_core.augment.config import (
    ImageAugmentation,
    SoundAugmentation,
    TableAugmentation,
    TextAugmentation,
)
from selfsup_core.objectives.registry import Objective
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import inline

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.encoder import Encoder

    MakeViews = Callable[[torch.Tensor, torch.Generator], tuple[torch.Tensor, torch.Tensor]]

AnyAugmentation = ImageAugmentation | SoundAugmentation | TableAugmentation | TextAugmentation
Expected = Literal["complete", "dimensional", "either", "shortcut", "weaker"]
COLLAPSING: tuple[Expected, ...] = ("complete", "dimensional", "either")


@dataclass(frozen=True)
class Break:
    """A safeguard that can be taken away.

    Attributes:
        title: what is taken away, as a button says it. settings: of the objective, by name.
        expected: "complete" or "dimensional" collapse, "either" by the data, a "shortcut" (nothing has to be
            ignored), or a "weaker" representation without a collapse. theory: why, in a sentence.
    """

    title: str
    settings: Mapping[str, object]
    expected: Expected
    theory: str


class TwoViewsConfig(KindConfig):
    """Settings that all objectives on views have."""

    projector: tuple[int, ...] = setting(
        (256, 128),
        "Units of each layer of the projector, through which the objective sees the code.",
        title="Projector",
        why="The code before a projector transfers better than what the objective itself sees (SimCLR).",
        min_length=1,
        max_length=4,
    )
    augment: AnyAugmentation = Field(
        default=ImageAugmentation(),
        discriminator="kind",
        title=tr_later("Augmentation"),
        description=tr_later("How the two views of a sample are made."),
    )
    augmented: bool = setting(
        True,
        "Make two random views of each sample; off gives the sample itself twice.",
        title="Random views",
        why="What the views have in common is all that is learned: without them there is nothing to ignore.",
    )

    twin: bool = setting(
        True,
        "Train the same network beside the run on the labels of the linear probe, for comparison: one row "
        "for every ten of the run, until it has had as many steps as in “Did it help?”.",
        title="Supervised twin",
        why="Whoever has labels can train on them at once. The twin reads a twentieth of the run's views; "
        "with its measuring that took 6% of a run on Fashion 5k, and 8% with I-JEPA.",
    )

    @field_validator("augment", mode="before")
    @classmethod
    def augment_is_of_images_unless_said(cls, value: Any) -> Any:
        return {"kind": "image"} | value if isinstance(value, dict) else value

    @field_validator("projector")
    @classmethod
    def widths_are_sensible(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 2 <= width <= 8192 for width in widths):
            raise ValueError(tr("each width must be at least 2 and at most 8192"))
        return widths


C = TypeVar("C", bound=TwoViewsConfig)

WITHOUT_VIEWS = Break(
    tr_later("Without augmentation"),
    {"augmented": False},
    "shortcut",
    tr_later(
        "Both views are the sample itself, so nothing has to be ignored and every network agrees with itself."
    ),
)


def frozen_teacher(learned: str = tr_later("random embeddings are")) -> Break:
    """Args: learned: what a teacher that stays as it began has to offer."""
    return Break(
        tr("With a frozen teacher"),
        {"decay": 1.0},
        "weaker",
        tr("The teacher stays as it began, so its {learned} all that is learned.").format(learned=learned),
    )


def teacher_decay(default: float = 0.99) -> Any:
    """The field of a slow teacher's decay."""
    return setting(
        default,
        "How slowly the teacher's weights follow the network's; 1 never moves them.",
        title="Teacher decay",
        why="Runs of a few hundred steps need a teacher that follows within a hundred; the papers' 0.996 is "
        "for 100,000.",
        ge=0.0,
        le=1.0,
    )


def similarity(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(N, P), (N, P) → (N,) cosines."""
    from torch.nn import functional

    return functional.cosine_similarity(a.float(), b.float(), dim=1)


def follow(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """Move the teacher's weights: w ← decay · w + (1 − decay) · student's [1]; buffers are copied."""
    import torch

    if decay == 1.0:
        return
    with torch.no_grad():
        for mine, theirs in zip(teacher.parameters(), student.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for kept, now in zip(teacher.buffers(), student.buffers(), strict=True):
            kept.copy_(now)


class TwoViews(Objective[C], Generic[C]):
    """Base of objectives on views.

    Attributes:
        make_views: (x (B, D), generator) → two views (B, D); the task sets it, since it depends on the data.
        teacher: a slow copy of the network, for objectives that have one; made by `begin`, and part of
            `state`.
        has_projector: whether the objective sees the code through a projector.
        sees_scale: whether it compares embeddings as they are, not by their direction, and wants a deviation
            of 1.
        breaks: name → safeguard that can be taken away.
        own_puzzle: what is learned from where the views are not varied, as a sentence; "" for nothing.
    """

    has_reconstruction = False
    networks: tuple[str, ...] = ("residual", "resnet18", "vit", "perceptron", "text-encoder")
    task = "views"
    has_projector = True
    sees_scale = False
    own_puzzle = ""
    breaks: ClassVar[Mapping[str, Break]] = {"augmentation": WITHOUT_VIEWS}

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self.make_views: MakeViews | None = None
        self.teacher: Encoder | None = None

    def equip(self, model: Encoder) -> None:
        """Put a projector on the encoder."""
        from selfsup_core.models.modules.encoder import make_head

        model.projector = make_head((model.code_size, *self.config.projector))

    def begin(self, model: Encoder) -> None:
        """Get ready to train, when the model has its first weights and lies on its device."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep beside the model."""
        return {} if self.teacher is None else {"teacher": self.teacher.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`, after `begin`."""
        if self.teacher is not None:
            self.teacher.load_state_dict(state["teacher"])

    def copy_teacher(self, model: Encoder) -> None:
        """Give the objective a teacher that begins as the network itself."""
        import copy

        self.teacher = copy.deepcopy(model).requires_grad_(False)

    def move_teacher(self, model: Encoder) -> None:
        """Let the teacher follow the network by `config.decay`."""
        assert self.teacher is not None, "`begin` has not been called"
        decay: float = self.config.decay  # type: ignore[attr-defined]  # of objectives with a teacher
        follow(self.teacher, model, decay)

    def taught(self, model: Encoder, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, P) of the teacher, without a gradient; in the network's own mode, as for BYOL."""
        import torch

        assert self.teacher is not None, "`begin` has not been called"
        with torch.no_grad():
            found: torch.Tensor = self.teacher.train(model.training)(x)
        return found

    def views(self, batch: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) → two views (B, D)."""
        if not self.config.augmented:
            return batch, batch
        assert self.make_views is not None, "the task has not said how views are made"
        return self.make_views(batch, generator)

    def vary(self, batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """(B, D) → (B, D): one random view of each sample, or the samples where there are none."""
        return TwoViews.views(self, batch, generator)[0]

    def step(self, model: Encoder, batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return self.terms(model, *self.views(batch, generator), generator)

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Two views (B, D) of a batch → {"loss", and other named terms}."""
        raise NotImplementedError

    def both(self, model: Encoder, one: torch.Tensor, two: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Two views (B, D) → z of each, (B, P); one pass, so that batch norm sees both."""
        import torch

        found: torch.Tensor = model(torch.cat([one, two]))
        return found[: len(one)], found[len(one) :]

    def remedies(self) -> dict[Literal["complete", "dimensional"], str]:
        """What helps against a collapse, from this objective's own settings: what was taken away comes
        first.
        """
        taken = [inline(one.title) for one in self.breaks.values() if self.is_broken(one)]
        if not taken:
            return {}
        text = tr("This run trains {taken}: take that back.").format(taken=" and ".join(taken))
        return {"complete": text, "dimensional": text}

    def is_broken(self, one: Break) -> bool:
        """Whether this safeguard is taken away."""
        return all(getattr(self.config, name) == value for name, value in one.settings.items())
