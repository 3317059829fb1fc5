"""Base of scenarios: few labels → a first network → it labels the rest → what is kept → better or not.

Epochs 1 … W train one network on the labeled rows, the teacher. Then a student and its twin go on from its
weights with as many steps each: the student learns from labeled rows and kept proposals, the twin from the
labeled rows alone. Every few epochs the student labels the other rows anew. Hidden answers serve the audit
and nothing else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import nn
from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import choose_labeled
from selfsup_core.errors import SettingError
from selfsup_core.evaluate.bootstrap import ScoreOf, paired_bootstrap
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.words.scenario_words import Score, find_scenario_signs, judge, not_used
from selfsup_core.features.config import DataConfig
from selfsup_core.models.modules.student_and_twin import StudentAndTwin
from selfsup_core.objectives.in_rounds import InRounds, InRoundsConfig, Parts
from selfsup_core.tasks import Look, Task, TaskContext
from selfsup_core.translation import tr


@dataclass(frozen=True)
class Proposed:
    """What was proposed for the pool.

    Attributes:
        confidence: (P,) higher is surer; NaN where nothing was proposed.
        answers: by name, tensors of whatever shape, as a checkpoint keeps them. is_kept: (P,).
    """

    confidence: np.ndarray
    answers: dict[str, torch.Tensor]
    is_kept: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


@dataclass(frozen=True)
class Tested:
    """A network on the test rows: how it scores where rows count so often, and further numbers."""

    score_of: ScoreOf
    more: Metrics = field(default_factory=dict)


class RoundsState(TypedDict):
    """What a checkpoint keeps; answers: {} before there are proposals."""

    epoch: int
    was_kept: bool
    confidence: torch.Tensor
    is_kept: torch.Tensor
    answers: dict[str, torch.Tensor]


def choose_known(dataset: Dataset, train: np.ndarray, config: DataConfig) -> np.ndarray:
    """The training rows whose answer may be seen, by the label budget; of each class where there are
    classes.
    """
    y = np.zeros(len(dataset), np.int64) if dataset.y is None else np.maximum(np.asarray(dataset.y), 0)
    return choose_labeled(train, y, config.labels_per_class, config.split_seed, config.labels_fraction)


class RoundsOfLabels(Task):
    """A scenario sets its data up, calls `begin`, and writes the methods that are abstract here.

    Attributes:
        score: of the scenario, from `SCORES`.
        labeled: (L,) rows whose answer is given. pool: (P,) other training rows.
        place: (N,) of a row in the pool, on the device; -1 elsewhere.
        proposed: what the student learns from now; None before the first round.
        next: what was proposed at the end of the last epoch; taken over by `turn`.
    """

    score: ClassVar[Score]
    model: StudentAndTwin
    objective: InRounds[Any]
    chosen_by = None  # labels are few: the last epoch is the result
    proposed: Proposed | None = None
    next: Proposed | None = None

    def begin(
        self,
        context: TaskContext,
        student: nn.Module,
        *,
        dataset: Dataset,
        labeled: np.ndarray,
        pool: np.ndarray,
        tested: np.ndarray,
        helper: nn.Module | None = None,
        made_up: int = 0,
    ) -> None:
        """The networks, and who learns from what.

        Args:
            labeled, pool, tested: rows; `choose_known` gives the first of the training rows.
            made_up: rows of the pool that are not of the data set; they are counted on behind its last one.

        Raises:
            SettingError: no epoch is left for a student.
        """
        self.context, self.spec, self.device = context, context.spec, context.choice.name
        config, self.notes = self.spec.train, []
        self.labeled, self.pool, self.tested = labeled, pool, tested
        if self.has_pool and self.rules.teacher_epochs >= config.epochs:
            raise SettingError(
                tr(
                    "Epochs before the first proposals is {teacher}, and the run has {epochs} epochs: none "
                    "is left to learn from the proposals."
                ).format(teacher=self.rules.teacher_epochs, epochs=config.epochs),
                remedy=tr("Lower it (objective.teacher_epochs), or train for more epochs (train.epochs)."),
            )
        self.student = student
        self.model = StudentAndTwin(student, has_twin=self.has_pool, helper=helper).to(self.device)
        steps = config.steps_per_epoch or -(-(len(labeled) + len(pool)) // config.batch_size)
        self.rows = torch.arange(steps * config.batch_size, device=self.device)
        place = np.full(len(dataset) + made_up, -1, np.int64)
        place[self.pool] = np.arange(len(self.pool))
        self.place = torch.from_numpy(place).to(self.device)
        self.digest, self.epoch, self.was_kept = dataset.digest, 0, False
        self._deal()

    # What a scenario writes

    @abstractmethod
    def batch(self, rows: torch.Tensor) -> Any:
        """(B,) rows → what a network learns from: the given answer, of a row of the pool the one in
        `proposed`.
        """

    @abstractmethod
    def measure(self, network: nn.Module) -> tuple[Metrics, Any]:
        """Validation rows: numbers by name, the score among them, and what a frame shows."""

    @abstractmethod
    def propose(self, generator: torch.Generator) -> Proposed:
        """Answers for the pool, by the student as it is now; what is kept of them is chosen by `keep`."""

    @abstractmethod
    def audit(self, proposed: Proposed) -> Metrics:
        """{"kept_right": share} and other numbers of what is kept, by the hidden answers."""

    @abstractmethod
    def test(self, network: nn.Module) -> Tested:
        """The rows `tested`, once, at the end."""

    def helper_batch(self, rows: torch.Tensor) -> Any:
        """(B,) labeled rows → what the helper learns from, before the first proposals."""
        return None

    def keep(self, confidence: np.ndarray) -> np.ndarray:
        """(P,) → (P,) which proposals are learned from: the surest ones, as many as `objective.keep` says."""
        count = round(self.rules.keep * len(confidence))
        order = np.argsort(-np.nan_to_num(confidence, nan=-np.inf), kind="stable")
        is_kept = np.zeros(len(confidence), bool)
        is_kept[order[:count]] = True
        found: np.ndarray = is_kept & ~np.isnan(confidence)
        return found

    # What is the same in all of them

    @property
    def rules(self) -> InRoundsConfig:
        return cast("InRoundsConfig", self.spec.objective)

    @property
    def has_pool(self) -> bool:
        return len(self.pool) > 0

    @property
    def has_parted(self) -> bool:
        """Whether student and twin have learned from different rows."""
        return self.has_pool and self.epoch > self.rules.teacher_epochs

    @property
    def kept_model(self) -> nn.Module:
        return self.student

    def values(self, slots: torch.Tensor) -> Parts:
        """(B,) slots → what each network is given."""
        student, labeled = self.dealt_student[slots], self.dealt_labeled[slots]
        if self.epoch < self.rules.teacher_epochs or not self.has_pool:
            helper = self.helper_batch(labeled) if self.model.helper is not None and self.has_pool else None
            return Parts(self.batch(labeled), helper=helper)
        return Parts(self.batch(student), twin=self.batch(labeled))

    def _deal(self) -> None:
        """Which row stands in which slot of the epoch to come: a function of seed, epoch and what is kept."""
        kept = self.pool[self.proposed.is_kept] if self.proposed else self.pool[:0]
        self.dealt_student = self._fill(np.concatenate([self.labeled, kept]))
        self.dealt_labeled = self._fill(self.labeled)

    def _fill(self, rows: np.ndarray) -> torch.Tensor:
        """All slots filled with whole shuffled passes over the rows."""
        generator = np.random.default_rng((self.spec.seed, self.epoch, len(rows)))
        passes = -(-len(self.rows) // len(rows))
        order = np.concatenate([generator.permutation(rows) for _ in range(passes)])[: len(self.rows)]
        return torch.from_numpy(order.astype(np.int64)).to(self.device)

    def look(self, terms: dict[str, float]) -> Look:
        """Scores on validation rows of student and twin, and new proposals where their time it is."""
        self.epoch = round(self.objective.progress)
        found, view = self.measure(self.student)
        metrics: Metrics = {f"val_{name}": value for name, value in found.items()}
        if self.has_pool and (self.has_parted or self.epoch >= self.rules.teacher_epochs):
            twin = self.measure(cast("nn.Module", self.model.twin))[0] if self.has_parted else found
            metrics |= {f"val_twin_{name}": value for name, value in twin.items()}
            if self._is_due():
                self._propose()
        if now := self.next or self.proposed:
            metrics |= {"kept_share": float(now.is_kept.mean()), "kept_rows": int(now.is_kept.sum())}
            metrics |= self.audit(now)
        return Look(metrics, view)

    def _is_due(self) -> bool:
        since = self.epoch - self.rules.teacher_epochs
        return since >= 0 and since % self.rules.every == 0 and self.epoch < self.spec.train.epochs

    def _propose(self) -> None:
        self.context.phase("propose")
        seed = (self.spec.seed * 1_000_003 + self.epoch) % 2**63
        made = self.propose(torch.Generator(self.device).manual_seed(seed))
        self.context.phase("keep")
        self.next = Proposed(made.confidence, made.answers, self.keep(made.confidence))
        self.context.phase("train")

    def turn(self) -> bool:
        """Take over what was proposed; student and twin part when the teacher is done, with a new optimizer
        each.
        """
        if self.next is not None:
            self.proposed, self.next = self.next, None
            self.was_kept |= bool(self.proposed.is_kept.any())
        begins = self.has_pool and self.epoch == self.rules.teacher_epochs
        if begins:
            self.model.part()
        self._deal()
        return begins

    def state(self) -> RoundsState:
        now = self.proposed
        none = np.zeros(0)
        return {
            "epoch": self.epoch,
            "was_kept": self.was_kept,
            "confidence": torch.from_numpy((now.confidence if now else none).astype(np.float32)),
            "is_kept": torch.from_numpy((now.is_kept if now else none).astype(np.uint8)),
            "answers": dict(now.answers) if now else {},
        }

    def load(self, state: Mapping[str, object]) -> None:
        if not state:
            return
        saved = cast("RoundsState", state)
        self.epoch, self.was_kept = saved["epoch"], saved["was_kept"]
        if saved["answers"]:
            answers = {name: value.to(self.device) for name, value in saved["answers"].items()}
            is_kept = saved["is_kept"].numpy().astype(bool)
            self.proposed = Proposed(saved["confidence"].numpy(), answers, is_kept)
        self._deal()

    def baseline(self) -> Baseline:
        return {}

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        return find_scenario_signs(row)

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """The test rows by student and twin, and the verdict; the last epoch's weights."""
        if len(self.tested) == 0:
            return {}
        count, name = len(self.tested), self.score.name
        student = self.test(self.student)
        metrics: Metrics = {"test_rows": count, **student.more}
        metrics[name] = student.score_of(np.ones(count, np.int64))
        if not self.has_parted or self.model.twin is None:
            return metrics
        twin = self.test(self.model.twin)
        metrics |= {f"twin_{key}": value for key, value in twin.more.items()}
        found = paired_bootstrap(student.score_of, twin.score_of, count, seed=self.spec.seed)
        metrics[f"twin_{name}"] = found["twin"]
        metrics |= {"difference_low": found["low"], "difference_high": found["high"]}
        self.verdict = judge(self.score, found) if self.was_kept else not_used(self.score, found["student"])
        return metrics
