"""Question answering: MiniLM learns to find answers in passages, from questions by people, and from
pseudo-questions where questions are hidden.

A pseudo-question is a cloze: a number, a date, a name or a phrase is left out of its sentence, and the rest
is turned into a question. Rules make them and no network, so student and twin part at once: the student
learns from all of them at first, then from those whose answer it finds again.
"""

from __future__ import annotations

from typing import ClassVar, cast

import numpy as np
import torch
from torch import nn

from selfsup_core.data.questions import Asked, questions_of
from selfsup_core.data.sources import open_source
from selfsup_core.errors import DataError
from selfsup_core.evaluate.answers import exact_match_of, is_match, score_rows
from selfsup_core.evaluate.reading.answering import Pointed, Span, best_spans, point
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.words.scenario_words import SCORES, Score
from selfsup_core.features.asked_split import split_asked
from selfsup_core.models import MODELS
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.in_rounds import Parts
from selfsup_core.objectives.spans import Questions, Spans, SpansConfig, logits_of, span_loss
from selfsup_core.pretrained.models.reader import ReaderConfig
from selfsup_core.pseudo.cloze import Cloze, make_clozes
from selfsup_core.runs.frames import FrameStore
from selfsup_core.tasks import TASKS, Look, TaskContext
from selfsup_core.tasks.parts.reader_rows import ReaderRows
from selfsup_core.tasks.parts.rounds_of_labels import Proposed, RoundsOfLabels, Tested, choose_known
from selfsup_core.tasks.translate import as_json, spread
from selfsup_core.translation import tr

MEASURED = 200  # validation questions that are answered at each epoch
SHOWN = 8  # of them, whose probabilities are kept
LISTED = 8  # kept pseudo-questions of a frame, and as many that were not kept
POOL = 2000  # pseudo-questions, at most
SHARE_TRUE = 1 / 3  # of the pseudo-questions: so many true ones stand beside them
UNREAD = -1  # in the place of the tokens that the reader found
LEAST = 2  # questions, for training and for validation


@TASKS.register("answer")
class AnswerTask(RoundsOfLabels):
    """Passages with questions; looked at by probabilities over a passage, pseudo-questions and a map."""

    score: ClassVar[Score] = SCORES["answer"]

    def __init__(self, context: TaskContext) -> None:
        spec, data = context.spec, context.spec.data
        dataset = context.persist(lambda: open_source(data.source, context.workspace, verify=True))
        self.config = cast("SpansConfig", spec.objective)
        self.objective = cast("Spans", OBJECTIVES[spec.objective.kind](spec.objective))
        self.asked = questions_of(dataset)
        split = split_asked(dataset, self.asked, data)
        is_asked = np.array([row.is_answered for row in self.asked])
        labeled = choose_known(dataset, split.train[is_asked[split.train]], data)
        validation, tested = (rows[is_asked[rows]] for rows in (split.validation, split.test))
        require_questions(tr(dataset.title), labeled, validation)
        self.hidden = np.setdiff1d(split.train, labeled)
        self.clozes, self.cloze_passages = self._make_up()
        pool = np.arange(len(self.asked), len(self.asked) + len(self.clozes))
        context.say(tr("Loading MiniLM."))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed)
            student = MODELS[spec.model.kind].build(spec.model, ())
        self.begin(
            context,
            student,
            dataset=dataset,
            labeled=labeled,
            pool=pool,
            tested=tested,
            made_up=len(pool),
        )
        if len(pool):
            whole, nothing = np.ones(len(pool), bool), np.full(len(pool), np.nan)
            unread = torch.full((len(pool), 2), UNREAD, device=self.device)
            self.proposed, self.was_kept = Proposed(nothing, {"found": unread}, whole), True
            self._deal()
        chosen = np.random.default_rng(data.split_seed).permutation(validation)
        self.measured = np.sort(chosen[:MEASURED])
        self.shown = spread(self.measured, SHOWN)
        rows = [*self.asked, *(self._as_row(place) for place in range(len(pool)))]
        used = np.unique(np.concatenate([labeled, pool, self.measured, tested]))
        most = cast("ReaderConfig", spec.model).most_tokens
        context.say(tr("Reading the passages with the layers that are not trained."))
        self.reader_rows = ReaderRows(rows, used, self.student, most=most, device=self.device)
        self.notes += [
            tr(
                "{known:,} questions are known; {made:,} pseudo-questions are made of {count:,} passages."
            ).format(known=len(labeled), made=len(pool), count=len(set(self.cloze_passages))),
            *self.reader_rows.notes,
        ]

    # Pseudo-questions

    def _make_up(self) -> tuple[list[Cloze], list[int]]:
        """Clozes of the passages whose questions are hidden, and the row whose passage each is of."""
        first: dict[str, int] = {}
        for row in self.hidden.tolist():
            first.setdefault(self.asked[row].passage, row)
        made = [
            (cloze, row)
            for passage, row in first.items()
            for cloze in make_clozes(passage, self.config.per_passage)
        ]
        if len(made) > POOL:
            chosen = np.random.default_rng(0).permutation(len(made))[:POOL]
            made = [made[place] for place in np.sort(chosen)]
        return [cloze for cloze, _ in made], [row for _, row in made]

    def _as_row(self, place: int) -> Asked:
        cloze, passage = self.clozes[place], self.asked[self.cloze_passages[place]].passage
        return Asked(passage, cloze.question, (passage[cloze.start : cloze.end],), cloze.start)

    @property
    def is_alone(self) -> bool:
        """Whether the student learns from pseudo-questions alone."""
        return self.config.learns_from == "pseudo" and self.has_pool

    @property
    def has_parted(self) -> bool:
        return self.has_pool and self.epoch > 0

    def values(self, slots: torch.Tensor) -> Parts:
        labeled = self.batch(self.dealt_labeled[slots])
        return Parts(self.batch(self.dealt_student[slots]), twin=labeled) if self.has_pool else Parts(labeled)

    def turn(self) -> bool:
        if self.next is not None:
            self.proposed, self.next = self.next, None
            self.was_kept |= bool(self.proposed.is_kept.any())
        self._deal()
        return False

    def _deal(self) -> None:
        """True questions are a quarter of what the student sees, however few they are."""
        super()._deal()
        if not self.has_pool:
            return
        kept = self.pool[self.proposed.is_kept] if self.proposed else self.pool
        true = np.repeat(self.labeled, max(1, round(len(kept) * SHARE_TRUE / len(self.labeled))))
        rows = (kept if len(kept) else self.pool) if self.is_alone else np.concatenate([true, kept])
        self.dealt_student = self._fill(rows)

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        # Alone, the student goes on with all pseudo-questions where none is kept.
        return [] if self.is_alone else super().find_signs(row, past, baseline, is_last=is_last)

    # What the networks learn from

    def batch(self, rows: torch.Tensor) -> Questions:
        return self.reader_rows.batch(rows.tolist(), self.student)

    # What is proposed and kept

    def propose(self, generator: torch.Generator) -> Proposed:
        """How likely the student finds the answer of each pseudo-question; NaN where it finds another one, or
        is less sure than the least score.
        """
        pointed, _ = self._point(self.student, self.pool)
        spans = [best_spans(one)[0] for one in pointed]
        confidence = np.array([span.probability for span in spans])
        for place, span in enumerate(spans):
            cloze = self._as_row(place)
            if not is_match(self._said(self.pool[place], span), cloze.answers[0]):
                confidence[place] = np.nan
        confidence[confidence < self.config.least_score] = np.nan
        found = torch.tensor([(span.first, span.last) for span in spans], dtype=torch.long)
        return Proposed(confidence, {"found": found.to(self.device)})

    def audit(self, proposed: Proposed) -> Metrics:
        """Whether people asked for the same: the answer is that of a hidden question of the passage."""
        kept = np.flatnonzero(proposed.is_kept)
        if not len(kept):
            return {"kept_asked": None}
        return {"kept_asked": float(np.mean([bool(self._same(int(place))) for place in kept]))}

    def _same(self, place: int) -> list[str]:
        """Hidden questions with the same answer as a pseudo-question."""
        row = self._as_row(place)
        return [
            other.question
            for other in (self.asked[hidden] for hidden in self.hidden)
            if other.is_answered
            and other.passage == row.passage
            and any(is_match(one, row.answers[0]) for one in other.answers)
        ]

    # What is seen

    def _point(self, network: nn.Module, rows: np.ndarray) -> tuple[list[Pointed], np.ndarray]:
        return point(network, *self.reader_rows.whole(rows.tolist(), self.student))

    def _said(self, row: int, span: Span) -> str:
        return self.reader_rows.cut(int(row), span)

    def _found(self, place: int, first: int, last: int) -> str | None:
        """What the reader answered to a pseudo-question; None before the first round trip."""
        return None if first == UNREAD else self._said(int(self.pool[place]), Span(first, last, 0.0))

    def _scores(self, rows: np.ndarray, pointed: list[Pointed]) -> np.ndarray:
        said = [self._said(row, best_spans(one)[0]) for row, one in zip(rows, pointed, strict=True)]
        return score_rows(said, [self.asked[row].answers for row in rows])

    def measure(self, network: nn.Module) -> tuple[Metrics, tuple[list[Pointed], np.ndarray]]:
        pointed, codes = self._point(network, self.measured)
        found = self._scores(self.measured, pointed)
        batch = self.reader_rows.batch(self.measured.tolist(), self.student)
        was_training = network.training
        network.eval()
        with torch.inference_mode():
            loss = span_loss(logits_of(network, batch.states, batch.mask, batch.is_passage), batch)
        network.train(was_training)
        exact, f1 = found.mean(axis=0).tolist()
        return {"loss": float(loss), "exact_match": exact, "f1": f1}, (pointed, codes)

    def test(self, network: nn.Module) -> Tested:
        pointed, _ = self._point(network, self.tested)
        found = self._scores(self.tested, pointed)
        return Tested(exact_match_of(found), {"f1": float(found[:, 1].mean())})

    # What is written of an epoch

    def write_static(self, frames: FrameStore) -> None:
        rows = [self.asked[row] for row in self.shown]
        arrays: dict[str, np.ndarray] = {
            "labels": np.full(len(self.measured), -1, np.int32),
            "splits": np.ones(len(self.measured), np.uint8),
            "rows": self.measured.astype(np.int32),
        }
        about = {
            "kind": "text",
            "item_shape": as_json([]),
            "scale": "1",
            "classes": "[]",
            "columns": "[]",
            "texts": as_json([self.asked[row].question for row in self.measured]),
            "scenario": as_json(
                {
                    "passages": [row.passage for row in rows],
                    "questions": [row.question for row in rows],
                    "answers": [list(row.answers) for row in rows],
                    "spans": [self.reader_rows.read[row].spans.tolist() for row in self.shown],
                }
            ),
        }
        frames.write_shared(arrays, about)

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        whole, codes = look.view
        pointed = [whole[place] for place in np.searchsorted(self.measured, self.shown)]
        spans = [best_spans(one)[0] for one in pointed]
        about = {
            "answered": as_json([self._said(row, span) for row, span in zip(self.shown, spans, strict=True)]),
            "found": as_json([[span.first, span.last] for span in spans]),
            "sure": as_json([round(span.probability, 4) for span in spans]),
            "start": as_json([np.round(one.start, 3).tolist() for one in pointed]),
            "end": as_json([np.round(one.end, 3).tolist() for one in pointed]),
        }
        now = self.next or self.proposed
        if now:
            about |= self._list_kept(now)
        frames.write_points(epoch, codes, {}, about, is_last=is_last)

    def _list_kept(self, now: Proposed) -> dict[str, str]:
        """Some pseudo-questions of all that are kept, and some of those that are not."""
        order = np.argsort(-np.nan_to_num(now.confidence, nan=-1.0), kind="stable")
        kept, other = order[now.is_kept[order]], order[~now.is_kept[order]]
        places = np.concatenate([spread(kept, LISTED), spread(other, LISTED)]).astype(int)
        found = now.answers["found"].tolist()
        listed = []
        for place in places.tolist():
            row = self._as_row(place)
            sure = now.confidence[place]
            listed.append(
                {
                    "question": row.question,
                    "answer": row.answers[0],
                    "said": self._found(place, *found[place]),
                    "confidence": None if np.isnan(sure) else round(float(sure), 3),
                    "is_kept": bool(now.is_kept[place]),
                }
            )
        return {
            "clozes": as_json(listed),
            "true_questions": as_json([(self._same(place) or [""])[0] for place in places.tolist()]),
        }


def require_questions(title: str, labeled: np.ndarray, validation: np.ndarray) -> None:
    """Raises DataError: hardly a row has a question with its answer."""
    if min(len(labeled), len(validation)) < LEAST:
        raise DataError(
            tr(
                "{title} has {labeled} questions to learn from and {validation} to measure; at least {least} "
                "of each are needed."
            ).format(title=title, labeled=len(labeled), validation=len(validation), least=LEAST),
            code="few-questions",
            remedy=tr("Add questions with answers, or raise Labels known."),
        )
