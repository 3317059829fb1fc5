"""What classifier.json holds: how a classifier and its features were made, in plain values."""

from __future__ import annotations

from typing import Required, TypedDict

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.tones import ToneAbout
from selfsup_core.features.vectorize import WordOptions
from selfsup_core.settings import Plain


class Novelty(TypedDict, total=False):
    """By which a new sample is found unlike the training rows; empty where that cannot be said.

    Attributes:
        words, most_unknown: of texts: known words, and the share of unknown ones above which a text is far.
        most_distance: of all else: the distance to the nearest training row above which a sample is far.
    """

    words: list[str]
    most_unknown: float
    most_distance: float


class SoundFacts(TypedDict, total=False):
    """Samples a second and length in seconds of a set's sounds, as far as they are known."""

    rate: float
    seconds: float


class PictureFacts(TypedDict, total=False):
    """How the pictures of a set became squares ("pad", "crop", "stretch") of bytes, as far as is known."""

    fit: str
    tone: ToneAbout


class FeaturesAbout(TypedDict, total=False):
    """The steps from a sample to features, as far as no array holds them.

    Attributes:
        kind: of the samples. width: of a sample's values, or of its features where it is a text.
        item_shape, columns, scale, sound, picture: of samples that are numbers.
        cells: what an import knows of each column of a table's file.
        features, encoder: of texts: the data settings of the same name.
        terms, options, how: of words: which count, how texts are cut into them, and the same in words.
        encoder_spec: the spec, as YAML, of the autoencoder whose code is the outcome.
    """

    kind: Required[str]
    width: int
    item_shape: list[int]
    columns: list[str]
    scale: float
    sound: SoundFacts
    picture: PictureFacts
    cells: list[ColumnAbout]
    novelty: Novelty
    features: str
    encoder: str
    terms: list[str]
    options: WordOptions
    how: str
    encoder_spec: str


class ClassifierAbout(TypedDict, total=False):
    """classifier.json.

    Attributes:
        network: its settings. shape: of what it is given, width: as one number.
        pooling, padding, most_tokens, novelty: of a transformer. features: of a head.
        epoch: of a run's classifier that answers questions: the one that its weights are of.
    """

    format: int
    classes: Required[list[str]]
    network: Plain
    width: int
    shape: list[int]
    pooling: str
    padding: int
    most_tokens: int
    novelty: Novelty
    features: FeaturesAbout
    epoch: int
