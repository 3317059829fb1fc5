"""How samples are varied into views, one Config per kind of data. 0 switches a transformation off."""

from __future__ import annotations

from typing import Literal

from selfsup_core.data.dataset import Kind
from selfsup_core.errors import SettingError
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class Augmentation(KindConfig):
    """Base of the settings of how views are made; each kind of data has its own."""


class ImageAugmentation(Augmentation):
    """Views of images [1, 2].

    [1] Chen et al.: SimCLR, 2020  [2] Grill et al.: BYOL, 2020
    """

    kind: Literal["image"] = setting("image", "Kind of data.", title="Kind")
    crop: float = setting(
        0.8,
        "Largest share of the area that a crop leaves out; the rest is resized to the full size.",
        title="Resized crop",
        why="SimSiam keeps at least a fifth of the picture.",
        zero="off",
        ge=0.0,
        le=0.95,
    )
    flip: float = setting(
        0.5,
        "Probability that left and right are exchanged.",
        title="Horizontal flip",
        why="Most pictures of things may be mirrored; letters and digits may not.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    color: float = setting(
        0.8,
        "Probability that brightness, contrast, saturation and hue change.",
        title="Color jitter",
        why="As in SimCLR.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    grayscale: float = setting(
        0.2,
        "Probability that a color picture loses its colors.",
        title="Grayscale",
        why="As in SimCLR.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    rotation: float = setting(
        0.0, "Largest turn, in degrees, to either side.", title="Rotation", zero="off", ge=0.0, le=180.0
    )
    cutout: float = setting(
        0.0,
        "Side of the square that is cut out, as a share of the picture's side.",
        title="Cutout",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    blur: float = setting(
        0.0,
        "Probability that a picture is blurred.",
        title="Blur",
        why="SimCLR leaves it out on pictures of 32 × 32.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    noise: float = setting(
        0.0,
        "Standard deviation of the noise that is added, where black is 0 and white is 1.",
        title="Noise",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    shift: float = setting(
        0.0,
        "Largest shift, as a share of width and height.",
        title="Shift",
        zero="off",
        ge=0.0,
        le=0.5,
    )
    solarize: float = setting(
        0.0,
        "Probability that bright values are inverted.",
        title="Solarize",
        why="BYOL solarizes a fifth of one of its views.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    stretch: float = setting(
        0.33,
        "How much wider or higher than the picture itself a crop may be.",
        title="Stretch of crops",
        why="A third: width to height from 3:4 to 4:3.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    brightness: float = setting(
        0.4, "Color jitter: largest change in brightness.", title="Brightness", zero="off", ge=0.0, le=1.0
    )
    contrast: float = setting(
        0.4, "Color jitter: largest change in contrast.", title="Contrast", zero="off", ge=0.0, le=1.0
    )
    saturation: float = setting(
        0.4, "Color jitter: largest change in saturation.", title="Saturation", zero="off", ge=0.0, le=1.0
    )
    hue: float = setting(
        0.1,
        "Color jitter: largest turn of the color wheel, to either side; 0.5 is half of it.",
        title="Hue",
        zero="off",
        ge=0.0,
        le=0.5,
    )
    blur_width: float = setting(
        1.0,
        "Largest standard deviation of the blur, in pixels.",
        title="Width of the blur",
        gt=0.0,
        le=16.0,
    )
    solarize_above: float = setting(
        0.5,
        "Solarize: values above are inverted, where black is 0 and white is 1.",
        title="Inverted above",
        ge=0.0,
        le=1.0,
    )


class SoundAugmentation(Augmentation):
    """Views of log-mel spectrograms [1].

    [1] Park et al.: SpecAugment, 2019
    """

    kind: Literal["sound"] = setting("sound", "Kind of data.", title="Kind")
    shift: float = setting(
        0.2,
        "Largest shift in time, as a share of the length; silence fills the gap.",
        title="Shift in time",
        zero="off",
        ge=0.0,
        le=0.9,
    )
    gain: float = setting(
        6.0,
        "Largest change in loudness, in dB.",
        title="Gain",
        zero="off",
        ge=0.0,
        le=40.0,
    )
    noise: float = setting(
        0.05,
        "Standard deviation of the noise that is added, where silence is 0 and the peak is 1.",
        title="Noise",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    time_mask: float = setting(
        0.25,
        "Largest length of a stretch that is masked, as a share of the length.",
        title="Time mask",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    band_mask: float = setting(
        0.25,
        "Largest number of neighboring frequency bands that are masked, as a share of all bands.",
        title="Frequency mask",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    reverse: float = setting(
        0.0,
        "Probability that the sound is played backwards.",
        title="Reverse",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    masks: int = setting(
        1,
        "How many masks of each sort.",
        title="Masks",
        why="A second mask hides most of a sound of a second.",
        ge=1,
        le=4,
    )


class TableAugmentation(Augmentation):
    """Views of the rows of a table [1].

    [1] Bahri et al.: SCARF, 2022
    """

    kind: Literal["table"] = setting("table", "Kind of data.", title="Kind")
    corruption: float = setting(
        0.6,
        "Share of the columns whose values are replaced by those of other training rows.",
        title="Corruption",
        why="As in SCARF.",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    noise: float = setting(
        0.0,
        "Standard deviation of the noise that is added, where each column runs from 0 to 1.",
        title="Noise",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    mask: float = setting(
        0.0,
        "Share of the columns that are masked: they get the column's mean over the training rows.",
        title="Column mask",
        zero="off",
        ge=0.0,
        le=1.0,
    )


class TextAugmentation(Augmentation):
    """Views of texts [1]. With all of them off, only the network's dropout tells the views apart [2].

    [1] Wei, Zou: EDA, 2019  [2] Gao et al.: SimCSE, 2021
    """

    kind: Literal["text"] = setting("text", "Kind of data.", title="Kind")
    deletion: float = setting(
        0.0,
        "Share of the words that are left out.",
        title="Word deletion",
        why="Off: SimCSE found that dropout alone does better for whole sentences.",
        zero="off",
        ge=0.0,
        le=0.95,
    )
    swap: float = setting(
        0.0,
        "Share of the pairs of neighboring words that are exchanged.",
        title="Word swap",
        zero="off",
        ge=0.0,
        le=1.0,
    )
    crop: float = setting(
        0.0,
        "Largest share of the words that a crop leaves out; one span of the text remains.",
        title="Span crop",
        zero="off",
        ge=0.0,
        le=0.95,
    )
    synonyms: float = setting(
        0.0,
        "Share of the words that are replaced by a synonym, where one is known; English only.",
        title="Synonyms",
        zero="off",
        ge=0.0,
        le=1.0,
    )


AUGMENTATIONS: dict[Kind, type[Augmentation]] = {
    "image": ImageAugmentation,
    "sound": SoundAugmentation,
    "table": TableAugmentation,
    "text": TextAugmentation,
}


def augmentation_of(kind: str) -> type[Augmentation]:
    """The settings for a kind of data.

    Raises:
        SettingError: there is no such kind.
    """
    for known, config in AUGMENTATIONS.items():
        if known == kind:
            return config
    raise SettingError(
        tr("There are no augmentations for {kind!r}. Known: {augmentations}.").format(
            kind=kind, augmentations=", ".join(AUGMENTATIONS)
        )
    )
