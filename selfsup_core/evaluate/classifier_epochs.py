"""What is measured of a classifier after each epoch, at bounded cost, and once at its end.

An epoch's numbers are of validation rows; test rows are looked at in `measure` alone, which is called once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.evaluate.autoencoder import scatter
from selfsup_core.evaluate.classification import (
    accuracy,
    calibration_error,
    confusion_matrix,
    macro_f1,
    majority_accuracy,
    most_frequent,
)
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.evaluate.rows import Baseline

FEATURE_ROWS = 4096  # in memory at once
TOKENS = 4096  # of the texts of a batch
PATIENCE_SECONDS = 3.0  # after which the progress of a measurement is shown
LOGISTIC_WORK = 60_000_000  # rows · features · classes of a logistic regression: half a second on one core
LOGISTIC_STEPS = 100


@dataclass(frozen=True)
class ClassifierView:
    """What one epoch looks like.

    Attributes:
        metrics: val_loss, val_accuracy, val_macro_f1, val_ece, and the shares of the most frequent class.
        scores: (S, C) logits of the map's samples, each row's mean taken off, which changes no probability.
        predicted, confidence, sample_loss: (S,) most likely class, its probability, cross-entropy (0 without
        a label).
        confusion: (C, C) validation rows, true classes down. label_counts: (2, C) true and predicted.
    """

    metrics: dict[str, float | None]
    scores: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    sample_loss: np.ndarray
    confusion: np.ndarray
    label_counts: np.ndarray


class ClassifierEvaluator:
    """Holds the fixed rows of a run.

    Args:
        inputs: what makes a network's input of row numbers (x, order, cost).
        validation: (V,) rows measured each epoch. samples: (S,) rows of the map.
        say: shows in words how far a slow measurement is.
    """

    def __init__(
        self,
        inputs: Any,
        objective: Any,
        *,
        classes: int,
        validation: np.ndarray,
        samples: np.ndarray,
        device: str,
        say: Callable[[str], None],
    ) -> None:
        self.inputs, self.objective, self.classes = inputs, objective, classes
        self.validation, self.samples, self.device, self.say = validation, samples, device, say
        self.rows, places = np.unique(np.concatenate([validation, samples]), return_inverse=True)
        self.validation_places, self.sample_places = np.split(places, [len(validation)])

    def logits(self, model: nn.Module, rows: np.ndarray, what: str) -> torch.Tensor:
        """(N,) rows → (N, C) float32 on the CPU; the model is left as it was.

        Args:
            what: is measured, for the sentence that says how far it is when that takes its time.
        """
        import torch

        was_training = model.training
        model.eval()
        found = torch.empty(len(rows), self.classes)
        order, began, has_said = self.inputs.order(rows), time.monotonic(), False
        size = max(1, TOKENS // self.inputs.cost) if self.inputs.cost else FEATURE_ROWS
        with torch.inference_mode():
            for start in range(0, len(rows), size):
                places = order[start : start + size]
                part = torch.from_numpy(rows[places].astype(np.int64)).to(self.device)
                found[torch.from_numpy(places)] = model(self.inputs.x(part)).float().cpu()
                if time.monotonic() - began > PATIENCE_SECONDS:
                    began, has_said = time.monotonic(), True
                    self.say(
                        tr("Measuring {what}: {start:,} of {count:,}.").format(
                            what=what, start=start + len(places), count=len(rows)
                        )
                    )
        if has_said:
            self.say("")
        model.train(was_training)
        return found

    def look(self, model: nn.Module) -> ClassifierView:
        """Measure the validation rows and the map's samples."""
        import torch

        logits = self.logits(model, self.rows, tr("validation rows"))
        y = self.inputs.y
        scores, confusion = self.score(logits[self.validation_places], y[self.validation])
        found = logits[self.sample_places]
        labels = torch.from_numpy(y[self.samples].astype(np.int64))
        confidence, predicted = found.softmax(dim=1).max(dim=1)
        loss = torch.nn.functional.cross_entropy(found, labels, reduction="none", ignore_index=-1).numpy()
        totals = np.stack([confusion.sum(axis=1), confusion.sum(axis=0)])
        shares = totals.max(axis=1) / totals[0].sum()
        metrics = {f"val_{name}": value for name, value in scores.items()}
        metrics |= {"val_largest_true_share": float(shares[0]), "val_largest_share": float(shares[1])}
        return ClassifierView(
            metrics=metrics,
            scores=(found - found.mean(dim=1, keepdim=True)).numpy(),
            predicted=predicted.numpy().astype(np.int32),
            confidence=confidence.numpy(),
            sample_loss=loss,
            confusion=confusion.astype(np.int32),
            label_counts=totals.astype(np.int32),
        )

    def glance(self, model: nn.Module, places: np.ndarray, is_validation: np.ndarray) -> ClassifierView:
        """As `look`, for the middle of an epoch, of some samples of the map alone.

        Args:
            places: of those samples; the others have NaN scores, confidence and loss, and class -1.
            is_validation: (S,), which samples the metrics are of.
        """
        import torch

        rows, size = self.samples[places], len(self.samples)
        found = self.logits(model, rows, tr("validation rows"))
        y = self.inputs.y[rows].astype(np.int64)
        metrics, confusion = self.score(
            found[torch.from_numpy(is_validation[places])], y[is_validation[places]]
        )
        confidence, predicted = found.softmax(dim=1).max(dim=1)
        labels = torch.from_numpy(y)
        loss = torch.nn.functional.cross_entropy(found, labels, reduction="none", ignore_index=-1)
        named = np.full(size, -1, np.int32)
        named[places] = predicted.numpy()
        return ClassifierView(
            metrics={f"val_{name}": value for name, value in metrics.items()},
            scores=scatter((found - found.mean(dim=1, keepdim=True)).numpy(), places, size),
            predicted=named,
            confidence=scatter(confidence.numpy(), places, size),
            sample_loss=scatter(loss.numpy(), places, size),
            confusion=confusion.astype(np.int32),
            label_counts=np.stack([confusion.sum(axis=1), confusion.sum(axis=0)]).astype(np.int32),
        )

    def score(self, logits: torch.Tensor, y: np.ndarray) -> tuple[dict[str, float | None], np.ndarray]:
        """logits: (N, C), y: (N,) → loss (the objective's), accuracy, macro_f1, ece; and the (C, C)
        confusion.
        """
        import torch

        labels = torch.from_numpy(y.astype(np.int64))
        terms = self.objective.terms(logits, labels, torch.ones(len(y)))
        confidence, predicted = (v.numpy() for v in logits.softmax(dim=1).max(dim=1))
        confusion = confusion_matrix(y, predicted, self.classes)
        found = {
            "loss": float(terms["loss"]),
            "accuracy": accuracy(confusion),
            "macro_f1": macro_f1(confusion),
            "ece": calibration_error(confidence, predicted == y),
        }
        return found, confusion

    def measure(
        self, model: nn.Module, rows: np.ndarray, what: str
    ) -> tuple[dict[str, float | None], np.ndarray]:
        """Like `score`, for rows that are evaluated only once."""
        return self.score(self.logits(model, rows, what), self.inputs.y[rows])


def simple_means(train_y: np.ndarray, y: np.ndarray, classes: int) -> Baseline:
    """What needs no features: accuracy on `y` of always naming the most frequent class of `train_y`; and
    counts.
    """
    return {
        "majority_accuracy": majority_accuracy(train_y, y),
        "majority_classes": len(most_frequent(train_y)),
        "labeled_rows": len(train_y),
        "validation_rows": len(y),
        "class_count": classes,
    }


def logistic_regression(
    train_x: np.ndarray, train_y: np.ndarray, x: np.ndarray, y: np.ndarray, classes: int
) -> Baseline:
    """scikit-learn's (C = 10) on standardized features: train_x (R, D), x (V, D).

    Returns:
        logistic_accuracy and logistic_macro_f1 on the validation rows; logistic_rows, R.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # On two threads of a busy machine the same fit took twelve times as long.
    with warnings.catch_warnings(), threadpool_limits(1):
        # A fit that has nearly converged predicts the same classes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=10.0, max_iter=LOGISTIC_STEPS).fit(train_x, train_y)
        confusion = confusion_matrix(y, model.predict(x), classes)
    return {
        "logistic_accuracy": accuracy(confusion),
        "logistic_macro_f1": macro_f1(confusion),
        "logistic_rows": len(train_y),
    }
