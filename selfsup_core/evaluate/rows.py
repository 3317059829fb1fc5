"""What passes from an epoch to its row in metrics.jsonl, and what its numbers are compared with.

Objectives name their own terms (`train_…`, `val_…`), so a row may hold more names; code looks up these.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from selfsup_core.settings import Plain

Metrics = dict[str, float | None]  # by name; None where there is no number, or it was not finite


class Sign(TypedDict):
    """A sign of trouble: its code for programs, what was observed, and what may help.

    Attributes:
        epochs: for how many epochs to train the same again, where more of them help.
    """

    code: str
    text: str
    remedy: str
    epochs: NotRequired[int]


class StepRow(TypedDict, total=False):
    """The mean of a few training steps, under the names of the objective's terms."""

    kind: Literal["step"]
    step: int
    epoch: float
    seconds: float
    train_loss: float


class EpochRow(TypedDict, total=False):
    """An epoch; 0 is the network before training."""

    kind: Literal["epoch"]
    step: int
    epoch: int
    seconds: float
    learning_rate: float
    samples_per_second: float | None
    signs: list[Sign]
    train_loss: float | None
    val_loss: float | None
    val_mse: float | None
    val_dead_units: float | None
    val_active_dimensions: float | None
    val_used_codes: float | None
    val_saturated: float | None
    val_accuracy: float | None
    val_largest_share: float | None
    val_largest_true_share: float | None
    choice_loss: float | None
    spread: float | None
    deviation: float | None
    projector_rank: float | None
    rankme: float | None
    probe_accuracy: float | None
    twin_probe_accuracy: float | None  # of the supervised twin, on the probe's labels and rows
    twin_trained: float  # share of its steps in "Did it help?" that it has had
    accuracy: float | None
    twin_accuracy: float | None
    ceiling_accuracy: float | None
    kept_drift: float | None
    val_frechet: float | None  # of generated images to validation rows, in a classifier's features
    novelty: float | None  # how far they are from training images, 1 as far as real new ones


class Baseline(TypedDict, total=False):
    """What simple baselines achieve on the same validation rows; each task has its own."""

    # Autoencoders: PCA with as many dimensions as the code, and the raw input
    pca_components: int
    pca_rows: int
    pca_mse: float | None
    mean_mse: float | None  # of the mean training row, whatever the input
    pca_knn_accuracy: float | None
    pca_probe_accuracy: float | None
    raw_knn_accuracy: float | None
    raw_probe_accuracy: float | None
    verdict_margin: float
    # Learning from views: the same network untrained
    untrained_knn_accuracy: float | None
    untrained_probe_accuracy: float | None
    untrained_rankme: float
    # Classifiers: the most frequent class, and logistic regression
    majority_accuracy: float | None
    majority_classes: int  # that are equally frequent, of which one is drawn
    labeled_rows: int
    validation_rows: int
    class_count: int
    logistic_accuracy: float | None
    logistic_macro_f1: float | None
    logistic_rows: int
    # Pseudo-labels: how good a proposer the given labels are likely to make
    gauge: str
    gauge_tone: str
    gauge_accuracy: float | None
    test_rows: int
    # Translation: the translation of the most similar known sentence
    memory_bleu: float
    # Language models: counting tokens and pairs of them
    vocabulary: int
    uniform_loss: float
    unigram_loss: float
    bigram_loss: float
    uniform_bits: float
    unigram_bits: float
    bigram_bits: float
    # Generators: the distance of as many real training images, and of images of autoencoders
    floor_frechet: float | None
    vae_frechet: float | None
    vq_frechet: float | None


class RunAbout(TypedDict, total=False):
    """What signs of trouble must know of a run beside its numbers.

    Attributes:
        objective_settings: the objective's own, by name; which there are, its kind tells.
    """

    objective: str
    objective_settings: Plain
    code_size: int
    code_activation: str
    is_last: bool
    epochs: int
