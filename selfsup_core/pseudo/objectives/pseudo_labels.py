"""Pseudo-labels: three networks learn beside each other, so that what they bring is seen at every epoch.

student: true and pseudo-labels; twin: the same true labels, seed and steps; ceiling: all true labels, for the audit only.
loss = CE(student; true + weighted pseudo) + λ consistency + CE(twin) + CE(ceiling); each term reaches one network alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import field_validator

from selfsup_core.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, Labeled
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.pretrained.zero_shot import check_template
from selfsup_core.pseudo.select import SelectConfig
from selfsup_core.settings import setting
from selfsup_core.wording import inline

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.beside import Beside

MOST_HAND = 2000
ONLINE = ("lee", "mean-teacher", "fixmatch", "uda", "mixmatch")
Proposer = Literal["self", "twin", "neighbors", "names", "rules", "zero-shot", "generated", "remote"]
PROPOSERS: dict[str, str] = {
    "self": "The student itself",
    "twin": "Classifier",
    "neighbors": "Similar rows",
    "names": "Names of the classes",
    "rules": "Keyword rules",
    "zero-shot": "Language model: likeliest name",
    "generated": "Language model: its answer",
    "remote": "Remote language model",
}
VOTES = {"mean": "Mean of their probabilities", "majority": "Most votes", "agree": "Only where all agree"}
METHODS = {
    "rounds": "In rounds",
    "lee": "Lee 2013",
    "mean-teacher": "Mean teacher",
    "fixmatch": "FixMatch",
    "uda": "UDA",
    "mixmatch": "MixMatch",
}


def describe_proposers(names: Sequence[str], vote: str = "") -> str:
    """ "Classifier and similar rows, where they agree" """
    first, *others = [PROPOSERS.get(name, name) for name in names] or [""]
    parts = [first, *map(inline, others)]
    text = f"{', '.join(parts[:-1])} and {parts[-1]}" if others else first
    return f"{text}, where they agree" if others and vote == "agree" else text


class PseudoBatch(NamedTuple):
    """student, twin, ceiling, careless: labeled rows of each (None without that network); unlabeled: what the student is given of
    rows without a label, None when pseudo-labels are among the student's rows already."""

    student: Labeled
    twin: Labeled
    ceiling: Labeled | None
    unlabeled: Any = None
    careless: Labeled | None = None


class PseudoLabelsConfig(SelectConfig, CrossEntropyConfig):
    """Who proposes labels, which are kept, how they are used."""

    # Pydantic takes the field of the subclass, so no instance has the name of the parent.
    kind: Literal["pseudo-labels"] = setting(  # type: ignore[assignment]
        "pseudo-labels",
        "Learn from true labels and from labels that were proposed for the rest.",
        title="Objective",
    )
    method: Literal["rounds", "lee", "mean-teacher", "fixmatch", "uda", "mixmatch"] = setting(
        "rounds",
        "How pseudo-labels are used: in rounds of propose, keep, train; or within each step.",
        title="Method",
        titles=METHODS,
        why="Rounds can be watched, and make no demands on augmentation.",
    )
    proposers: tuple[Proposer, ...] = setting(
        ("self",),
        "Who proposes labels: the student itself, the classifier that learned from the given labels alone, neighbors on the graph of similar rows, similarity to "
        "class names, keyword rules, a language model on this machine, or a remote one.",
        title="Proposers",
        titles=PROPOSERS,
        min_length=1,
        max_length=5,
    )
    vote: Literal["mean", "majority", "agree"] = setting(
        "mean",
        "How several proposers come to one label: mean of their probabilities, most votes, or all alike.",
        title="Vote",
        titles=VOTES,
    )
    student: Literal["scratch", "warm"] = setting(
        "scratch",
        "Whether each round begins with the first weights again or goes on.",
        title="Student",
        titles={"scratch": "From scratch each round", "warm": "Continue from the last round"},
        why="From scratch, errors of earlier rounds are not carried along in the weights.",
    )
    pseudo_weight: float = setting(
        1.0,
        "How much a pseudo-label counts beside a true label.",
        title="Weight of a pseudo-label",
        ge=0.0,
        le=10.0,
    )
    augment: Literal["none", "weak", "strong"] = setting(
        "none",
        "How labeled rows are varied while training; strong in rounds makes a noisy student.",
        title="Augmentation",
        titles={"none": "None", "weak": "Weak", "strong": "Strong"},
    )
    may_flip: bool = setting(
        False,
        "Whether augmentation may exchange left and right of an image.",
        title="May flip",
        why="Off: a flipped digit or letter is another one. Switch it on for photographs.",
    )
    rise: float = setting(
        0.2,
        "Share of the training in which unlabeled rows come to count in full, for the methods within each step.",
        title="Ramp-up",
        ge=0.0,
        le=1.0,
        why="A network that knows nothing yet names one class for everything, and would teach itself that.",
    )
    temperature: float = setting(
        0.5,
        "Below 1 sharpens the proposals that UDA and MixMatch learn from.",
        title="Temperature",
        gt=0.0,
        le=2.0,
    )
    ema_decay: float = setting(
        0.99,
        "How slowly the mean teacher follows the student.",
        title="EMA decay",
        ge=0.0,
        le=0.99999,
    )
    unlabeled_ratio: int = setting(
        3,
        "Unlabeled rows for each labeled one in a step, for the methods within each step.",
        title="Unlabeled rows per labeled row",
        ge=1,
        le=20,
    )
    unlabeled_pool: int = setting(
        0,
        "Most unlabeled rows that labels are proposed for; 0 takes all of the training rows.",
        title="Unlabeled rows",
        zero="all",
        ge=0,
        le=10_000_000,
    )
    ceiling: bool = setting(
        True,
        "Train a third network on all true labels, to see what could be reached; for the audit only.",
        title="All-labels ceiling",
    )
    careless: bool = setting(
        False,
        "Train one more network with the same labels in a careless way, to see what goes wrong: even class shares, no check, every kept "
        "label counts in full.",
        title="Show the careless way",
        why="Off: it takes the time of a further network, and teaches rather than helps.",
    )
    guard: bool = setting(
        True,
        "Keep no pseudo-label of the classifier or of neighbors where the given labels show no sign that similar rows "
        "have the same class.",
        title="Guard",
        why="There self-training hurts: reviews, good and bad, are alike in their words.",
    )
    neighbors: int = setting(
        10,
        "Similar rows that each row is tied to (proposer neighbors).",
        title="Neighbors",
        ge=1,
        le=200,
    )
    spread: float = setting(
        0.99,
        "How far labels spread over the graph of similar rows (proposer neighbors).",
        title="Spread",
        ge=0.0,
        le=0.9999,
    )
    labeler: str = setting(
        "smollm2-135m-instruct",
        "The language model that proposes labels: a built-in one's name, hub:owner/name, run:ID of your own, or a folder.",
        title="Language model",
        min_length=1,
        max_length=1000,
    )
    labeler_characters: int = setting(
        400,
        "Of a longer text the language model reads so many first characters.",
        title="Characters read",
        why="A topic shows early, and a small model reads about 250 tokens a second on one core.",
        ge=20,
        le=20_000,
    )
    labeler_prompt: str = setting(
        "",
        "What the language model is asked; {text} and {classes} stand for the text and the classes' names. "
        "Without one, a prompt that was tried is taken.",
        title="Prompt",
        max_length=4_000,
    )
    labeler_rows: int = setting(
        200,
        "Unlabeled rows that the language model is asked about, drawn by the split's seed; 0 asks about all.",
        title="Rows for the language model",
        zero="all",
        why="It takes about a second a text, or money; 200 show whether it helps.",
        ge=0,
        le=10_000_000,
    )
    rules: str = setting(
        "",
        "Keyword rules, one a line: class: word, another phrase",
        title="Rules",
        max_length=20_000,
    )
    descriptions: str = setting(
        "",
        "What the classes are called or are about, one a line: class: description. Else their names.",
        title="Class descriptions",
        max_length=20_000,
    )
    hand: tuple[tuple[int, int], ...] = setting(
        (),
        "Labels made by hand: row and class number of each; student and twin learn from both alike.",
        title="Labels by hand",
        max_length=MOST_HAND,
    )

    @field_validator("proposers")
    @classmethod
    def proposers_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each proposer may stand there once")
        return value

    @field_validator("labeler_prompt")
    @classmethod
    def prompt_has_places(cls, value: str) -> str:
        return check_template(value) if value.strip() else ""

    @property
    def is_online(self) -> bool:
        return self.method in ONLINE


@OBJECTIVES.register("pseudo-labels")
class PseudoLabels(CrossEntropy):
    """Learn from true labels and from labels that were proposed for the rest.

    Attributes:
        consistency: (student, unlabeled, generator) → (loss, terms) of the methods within each step; set by the task.
        augment: (x, generator) → x of the labeled rows; set by the task.
    """

    Config: type[CrossEntropyConfig] = PseudoLabelsConfig
    config: PseudoLabelsConfig
    task = "pseudo"
    settled_from = float("inf")  # no epoch is chosen: with few labels there is nothing to choose by

    def __init__(self, config: PseudoLabelsConfig) -> None:
        super().__init__(config)
        self.consistency: Any = None
        self.augment: Any = None

    def step(  # type: ignore[override]  # one network and its rows there, three of each here
        self, model: Beside, batch: PseudoBatch, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": the student's own value, whose gradient reaches all networks, "accuracy", "twin_loss", …}."""
        from selfsup_core.models.modules.beside import Draws

        draws = Draws(generator)
        terms = self._learn(model.student, batch.student, generator)
        loss = terms["loss"]
        if batch.unlabeled is not None:
            added, more = self.consistency(model.student, batch.unlabeled, generator)
            loss, terms = loss + added, terms | more
        after = Draws(generator)
        total, terms = loss, terms | {"loss": loss}
        for name in ("twin", "ceiling", "careless"):
            rows = getattr(batch, name)
            if rows is None:
                continue
            draws.again()
            own = self._learn(getattr(model, name), rows, generator)["loss"]
            terms[f"{name}_loss"] = own.detach()
            total = total + (own - own.detach())
        after.again()
        return terms | {"loss": total}

    def _learn(
        self, network: nn.Module, rows: Labeled, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        x = rows.x if self.augment is None else self.augment(rows.x, generator)
        return self.terms(network(x), rows.y, rows.weight)
