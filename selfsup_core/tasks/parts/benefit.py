"""Did it help? A run's learned encoder beside what does without it, at several numbers of labels per class.

Labels are drawn from training rows only. Whatever is chosen (the probe's settings, whether views are trained
on, when training stops) is chosen on validation rows; test rows are classified once by each classifier, and
nothing is shown of them before all are done.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from selfsup_core.augment.transformations import switched_on
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import choose_labeled
from selfsup_core.errors import RunError
from selfsup_core.evaluate.benefit import ALL, Cell, Method, judge
from selfsup_core.evaluate.probe import Probe, fit_probe
from selfsup_core.evaluate.words.benefit import judge_benefit, say_labels
from selfsup_core.files import read_shaped, write_json
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.two_views import TwoViews
from selfsup_core.pretrained.models.text_encoder import TextEncoderConfig
from selfsup_core.runs.benefit import FILE, PROBE_STEPS, Asked, BenefitConfig, Kept, steps_of
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.progress import Progress
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.runs.weights import nearest_epoch, read_weights
from selfsup_core.tasks.parts.benefit_rows import choose_benefit_rows, usable_counts
from selfsup_core.tasks.parts.make_views import views_maker
from selfsup_core.tasks.parts.represent import RAW_WIDTH, build_autoencoder, build_encoder, represent
from selfsup_core.tasks.parts.supervised import YIELD_EVERY, Fit, head_of, new_head
from selfsup_core.tasks.parts.views_data import prepare_views
from selfsup_core.train.device import choose_device
from selfsup_core.translation import tr, tr_later

# Inverse penalty, and whether each column has its own scale: of raw pixels and PCA, columns that hardly vary
# are mostly noise.
PROBES = ((0.01, True), (0.1, True), (1.0, True), (0.1, False), (1.0, False), (10.0, False))
AUTOENCODER_STEPS = 100  # of a network, in the time that the autoencoder takes
NETWORKS: tuple[Method, ...] = ("finetuned", "scratch")
PRETRAINED = tr_later(
    "MiniLM had learned from other texts before this run: its supervised twin begins with the same weights, "
    "and a linear probe on its own code is compared as well."
)


class Measuring:
    """Data and classifiers of one run's question.

    Raises:
        RunError: the run does not learn from views, or kept no weights. DataError: there are too few labels.
    """

    def __init__(self, workspace: Path, folder: RunFolder, config: BenefitConfig) -> None:
        if read_state(folder).get("task") != "views":
            raise RunError(
                tr("The run {id} does not learn from views.").format(id=folder.id), code="no-views"
            )
        self.folder, self.spec = folder, read_spec(folder.spec)
        spec = self.spec
        self.choice = choose_device()
        self.epoch = nearest_epoch(folder.weights, None)
        dataset = open_source(spec.data.source, workspace)
        self.data, self.raw = prepare_views(spec, dataset, self.choice.name, workspace)
        self.objective = cast("TwoViews[Any]", OBJECTIVES[spec.objective.kind](spec.objective))
        self.objective.make_views = views_maker(
            self.data, self.objective.config.augment, getattr(spec.model, "dropout", 0.0)
        )
        own = self.objective.config
        self.varies = own.augmented and bool(switched_on(own.augment, self.data.item_shape))
        self.is_pretrained = isinstance(spec.model, TextEncoderConfig)
        self.rows = choose_benefit_rows(self.data, spec.data.split_seed)
        counts = usable_counts(config.labels, self.rows.largest)
        self.asked: Asked = {"epoch": self.epoch, "labels": counts, "draws": config.draws}
        self.settings: dict[tuple[int, Method], float] = {}  # chosen on the first draw
        self.all_probes: dict[Method, tuple[Probe, Cell]] = {}  # of all labels there is one draw

    def steps(self) -> Generator[Progress, None, None]:
        """Measure what is missing. The file is whole after each draw, and holds the result at the end."""
        kept = read_shaped(self.folder.path / FILE, Kept)
        if kept is None or kept["asked"] != self.asked:
            kept = {"asked": self.asked, "cells": [], "result": None}
            write_json(self.folder.path / FILE, kept)
        if kept["result"]:
            return
        cells = kept["cells"]
        self.settings = {(c["labels"], c["method"]): c["setting"] for c in cells if c["draw"] == 0}
        done = {(c["labels"], c["draw"]) for c in cells}
        turns = [(n, draw) for n in self.asked["labels"] for draw in range(self.asked["draws"])]
        left = [turn for turn in turns if turn not in done]
        total = AUTOENCODER_STEPS + sum(self._cost(*turn) for turn in left)
        spent = AUTOENCODER_STEPS
        for share in self._represent():
            yield Progress(share * spent / total, tr("Training an autoencoder of the same size."))
        for labels, draw in left:
            said = tr("With {say_labels}, draw {draw} of {draws}.").format(
                say_labels=say_labels([labels]), draw=draw + 1, draws=self.asked["draws"]
            )
            found: list[Cell] = []
            for one in self._measure(labels, draw):
                if isinstance(one, int):
                    spent += one
                    yield Progress(min(0.999, spent / total), said)
                else:
                    found.append(one)
            cells += found
            write_json(self.folder.path / FILE, kept)
        points, judged = judge(cells)
        kept["result"] = {
            "epoch": self.epoch,
            "rows": len(self.rows.test),
            "draws": self.asked["draws"],
            "pool": len(self.rows.pool),
            "points": points,
            "judged": judged,
            "verdict": judge_benefit(judged),
            "notes": [*self.rows.notes, *self._say_raw(), *([PRETRAINED] if self.is_pretrained else [])],
        }
        write_json(self.folder.path / FILE, kept)

    def _say_raw(self) -> list[str]:
        width = self.raw.width
        said = tr("The raw input has {width:,} columns, too many for a linear classifier.").format(
            width=width
        )
        return [said] if width > RAW_WIDTH else []

    def _cost(self, labels: int, draw: int) -> int:
        """Of one draw, in steps of a network."""
        steps = steps_of(labels, len(self.rows.classes), len(self.rows.pool), len(self._ways(draw)))
        return steps + PROBE_STEPS * self.is_pretrained

    def _ways(self, draw: int) -> tuple[float, ...]:
        """Training on the rows themselves (0), or on views of them (1): both are tried on the first draw."""
        return (0.0, 1.0) if draw == 0 and self.varies else (0.0,)

    def _represent(self) -> Iterator[float]:
        """Make all that stands for a row; yields the share that is done."""
        weights = read_weights(self.folder.weights, self.epoch)
        self.model = build_encoder(self.spec, self.data, self.choice.name, weights)
        self.x, raw = (
            {name: data.values(data.rows(getattr(self.rows, name))) for name in ("pool", "held", "test")}
            for data in (self.data, self.raw)
        )
        autoencoder, loop = build_autoencoder(self.spec, self.raw, self.choice, self.model.code_size)
        for _ in loop.events():
            yield loop.progress / loop.config.epochs
        untrained = build_encoder(self.spec, self.data, self.choice.name) if self.is_pretrained else None
        self.codes = represent(self.x, raw, self.model, autoencoder, untrained)

    def _measure(self, labels: int, draw: int) -> Iterator[Cell | int]:
        """The cells of one draw; in between how many steps were done, so that it can be stopped."""
        seed = self.spec.data.split_seed + 1000 * draw + 1
        seen = choose_labeled(self.rows.pool, self.rows.y, labels, seed)
        places = np.searchsorted(self.rows.pool, seen)
        probes: dict[Method, Probe] = {}
        for method in self.codes:
            probes[method], cell = self._probe(method, labels, draw, places)
            yield cell
            yield PROBE_STEPS
        for method in NETWORKS:
            best: Fit | None = None
            for way in self._ways(draw) if draw == 0 else (self.settings[labels, method],):
                first = probes["probe"] if method == "finetuned" else probes.get("untrained")
                fit = self._fit(method, places, seed, way, first)
                for _ in fit.train():
                    yield YIELD_EVERY
                if best is None or fit.validation > best.validation:
                    best, self.settings[labels, method] = fit, way
            assert best is not None, "a network can be trained in one way at least"
            said = best.predict(self.x["test"]).cpu().numpy()
            yield self._cell(labels, draw, method, best.validation, self.rows.classes[said])

    def _cell(self, labels: int, draw: int, method: Method, validation: float, said: np.ndarray) -> Cell:
        """Args: said: (T,) classes of the test rows."""
        is_right = said == self.rows.y[self.rows.test]
        return {
            "labels": labels,
            "draw": draw,
            "method": method,
            "setting": self.settings[labels, method],
            "validation": validation,
            "right": "".join("1" if one else "0" for one in is_right),
        }

    def _probe(self, method: Method, labels: int, draw: int, places: np.ndarray) -> tuple[Probe, Cell]:
        """Fitted on rows of the pool; its settings are chosen on validation rows, in the first draw."""
        if labels == ALL and method in self.all_probes:
            probe, cell = self.all_probes[method]
            return probe, {**cell, "draw": draw}
        codes, held = self.codes[method], self.rows.y[self.rows.held]
        known = self.settings.get((labels, method))
        best: tuple[float, int, Probe] | None = None
        for number in range(len(PROBES)) if known is None else (int(known),):
            c, per_column = PROBES[number]
            probe = fit_probe(
                codes["pool"][places],
                self.rows.y[self.rows.pool[places]],
                c=c,
                scaled_by=codes["pool"],
                per_column=per_column,
            )
            found = float((probe.predict(codes["held"]) == held).mean())
            if best is None or found > best[0]:
                best = found, number, probe
        assert best is not None, "there are penalties to choose from"
        validation, self.settings[labels, method], probe = best
        cell = self._cell(labels, draw, method, validation, probe.predict(codes["test"]))
        if labels == ALL:
            self.all_probes[method] = probe, cell
        return probe, cell

    def _fit(self, method: Method, places: np.ndarray, seed: int, way: float, first: Probe | None) -> Fit:
        """A network to train: the learned encoder, or the supervised twin.

        Args:
            first: probe on the network's first code, which becomes its last layer; None where that is random.
        """
        classes = len(self.rows.classes)
        if method == "finetuned":
            weights = read_weights(self.folder.weights, self.epoch)
            model = build_encoder(self.spec, self.data, self.choice.name, weights)
        else:
            spec = make_spec(self.spec.as_dict(), {"seed": seed})
            model = build_encoder(spec, self.data, self.choice.name)
        if first is None:
            head = new_head(model.code_size, classes, seed)
        else:
            index = np.searchsorted(self.rows.classes, first.classes)
            head = head_of(replace(first, classes=index), classes)

        def as_index(rows: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(self.rows.index(rows)).to(self.choice.name)

        return Fit(
            model,
            head.to(self.choice.name),
            x=self.x["pool"][torch.from_numpy(places).to(self.choice.name)],
            y=as_index(self.rows.pool[places]),
            held_x=self.x["held"],
            held_y=as_index(self.rows.held),
            vary=self.objective.vary if way else None,
            seed=seed,
            is_pretrained=first is not None,
        )
