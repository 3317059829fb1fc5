"""Pseudo-labels: three networks learn beside each other, so that what they bring is seen at every epoch.

student: true and pseudo-labels; twin: the same true labels, seed and steps; ceiling: all true labels, for the
audit only.
loss = CE(student; true + weighted pseudo) + λ consistency + CE(twin) + CE(ceiling); each term reaches one
network alone.
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
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import inline

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.beside import Beside

MOST_HAND = 2000
ONLINE = ("lee", "mean-teacher", "fixmatch", "uda", "mixmatch")
Proposer = Literal["self", "twin", "neighbors", "names", "rules", "zero-shot", "generated", "remote"]
PROPOSERS: dict[str, str] = {
    "self": tr_later("The student itself"),
    "twin": tr_later("Classifier"),
    "neighbors": tr_later("Similar rows"),
    "names": tr_later("Names of the classes"),
    "rules": tr_later("Keyword rules"),
    "zero-shot": tr_later("Language model: most likely name"),
    "generated": tr_later("Language model: its answer"),
    "remote": tr_later("Remote language model"),
}
VOTES = {
    "mean": tr_later("Mean of their probabilities"),
    "majority": tr_later("Most votes"),
    "agree": tr_later("Only where all agree"),
}
METHODS = {
    "rounds": tr_later("In rounds"),
    "lee": "Lee 2013",
    "mean-teacher": tr_later("Mean teacher"),
    "fixmatch": "FixMatch",
    "uda": "UDA",
    "mixmatch": "MixMatch",
}


def describe_proposers(names: Sequence[str], vote: str = "") -> str:
    """ "Classifier and similar rows, where they agree" """
    first, *others = [PROPOSERS.get(name, name) for name in names] or [""]
    parts = [first, *map(inline, others)]
    text = (
        tr("{parts} and {parts_2}").format(parts=", ".join(parts[:-1]), parts_2=parts[-1])
        if others
        else first
    )
    return tr("{text}, where they agree").format(text=text) if others and vote == "agree" else text


class PseudoBatch(NamedTuple):
    """student, twin, ceiling, careless: labeled rows of each (None without that network); unlabeled: what the
    student is given of rows without a label, None when pseudo-labels are among the student's rows already.
    """

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
        "Learn from true labels and from labels proposed for the other rows.",
        title="Objective",
    )
    method: Literal["rounds", "lee", "mean-teacher", "fixmatch", "uda", "mixmatch"] = setting(
        "rounds",
        "How pseudo-labels are used: in rounds of propose, keep and train, or within each step.",
        title="Method",
        titles=METHODS,
        why="Rounds can be watched, and need no augmentation.",
    )
    proposers: tuple[Proposer, ...] = setting(
        ("self",),
        "Who proposes labels: the student itself, a classifier trained on the given labels alone, similar "
        "rows (label propagation), similarity to class names, keyword rules, a language model on this "
        "machine, or a remote one.",
        title="Proposers",
        titles=PROPOSERS,
        min_length=1,
        max_length=5,
    )
    vote: Literal["mean", "majority", "agree"] = setting(
        "mean",
        "How several proposers are combined: mean of their probabilities, majority vote, or only where all "
        "agree.",
        title="Vote",
        titles=VOTES,
    )
    student: Literal["scratch", "warm"] = setting(
        "scratch",
        "Whether each round starts from the initial weights or continues.",
        title="Student",
        titles={"scratch": "From scratch each round", "warm": "Continue from the last round"},
        why="From scratch, the weights do not keep errors of earlier rounds.",
    )
    pseudo_weight: float = setting(
        1.0,
        "Weight of a pseudo-label relative to a true label.",
        title="Weight of a pseudo-label",
        ge=0.0,
        le=10.0,
    )
    augment: Literal["none", "weak", "strong"] = setting(
        "none",
        "How labeled rows are augmented during training; strong in rounds gives a noisy student.",
        title="Augmentation",
        titles={"none": "None", "weak": "Weak", "strong": "Strong"},
    )
    may_flip: bool = setting(
        False,
        "Whether augmentation may mirror images.",
        title="May flip",
        why="Off: a mirrored digit or letter is a different one. Switch it on for photographs.",
    )
    rise: float = setting(
        0.2,
        "Share of the training over which the weight of unlabeled rows rises to its full value, for the "
        "methods within each step.",
        title="Ramp-up",
        ge=0.0,
        le=1.0,
        why="An untrained network predicts one class for everything, and would teach itself that.",
    )
    temperature: float = setting(
        0.5,
        "Values below 1 sharpen the proposals of UDA and MixMatch.",
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
        "Unlabeled rows per labeled row in a step, for the methods within each step.",
        title="Unlabeled rows per labeled row",
        ge=1,
        le=20,
    )
    unlabeled_pool: int = setting(
        0,
        "Maximum number of unlabeled rows that get proposals; 0 uses all of the training rows.",
        title="Unlabeled rows",
        zero="all",
        ge=0,
        le=10_000_000,
    )
    ceiling: bool = setting(
        True,
        "Train a third network on all true labels to show what could be reached; for comparison only.",
        title="All-labels ceiling",
    )
    careless: bool = setting(
        False,
        "Train one more network with the same labels but without safeguards, to see what goes wrong: even "
        "class shares, no check, every kept label counts in full.",
        title="Compare without safeguards",
        why="Off: it takes the time of a further network, and teaches rather than helps.",
    )
    guard: bool = setting(
        True,
        "Keep no pseudo-labels from classifier or similar rows if the given labels do not show that similar "
        "rows have the same class.",
        title="Guard",
        why="Self-training hurts there: good and bad reviews, for example, use the same words.",
    )
    mind_shares: bool = setting(
        True,
        "Of the labels on which classifier and similar rows agree, keep those that hold under the class "
        "shares of the unlabeled rows: the mean of the classifier's probabilities, as far as it differs from "
        "the class shares of the given labels by more than chance.",
        title="Mind uneven classes",
        why="Where uneven classes overlap, most rows that are predicted as the rare class belong to the "
        "large one. A difference that so few labels make by chance leaves nothing out.",
    )
    neighbors: int = setting(
        10,
        "Similar rows that each row is connected to (label propagation).",
        title="Neighbors",
        ge=1,
        le=200,
    )
    spread: float = setting(
        0.99,
        "How far labels spread over the graph of similar rows (label propagation).",
        title="Spread",
        ge=0.0,
        le=0.9999,
    )
    labeler: str = setting(
        "smollm2-135m-instruct",
        "The language model that proposes labels: the name of a built-in model, hub:owner/name, run:ID for "
        "a run of your own, or a folder.",
        title="Language model",
        min_length=1,
        max_length=1000,
    )
    labeler_characters: int = setting(
        400,
        "How many characters of a text the language model reads, from its beginning.",
        title="Characters read",
        why="The topic shows early, and a small model reads about 250 tokens per second on one core.",
        ge=20,
        le=20_000,
    )
    labeler_prompt: str = setting(
        "",
        "The prompt for the language model; {text} and {classes} stand for the text and the names of the "
        "classes. Empty uses a tested prompt.",
        title="Prompt",
        max_length=4_000,
    )
    labeler_rows: int = setting(
        200,
        "Number of unlabeled rows that the language model is asked about, drawn by the split seed; 0 asks "
        "about all.",
        title="Rows for the language model",
        zero="all",
        why="Each text takes about a second, or money; 200 show whether it helps.",
        ge=0,
        le=10_000_000,
    )
    rules: str = setting(
        "",
        "Keyword rules, one per line: class: word, another phrase",
        title="Rules",
        max_length=20_000,
    )
    descriptions: str = setting(
        "",
        "Descriptions of the classes, one per line: class: description. Classes without one are described "
        "by their name.",
        title="Class descriptions",
        max_length=20_000,
    )
    hand: tuple[tuple[int, int], ...] = setting(
        (),
        "Labels made by hand: row and class number of each; the student and its twin both learn from them.",
        title="Labels by hand",
        max_length=MOST_HAND,
    )

    @field_validator("proposers")
    @classmethod
    def proposers_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(tr("each proposer may be given only once"))
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
    """Learn from true labels and from labels proposed for the other rows.

    Attributes:
        consistency: (student, unlabeled, generator) → (loss, terms) of the methods within each step; set by
        the task.
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
        """{"loss": the student's own value, whose gradient reaches all networks, "accuracy", "twin_loss",
        …}.
        """
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
