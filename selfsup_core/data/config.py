"""Which data, and how they are split."""

from __future__ import annotations

from pydantic import field_validator
from typing_extensions import TypedDict

from selfsup_core.data.sources import OWN_NAME, SOURCES
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr


class KeptSplit(TypedDict, total=False):
    """What is kept of a split for new runs on a data set; those of `SplitConfig`."""

    validation: float
    test: float
    split_seed: int
    labels_per_class: int
    labels_fraction: float


class SplitConfig(Config):
    """Which data, and who may see what."""

    source: str = setting("mnist-5k", "The data set to learn from.", title="Data")
    validation: float = setting(
        0.1,
        "Share of the rows held out for validation; the network never trains on them.",
        title="Validation share",
        why="Under a label budget also the share of the given labels that chooses the best epoch, where it "
        "is 30 labels or more.",
        ge=0.01,
        le=0.5,
    )
    test: float = setting(
        0.1,
        "Share of the rows held out for the test; nothing is trained or chosen on them.",
        title="Test share",
        ge=0.0,
        le=0.5,
    )
    split_seed: int = setting(
        0,
        "Seed of the split into training, validation and test rows.",
        title="Split seed",
        why="A separate seed, so that runs with different training seeds stay comparable.",
        ge=0,
        le=2**31 - 1,
    )
    labels_per_class: int = setting(
        0,
        "How many labels of each class training may use; 0 uses all of them.",
        title="Labels per class",
        zero="all",
        why="An autoencoder needs no labels; they only serve to measure its code.",
        ge=0,
        le=1_000_000,
    )
    labels_fraction: float = setting(
        1.0,
        "Share of the labels of each class that training may use, if Labels per class is 0.",
        title="Share of labels",
        gt=0.0,
        le=1.0,
    )

    leave_out: str = setting(
        "",
        "A class to leave out of training, to see whether its samples stand out later.",
        title="Class left out",
        max_length=200,
    )

    @property
    def has_budget(self) -> bool:
        """Whether labels are hidden on purpose: training and selection then use the given ones only."""
        return self.labels_per_class > 0 or self.labels_fraction < 1

    @field_validator("source")
    @classmethod
    def source_is_known(cls, name: str) -> str:
        # Only the workspace knows a person's own sets, so their existence is checked when a run is submitted.
        if name not in list(SOURCES) and not OWN_NAME.fullmatch(name):
            raise ValueError(
                tr("must be one of {sources}, or one of your own sets").format(
                    sources=", ".join(sorted(SOURCES))
                )
            )
        return name
