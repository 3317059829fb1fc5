"""The proposers of a run put together: what never changes is asked once, the classifier itself at every
round.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypedDict

import numpy as np
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.pseudo.audit import doubt
from selfsup_core.pseudo.gate import HeldOut, agreeing, choose_judged, judge, minds_shares, say_before
from selfsup_core.pseudo.names import by_names, read_descriptions
from selfsup_core.pseudo.objectives.pseudo_labels import PROPOSERS
from selfsup_core.pseudo.pool_shares import average_pool
from selfsup_core.pseudo.propagation import (
    JUDGING,
    leave_one_out,
    looks_uneven,
    make_graph,
    propagate,
    shares_of,
)
from selfsup_core.pseudo.rules import by_columns, by_words, read_rules
from selfsup_core.pseudo.select import Selector
from selfsup_core.pseudo.vote import Vote, named, vote
from selfsup_core.tasks import TaskContext
from selfsup_core.tasks.parts.classify_inputs import FeatureInputs, Inputs, scaled
from selfsup_core.tasks.parts.labelers import LABELERS, Labeler, SaidRow, write_said
from selfsup_core.translation import tr
from selfsup_core.wording import percent

NETWORKS = ("self", "twin")  # proposers that learn: asked again in each round
MOST_NEIGHBORS = 60_000  # rows whose graph is made; beyond, exact neighbors take minutes


class VoteAbout(TypedDict, total=False):
    """How proposers vote, as it is kept beside the labels; empty before the first round.

    Attributes:
        coverage: share of the pool that each names. agreement: of each with each, None where they never meet.
        conflicts: share of the pool that several name differently.
    """

    names: list[str]
    coverage: list[float]
    conflicts: float
    agreement: list[list[float | None]]


class Proposers:
    """Who proposes labels for the pool.

    Args:
        labeled: (L,) rows whose label may be seen, and `labels` (L,) of them. pool: (P,) rows without one.

    Attributes:
        names: of the proposers. notes: what they have to say. last: (P, C) proposals of each, of the newest
        round.
        shares: (C,) of the classes that are aimed at; None for even ones.
        doubt: why no proposal is to be trusted here, or "".
    """

    def __init__(
        self,
        config: Any,
        inputs: Inputs,
        dataset: Dataset,
        classes: tuple[str, ...],
        labeled: np.ndarray,
        labels: np.ndarray,
        pool: np.ndarray,
        context: TaskContext,
    ) -> None:
        self.config, self.inputs, self.dataset, self.classes = config, inputs, dataset, classes
        self.labeled, self.labels, self.pool, self.context = labeled, labels, pool, context
        self.names = list(config.proposers)
        self.notes: list[str] = []
        self.shares: np.ndarray | None = None
        self.doubt = ""
        self.held_out: HeldOut | None = None
        self.said: dict[str, list[SaidRow]] = {}
        self._look_at_graph()
        asked: dict[str, Callable[[], np.ndarray]] = {
            "neighbors": self._ask_neighbors,
            "names": self._ask_names,
            "rules": self._ask_rules,
            **{how: partial(self._ask_model, how) for how in LABELERS},
        }
        self.fixed = {name: asked[name]() for name in self.names if name not in NETWORKS}
        self.last: list[np.ndarray] = []
        self.voted: Vote | None = None
        for name, p in self.fixed.items():
            share = (named(p) >= 0).mean() if len(p) else 1.0
            if share < 1:
                self.notes.append(
                    tr(
                        "{proposers} as proposer: a class for {share} of the unlabeled rows, "
                        "none for the rest."
                    ).format(proposers=PROPOSERS[name], share=percent(share))
                )

    def _look_at_graph(self) -> None:
        """What the given labels and the graph of similar rows say beforehand: class shares, and whether to
        trust at all.
        """
        if len(self.pool) == 0:
            return
        data, classes, config = self.context.spec.data, len(self.classes), self.config
        if agreeing(config):
            self._hold_out()
            return
        self.context.say(tr("Comparing similar rows."))
        rows, labels = choose_judged(self.labeled, self.labels, self.pool, data.split_seed)
        x, given = self.features(rows), labels[labels >= 0]
        # Names, rules and language models need no similar rows to be right.
        if config.guard and set(self.names) <= {*NETWORKS, "neighbors"}:
            named_so = leave_one_out(make_graph(x, config.neighbors), labels, classes)
            self.doubt = doubt(named_so, given, classes)
            self.notes += [self.doubt] if self.doubt else []
        counts = np.bincount(self.labels, minlength=classes) + 0.0
        if config.prior != "auto":
            return
        if data.labels_per_class == 0 and counts.sum() >= 10 * classes:
            self.notes.append(tr("Class shares are taken from the given labels, which are a random sample."))
            self.shares = counts / counts.sum()
            return
        near, shares = (
            shares_of(propagate(x, labels, classes, neighbors=config.neighbors, alpha=alpha)[len(given) :])
            for alpha in (JUDGING, config.spread)
        )
        if looks_uneven(near):
            self.shares = shares
            self.notes.append(
                tr(
                    "The classes look unbalanced ({classes!r} about "
                    "{max}, {classes_2!r} about "
                    "{min}): shares are estimated from similar rows instead of assumed to "
                    "be equal."
                ).format(
                    classes=self.classes[int(shares.argmax())],
                    max=percent(shares.max()),
                    classes_2=self.classes[int(shares.argmin())],
                    min=percent(shares.min(), 1),
                )
            )

    def _hold_out(self) -> None:
        """What classifier and neighbors make of given labels that are hidden from them; says so, and may
        doubt.
        """
        self.context.say(tr("Checking classifier and similar rows against the given labels."))
        self.held_out = judge(
            self.features,
            self.labeled,
            self.labels,
            self.pool,
            len(self.classes),
            self.config,
            self.context.spec.data.split_seed,
        )
        sentence, use = say_before(self.held_out, guard=self.config.guard)
        self.notes.append(sentence)
        if use == "not used":
            self.doubt = sentence
        elif minds_shares(self.config) and self.held_out.mean_shares:
            said = self.held_out.mean_shares.describe(self.classes)
            self.notes += [said] if said else []

    # Each of them: (P, C) probabilities, rows of NaN where it abstains

    def _ask_neighbors(self) -> np.ndarray:
        assumes_nothing = self.shares is not None or self.config.prior in ("estimated", "unknown")
        return self._spread(None if assumes_nothing else np.ones(len(self.classes)))

    def spread_evenly(self) -> np.ndarray:
        """(P, C) what similar rows propose when all classes are taken to be equally frequent."""
        return self._spread(np.ones(len(self.classes)))

    def _spread(self, mass: np.ndarray | None) -> np.ndarray:
        rows = np.concatenate([self.labeled, self.pool])
        if len(rows) > MOST_NEIGHBORS:
            raise SettingError(
                tr(
                    "The graph of neighbors is made for {most_neighbors:,} rows at most; found {count:,}."
                ).format(most_neighbors=MOST_NEIGHBORS, count=len(rows)),
                remedy=tr("Set Unlabeled rows (objective.unlabeled_pool) to a smaller number."),
            )
        self.context.say(tr("Finding similar rows."))
        x = self.features(rows)
        hidden = np.full(len(self.pool), -1)
        found = propagate(
            x,
            np.concatenate([self.labels, hidden]),
            len(self.classes),
            neighbors=self.config.neighbors,
            alpha=self.config.spread,
            mass=mass,
        )
        return found[len(self.labeled) :]

    def features(self, rows: np.ndarray) -> np.ndarray:
        """(R, D) of these rows, on one scale; a transformer's rows by the features that the data settings
        name.
        """
        inputs, config = self.inputs, self.context.spec.data
        if not isinstance(inputs, FeatureInputs):
            inputs = FeatureInputs(self.dataset, config, "cpu", self.context.workspace, self.context.say)
        return scaled(inputs, rows, self.dataset, config)

    def _texts(self, what: str) -> Texts:
        if not isinstance(self.dataset.x, Texts):
            raise DataError(
                tr("{proposers} as proposer: texts are needed; {title} holds {kind}s.").format(
                    proposers=PROPOSERS[what], title=self.dataset.title, kind=self.dataset.kind
                ),
                code="no-texts",
                remedy=tr("Let similar rows or the student itself propose."),
            )
        return self.dataset.x

    def _ask_names(self) -> np.ndarray:
        from selfsup_core.features.vectorize import embed

        texts, data = self._texts("names"), self.context.spec.data
        about = read_descriptions(self.config.descriptions, self.classes)
        cache = self.context.workspace / "embeddings"
        digest = self.dataset.digest or self.dataset.id
        rows = embed(texts, cache, digest, self.context.say, encoder=data.encoder)
        names = embed(Texts.pack(about), None, "", encoder=data.encoder)
        return by_names(rows[self.pool], names)

    def _ask_model(self, how: str) -> np.ndarray:
        """A language model's labels; what it has said of these texts before is taken."""
        context = self.context
        labeler = Labeler(
            how, self.config, context.workspace, self.dataset.digest or self.dataset.id, self.classes
        )
        found = labeler.propose(self._texts(how), self.pool, context.spec.data.split_seed + 17, context.say)
        self.notes += labeler.notes
        self.said[how] = labeler.said
        context.persist(lambda: write_said(context.folder, self.said))
        return found

    def _ask_rules(self) -> np.ndarray:
        rules, count = read_rules(self.config.rules, self.classes), len(self.classes)
        if self.dataset.kind == "table":
            x = np.asarray(self.dataset.x)[self.pool].reshape(len(self.pool), -1) * self.dataset.scale
            return by_columns(x, self.dataset.columns, rules, count)
        texts = self._texts("rules")
        return by_words([texts[int(row)] for row in self.pool], rules, count)

    # All of them together

    def propose(self, learned: dict[str, np.ndarray]) -> np.ndarray:
        """Proposals of all, as one: (P, C) probabilities, rows of NaN where no one proposes.

        Args:
            learned: (P, C) of the proposers among `NETWORKS` that have learned something by now.
        """
        nothing = np.full((len(self.pool), len(self.classes)), np.nan, np.float32)
        self.last = [self.fixed.get(n, learned.get(n, nothing)) for n in self.names]
        self.voted = vote(self.last, self.config.vote)
        if len(self.last) == 1:
            return self.last[0]
        found = self.voted.probabilities
        if minds_shares(self.config) and "twin" in learned:
            twin = learned["twin"]
            variance = self.held_out.variance if self.held_out else math.inf
            holds = average_pool(twin, self.labels, variance).holds(twin, named(found))
            found = np.where(holds[:, None], found, np.float32(np.nan))
        return found

    def describe(self) -> VoteAbout:
        """How much each proposer names in the newest round, and how far they agree."""
        found = self.voted
        if found is None:
            return {}
        agreement = [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in found.agreement]
        return {
            "names": self.names,
            "coverage": [round(float(c), 4) for c in found.coverage],
            "conflicts": round(found.conflicts, 4),
            "agreement": agreement,
        }

    def voters(self, label: np.ndarray) -> np.ndarray:
        """(P,) labels → (P,) bits of the proposers who name that class."""
        found = np.zeros(len(label), np.uint16)
        for index, probabilities in enumerate(self.last):
            classes = named(probabilities)
            found |= ((classes >= 0) & (classes == label)).astype(np.uint16) << index
        return found

    def selector(self) -> Selector:
        """The rule by which proposals are kept."""
        given = torch.bincount(torch.from_numpy(self.labels), minlength=len(self.classes))
        shares = None if self.shares is None else torch.from_numpy(self.shares)
        return Selector(self.config, given, len(self.pool), shares)
