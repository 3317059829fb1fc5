"""The supervised twin of a run that learns from views: the same network, trained beside it on the labels that
the linear probe learns from.

Its steps, views and optimizer are those of "Did it help?", which trains as many of them at once. Here they
are spread over the epochs, at a fixed share of the run's own rows, and draw from a generator of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from typing_extensions import TypedDict

from selfsup_core.evaluate.probe import fit_probe, scales_columns
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.evaluate.views import ViewsEvaluator
from selfsup_core.objectives.two_views import TwoViews
from selfsup_core.pretrained.models.text_encoder import TextEncoderConfig
from selfsup_core.runs.benefit import BATCH
from selfsup_core.runs.spec import RunSpec
from selfsup_core.tasks.parts.represent import build_encoder
from selfsup_core.tasks.parts.supervised import Fit, FitState, head_of, new_head

EVERY = 10  # rows of the run, which are two views each, for one row of the twin


class TwinState(TypedDict):
    """What a checkpoint keeps of a twin."""

    fit: FitState
    accuracy: float | None


class Twin:
    """Args: rows: that the run learns from in an epoch.

    Attributes:
        accuracy: on the validation rows of the linear probe.
    """

    def __init__(self, fit: Fit, rows: int) -> None:
        self.fit, self.rows = fit, rows
        self.accuracy: float | None = None

    def follow(self, epoch: int) -> None:
        """Train up to the end of an epoch of the run, and measure.

        Nothing is done a second time for an epoch: how many steps there are by then is a function of it.
        """
        batch = min(BATCH, len(self.fit.x))
        wanted = min(self.fit.steps, epoch * self.rows // (EVERY * batch))
        if self.accuracy is None or self.fit.step < wanted:
            while self.fit.step < wanted:
                self.fit.advance()
            self.accuracy = self.fit.measure()

    def metrics(self) -> Metrics:
        """As of the last epoch; `twin_trained` is how much of its training in "Did it help?" it has had."""
        return {
            "twin_probe_accuracy": self.accuracy,
            "twin_trained": self.fit.step / self.fit.steps,
        }

    def state(self) -> TwinState:
        return {"fit": self.fit.state(), "accuracy": self.accuracy}

    def load(self, state: TwinState) -> None:
        """Go on from a `state`."""
        self.fit.load(state["fit"])
        self.accuracy = state["accuracy"]


def make_twin(
    spec: RunSpec, evaluator: ViewsEvaluator, objective: TwoViews[Any], device: str, rows: int
) -> Twin | None:
    """Its first weights are the run's own; None where it is switched off, or has no labels of two classes to
    learn from, or none to be measured with.

    Args:
        evaluator: has the labeled rows, of training and of validation. rows: of the run's epoch.
    """
    data, seen, held = evaluator.data, evaluator.references, evaluator.queries
    if not objective.config.twin or data.y is None or len(held) == 0:
        return None
    classes = np.unique(data.y[seen])
    if len(classes) < 2:
        return None
    # Networks draw their first values from torch's generator before they get those of the seed.
    with torch.random.fork_rng(devices=[device] if device == "cuda" else []):
        model = build_encoder(spec, data, device)
        head = new_head(model.code_size, len(classes), spec.seed)
    index = np.searchsorted(classes, data.y[seen])
    # A class that no label shows is predicted by nobody, neither by the probe.
    wanted = np.where(np.isin(data.y[held], classes), np.searchsorted(classes, data.y[held]), -1)
    is_pretrained = isinstance(spec.model, TextEncoderConfig)
    if is_pretrained:
        with torch.inference_mode():
            codes = evaluator.encode(seen, model.eval().encode).double().cpu().numpy()
        probe = fit_probe(codes, index, per_column=scales_columns(codes, index))
        head = head_of(probe, len(classes))
    fit = Fit(
        model,
        head.to(device),
        x=data.values(data.rows(seen)),
        y=torch.from_numpy(index).to(device),
        held_x=data.values(data.rows(held)),
        held_y=torch.from_numpy(wanted).to(device),
        vary=objective.vary,
        seed=spec.seed,
        is_pretrained=is_pretrained,
    )
    return Twin(fit, rows)
