"""Pseudo-labels: a classifier that learns from labels proposed for unlabeled rows, beside its supervised-only
twin.

Hidden true labels reach the ceiling's network and the audit, and nothing else: not the proposals, not what is
kept, not the student, not the twin. Test rows are shown at each epoch; nothing is chosen by them, for the
last epoch is the result.

Long, because one run trains three networks round by round, and a round reads from top to bottom here:
propose, keep, train, look, write. What has a state of its own is in `tasks/parts/`, what needs none in
`pseudo/`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast, get_args

import numpy as np
import torch

from selfsup_core.augment.views import make_augment
from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import SettingError
from selfsup_core.evaluate.calibration import calibrate
from selfsup_core.evaluate.classifier_epochs import ClassifierView
from selfsup_core.evaluate.kept import Kept, class_counts, count_kept, describe_kept
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.tested import TEST
from selfsup_core.files import write_json
from selfsup_core.models.modules.beside import Beside
from selfsup_core.pseudo.expected import gauge
from selfsup_core.pseudo.keeping import counted
from selfsup_core.pseudo.objectives.pseudo_labels import PseudoBatch, PseudoLabels, PseudoLabelsConfig
from selfsup_core.pseudo.online import Consistency
from selfsup_core.runs.frames import FrameStore
from selfsup_core.tasks import TASKS, Look, TaskContext
from selfsup_core.tasks.classify import MOST_CONFUSION, MOST_TEST, ClassifyTask
from selfsup_core.tasks.parts.aside import Aside, last_epoch
from selfsup_core.tasks.parts.careless import Careless, CarelessState
from selfsup_core.tasks.parts.dealing import Dealer
from selfsup_core.tasks.parts.estimates import ShareEstimates
from selfsup_core.tasks.parts.outcome import Network, judge_run, score
from selfsup_core.tasks.parts.pool import choose_pool, join_hand
from selfsup_core.tasks.parts.proposals import Proposers
from selfsup_core.tasks.parts.proposed_rows import (
    find_outside,
    name_rows,
    on_the_map,
    row_texts,
    write_labels,
    write_outside,
    write_student,
)
from selfsup_core.tasks.parts.rounds import Rounds, RoundsState
from selfsup_core.train.trained import load_trained, trained_state
from selfsup_core.translation import tr

MOST_TEST_SHOWN = 2000  # test rows looked at each epoch
MOST_TEST_TEXTS = 200  # through a transformer on a CPU
MOST_GAUGED = 5000  # labels that are cross-validated before the start
LEAST_STEPS = 20  # of a round, where the steps are not set


@dataclass(frozen=True)
class PseudoView:
    """What an epoch looks like: the student on validation rows and the map's samples; proposals and what was
    kept of them; class numbers that each network names on the test rows, (T,).
    """

    student: ClassifierView
    proposed: Kept
    before: np.ndarray
    named: Mapping[Network, np.ndarray]
    probabilities: np.ndarray


class PseudoState(RoundsState):
    """What a checkpoint keeps of the task; teacher: weights of mean teacher's network, empty without one."""

    teacher: dict[str, torch.Tensor]
    careless: CarelessState


@TASKS.register("pseudo")
class PseudoTask(ClassifyTask):
    """Student, twin and ceiling in one loop; an epoch is a round of propose, keep, train, or so many steps.

    Attributes:
        pool: (P,) rows that labels are proposed for. rounds: what is kept of the proposals.
    """

    objective: PseudoLabels
    notes_of_hand = ""
    shown: tuple[dict[str, np.ndarray], dict[str, str]] | None = None  # proposals of the first frame

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        spec, config = self.spec, self.config
        self.device = self.choice.name
        self.pool, note = choose_pool(
            self.inputs.split.train, self.given, config.unlabeled_pool, spec.data.split_seed
        )
        self.notes += [note] if note else []
        self.inputs.add(np.concatenate([self.pool, self.chosen.train]))
        self.student: torch.nn.Module = self.model
        has_ceiling = config.ceiling and self._truth_is_known()
        is_careless = config.careless and not config.is_online and len(self.pool) > 0
        self.model = self.beside = Beside(self.student, ceiling=has_ceiling, careless=is_careless)
        self.first_weights = {k: v.clone() for k, v in trained_state(self.model).items()}
        self.proposers = Proposers(
            config,
            self.inputs,
            self.dataset,
            self.classes,
            self.chosen.train,
            self.given[self.chosen.train],
            self.pool,
            context,
        )
        self.notes += [*([self.notes_of_hand] if self.notes_of_hand else []), *self.proposers.notes]
        self.careless = Careless(self.proposers.spread_evenly()) if is_careless else None
        self.rounds = Rounds(config, self.proposers, len(self.pool), spec.train.epochs)
        slots = (spec.train.steps_per_epoch or self._steps()) * spec.train.batch_size
        self.rows = torch.arange(slots, device=self.device)
        self.tested = self._choose_tested()
        self.inputs.add(self.tested)
        self.estimates = ShareEstimates(
            self.proposers,
            self.given[self.chosen.train],
            self._name_by_twin,
            is_slow=bool(self.inputs.cost) and self.device == "cpu",
        )
        self.online = self.objective.consistency = self._make_online()
        self.dealer = Dealer(
            self.inputs,
            config,
            given=self.given,
            train=self.chosen.train,
            pool=self.pool,
            truth=self._true_labels() if has_ceiling else None,
            slots=slots,
            seed=spec.seed,
            device=self.device,
            has_online=self.online is not None,
        )
        self._deal()

    # What may be seen

    @property
    def config(self) -> PseudoLabelsConfig:
        return cast("PseudoLabelsConfig", self.spec.objective)

    def choose_aside(self) -> Aside:
        return last_epoch(self.chosen.train, self.spec.train.patience)

    def choose_labels(self) -> np.ndarray:
        """Labels of the budget, and those made by hand over them."""
        given = super().choose_labels()
        train, classes = self.inputs.split.train, len(self.classes)
        joined, self.notes_of_hand = join_hand(given, dict(self.config.hand), train, classes)
        return joined

    def _truth_is_known(self) -> bool:
        """Whether at least one class number of the pool is known, so that a ceiling differs from the twin."""
        return bool((self.y[self.pool] >= 0).any())

    def _true_labels(self) -> torch.Tensor:
        """(N,) for the ceiling alone: true labels of the pool, and those that were given."""
        truth = np.full(len(self.dataset), -1, np.int64)
        truth[self.pool] = self.y[self.pool]
        truth[self.chosen.train] = self.given[self.chosen.train]
        return torch.from_numpy(truth).to(self.device)

    def _choose_tested(self) -> np.ndarray:
        most = MOST_TEST_SHOWN
        if self.inputs.cost and self.device == "cpu":
            most = MOST_TEST_TEXTS
        rows = self.chosen.test
        return np.sort(choose_stratified(rows, self.y, most, self.spec.data.split_seed))

    def _steps(self) -> int:
        rows = len(self.chosen.train) + len(self.pool)
        return max(LEAST_STEPS, -(-rows // self.spec.train.batch_size))

    def _make_online(self) -> Consistency | None:
        """What learns from unlabeled rows within each step; also sets how labeled rows are varied."""
        config, tokens = self.config, bool(self.inputs.cost)
        if config.method == "mixmatch" and tokens:
            raise SettingError(
                tr("MixMatch mixes numbers, and a transformer's texts are tokens."),
                remedy=tr("Set Method to FixMatch or UDA, or use a classifier on fixed features."),
            )
        about = {
            "kind": self.dataset.kind,
            "shape": self.inputs.item_shape,
            "is_tokens": tokens,
            "may_flip": config.may_flip,
            "is_words": self.dataset.kind == "text" and self.spec.data.text_features != "embeddings",
        }
        self.objective.augment = make_augment(config.augment, **about)
        if not config.is_online or len(self.pool) == 0 or self.proposers.doubt:
            return None
        teacher = None
        if config.method == "mean-teacher":
            teacher = copy.deepcopy(self.student).requires_grad_(False)
        return Consistency(
            config.method,
            weak=make_augment("weak", **about),
            strong=make_augment("strong", **about),
            select=lambda p, places: self.rounds.select_within(p, places, self._progress()),
            progress=self._progress,
            weight=config.pseudo_weight,
            rise=config.rise,
            temperature=config.temperature,
            decay=config.ema_decay,
            teacher=teacher,
            turn=self.rounds.turn_within,
        )

    def _progress(self) -> float:
        return self.objective.progress / self.spec.train.epochs

    # What is learned in an epoch

    def _deal(self) -> None:
        self.dealer.deal(
            self.rounds.number, self.rounds.kept, self.careless.labels if self.careless else None
        )

    def values(self, slots: torch.Tensor) -> PseudoBatch:  # type: ignore[override]  # three networks, three batches
        """(B,) slots → what each network is given."""
        return self.dealer.batch(slots)

    def solver(self) -> Callable[[], dict[str, torch.Tensor]] | None:
        return None if self.online or self.config.augment != "none" else super().solver()

    def solve(self) -> dict[str, torch.Tensor]:
        """Student, twin and ceiling at the minimum of their own loss."""
        weights = np.ones(len(self.dataset), np.float32)
        weights[self.pool] = self.rounds.kept.weight * self.config.pseudo_weight
        dealer, ones = self.dealer, np.ones_like(weights)
        terms = self.solve_head(self.student, dealer.labels.cpu().numpy(), weights)
        beside = {
            "twin": (self.beside.twin, self.given),
            "ceiling": (self.beside.ceiling, dealer.truth),
            "careless": (self.beside.careless, dealer.careless_labels),
        }
        for name, (network, labels) in beside.items():
            if network is not None and labels is not None:
                numbers = labels if isinstance(labels, np.ndarray) else labels.cpu().numpy()
                terms[f"{name}_loss"] = self.solve_head(network, numbers, ones)["loss"]
        return terms

    # What is seen of an epoch

    @property
    def kept_model(self) -> torch.nn.Module:
        """The student: the network that is exported."""
        return self.student

    def networks(self) -> dict[Network, torch.nn.Module]:
        """Those that this run trains, the student first."""
        return {name: net for name in get_args(Network) if (net := getattr(self.beside, name)) is not None}

    def look(self, terms: dict[str, float]) -> Look:
        rounds = self.rounds
        rounds.number = round(self.objective.progress)
        view = self.evaluator.look(self.student)
        metrics = dict(view.metrics)
        named = {}
        if len(self.tested):
            for name, network in self.networks().items():
                logits = self.evaluator.logits(
                    network, self.tested, tr("test rows, {name}").format(name=name)
                )
                named[name] = logits.argmax(dim=1).numpy()
        y = self.y[self.tested]
        for name, classes in named.items():
            prefix = "" if name == "student" else f"{name}_"
            metrics[f"{prefix}accuracy"] = float((classes == y).mean())
        self.context.phase("propose")
        probabilities = self._propose()
        self.context.phase("keep")
        rounds.keep(probabilities, is_within=self.online is not None)
        if self.careless:
            self.careless.choose(self._says(self.beside.careless) if rounds.number else None, rounds.progress)
        self.context.phase("train")
        metrics |= describe_kept(rounds.kept, rounds.next, self.y[self.pool])
        self.estimates.look(has_begun=rounds.number > 0)
        metrics["kept_drift"] = self.estimates.drift(class_counts(rounds.next.kept_label, len(self.classes)))
        return Look(metrics, PseudoView(view, rounds.next, rounds.kept.kept_label, named, probabilities))

    def _propose(self) -> np.ndarray:
        """(P, C) probabilities, rows of NaN where no one proposes."""
        learned: dict[str, np.ndarray] = {}
        networks = {"self": self.student, "twin": self.beside.twin} if self.rounds.number else {}
        for name, network in networks.items():
            if name in self.proposers.names:
                learned[name] = self._says(network)
        return self.proposers.propose(learned)

    def _says(self, network: torch.nn.Module | None) -> np.ndarray:
        """(P, C) what a network says of the pool."""
        assert network is not None
        logits = self.evaluator.logits(network, self.pool, tr("unlabeled rows"))
        found: np.ndarray = logits.softmax(dim=1).numpy()
        return found

    def _name_by_twin(self, rows: np.ndarray) -> np.ndarray:
        """(R,) row numbers → (R,) class that the given labels alone make of each."""
        logits = self.evaluator.logits(self.beside.twin, rows, tr("unlabeled rows, twin"))
        named: np.ndarray = logits.argmax(dim=1).numpy()
        return named

    def turn(self) -> bool:
        """Take over what was kept; begin with the first weights again where a round does."""
        self.rounds.turn()
        if self.careless:
            self.careless.turn()
        self._deal()
        if self.config.is_online or self.config.student == "warm":
            return False
        load_trained(self.model, self.first_weights)
        return True

    def state(self) -> PseudoState:
        teacher = self.online.teacher if self.online else None
        return {
            **self.rounds.state(),
            "teacher": teacher.state_dict() if teacher is not None else {},
            "careless": self.careless.state() if self.careless else CarelessState(),
        }

    def load(self, state: Mapping[str, object]) -> None:
        if not state:
            return
        saved = cast("PseudoState", state)
        self.rounds.load(saved)
        if self.online and self.online.teacher is not None:
            self.online.teacher.load_state_dict(saved["teacher"])
        if self.careless:
            self.careless.load(saved["careless"])
        self._deal()

    # What is written of an epoch

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        view, now = look.view, look.view.proposed
        student, count = view.student, len(self.classes)
        truth = self.y[self.pool]
        arrays = on_the_map(now, self.pool, self.evaluator.samples, len(self.dataset))
        arrays |= count_kept(view.before, now, truth, self.given, count, with_pairs=count <= MOST_CONFUSION)
        named, about = self._name_rows(now, view.probabilities)
        arrays |= named
        self.shown = None if epoch else (arrays, about)
        frames.write_points(epoch, student.scores, self.arrays_of(student) | arrays, about, is_last=is_last)
        self.context.persist(
            lambda: write_labels(
                self.context.folder,
                epoch,
                self.pool,
                now,
                classes=self.classes,
                proposers=self.proposers.names,
                vote=self.proposers.describe(),
                prior=self.rounds.prior,
            )
        )

    def write_early(self, frames: FrameStore, step: int, terms: dict[str, float]) -> None:
        """The student in the middle of the first round, beside the proposals that it learns from."""
        if self.shown is None:
            return  # they are gone after a resume
        view = self.evaluator.glance(self.student, self.early, self.is_validation)
        arrays, about = self.shown
        arrays = self.arrays_of(view) | arrays
        frames.write_early_points(step, view.scores, arrays, about, terms | view.metrics)

    def baseline(self) -> Baseline:
        """As of a classifier, and how good a proposer the given labels are likely to make."""
        found = super().baseline()
        found["test_rows"] = len(self.tested)
        labeled = self.chosen.train
        if len(labeled) <= MOST_GAUGED:
            x = self.proposers.features(labeled)
            said = gauge(x, self.given[labeled], len(self.classes), seed=self.spec.seed)
            found |= {"gauge": said["text"], "gauge_tone": said["tone"], "gauge_accuracy": said["accuracy"]}
        return found

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        found = super().find_signs(row, past, baseline, is_last=is_last)
        count = len(self.classes)
        rounds = self.rounds
        before = class_counts(rounds.kept.kept_label, count) if rounds.number > 1 else None
        kept, drifted = class_counts(rounds.next.kept_label, count), [r.get("kept_drift") for r in past]
        return [
            *rounds.find_none_kept(is_last=is_last),
            *self.estimates.find_signs(kept, before, drifted),
            *found,
        ]

    def _name_rows(
        self, now: Kept, probabilities: np.ndarray
    ) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        as_votes = counted(torch.from_numpy(probabilities)).numpy()
        is_quick = not self.inputs.cost  # a transformer would read them again each round

        def features(places: np.ndarray) -> np.ndarray:
            return self.proposers.features(self.pool[places]) if is_quick else as_votes[places]

        return name_rows(
            now,
            probabilities,
            self.pool,
            self.y[self.pool],
            features=features,
            logits=lambda rows: self.evaluator.logits(self.student, rows, tr("rows to label")),
            values=self.shown_values,
            texts=row_texts(self.dataset),
        )

    def _predict_unlabeled(self) -> None:
        """For the export alone: a class for all unlabeled rows, in the pool and outside of it."""
        if len(self.pool):
            pooled = self.evaluator.logits(self.student, self.pool, tr("unlabeled rows"))
            self.context.persist(lambda: write_student(self.context.folder, self.pool, pooled))
        rows = find_outside(self.y, self.given, self.pool)
        is_slow = bool(self.inputs.cost) and len(rows) > max(len(self.pool), MOST_TEST)
        if len(rows) == 0 or is_slow:
            return
        self.inputs.add(rows)
        logits = self.evaluator.logits(self.student, rows, tr("unlabeled rows outside of training"))
        self.context.persist(lambda: write_outside(self.context.folder, rows, logits, self.inputs.split))

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """All test rows by student, twin and ceiling, and what that says; the last epoch's weights."""
        self._predict_unlabeled()
        rows = self.chosen.test
        if self.inputs.cost and self.device == "cpu":
            rows = np.sort(choose_stratified(rows, self.y, MOST_TEST, self.spec.data.split_seed))
        if len(rows) == 0:
            return {}
        self.inputs.add(rows)
        y = self.y[rows]
        named = {
            name: self.evaluator.logits(network, rows, tr("test rows, {name}").format(name=name))
            .argmax(dim=1)
            .numpy()
            for name, network in self.networks().items()
        }
        metrics, about = score(named, y, self.classes)
        self.verdict = judge_run(
            named,
            y,
            metrics,
            len(self.classes),
            self.proposers.doubt,
            is_any_kept=self.config.is_online or bool((self.rounds.kept.first >= 0).any()),
        )
        about["verdict"] = self.verdict
        measured = self.evaluator.validation
        logits = self.evaluator.logits(self.student, measured, tr("validation rows")).numpy()
        about["calibration"] = calibrate(logits, self.y[measured], fit=not self.spec.data.has_budget)
        self.context.persist(lambda: write_json(self.context.folder / TEST, about))
        return metrics
