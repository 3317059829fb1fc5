"""What each transformation teaches a network to ignore, and where that destroys the meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfsup_core.augment.config import Augmentation, augmentation_of
from selfsup_core.data.dataset import Kind
from selfsup_core.settings import Setting, list_settings


@dataclass(frozen=True)
class Transformation:
    """One way to vary a sample.

    Attributes:
        name: of the setting that switches it on; 0 is off.
        ignores: what the network learns to ignore. destroys: where this takes the meaning away.
        details: further settings, which change nothing while it is off.
        needs_color: whether gray pictures stay as they are.
    """

    kind: Kind
    name: str
    ignores: str
    destroys: str
    details: tuple[str, ...] = ()
    needs_color: bool = False

    @property
    def setting(self) -> Setting:
        """Its switch: title, bounds, default."""
        return settings_of(self.kind)[self.name]

    @property
    def title(self) -> str:
        return self.setting.title


TRANSFORMATIONS = (
    Transformation(
        "image",
        "crop",
        "Where in the picture a thing is, how large it is, and which part of it is seen.",
        "Small things are cropped away, and two crops of a scene may show different things.",
        ("stretch",),
    ),
    Transformation(
        "image",
        "flip",
        "Which way a thing faces.",
        "Letters and digits: a b becomes a d. Arrows and left hands point the other way, too.",
    ),
    Transformation(
        "image",
        "color",
        "Light and exact color, so that shape has to be enough.",
        "Where color is the class: flags, ripe and unripe fruit, stained tissue.",
        ("brightness", "contrast", "saturation", "hue"),
    ),
    Transformation(
        "image",
        "grayscale",
        "Color altogether.",
        "Where only color tells two things apart: many flags, traffic lights.",
        needs_color=True,
    ),
    Transformation(
        "image",
        "rotation",
        "Which way is up.",
        "A 6 becomes a 9, an arrow points elsewhere. Corners are filled from the border.",
    ),
    Transformation(
        "image",
        "cutout",
        "Any single part, so that the rest has to be enough.",
        "Where one detail decides and is covered: the stroke that makes a Q of an O.",
    ),
    Transformation(
        "image",
        "blur",
        "Fine texture and sharpness.",
        "Small pictures, fabrics and print, where details are a few pixels wide.",
        ("blur_width",),
    ),
    Transformation(
        "image",
        "noise",
        "Small differences between neighboring pixels, such as a sensor's grain.",
        "Faint structures drown in it, as in X-ray images.",
    ),
    Transformation(
        "image",
        "shift",
        "The exact place in the picture.",
        "Things at the edge leave the picture; on maps and charts the place is the meaning.",
    ),
    Transformation(
        "image",
        "solarize",
        "Whether a bright area is bright, so that edges have to be enough.",
        "Where brightness is a measurement: X-rays, depth images, day and night.",
        ("solarize_above",),
    ),
    Transformation(
        "sound",
        "shift",
        "When the sound begins.",
        "A long shift pushes the beginning or the end of a word out of the recording.",
    ),
    Transformation(
        "sound",
        "gain",
        "How loud it is: distance and microphone.",
        "Where loudness is the meaning: whisper or shout, near or far.",
    ),
    Transformation(
        "sound",
        "noise",
        "Background noise.",
        "Consonants such as s and f, which are noise themselves.",
    ),
    Transformation(
        "sound",
        "time_mask",
        "Any single moment, so that the others have to be enough.",
        "Words that differ in one sound: on and off are the same with their end masked.",
        ("masks",),
    ),
    Transformation(
        "sound",
        "band_mask",
        "Parts of pitch and timbre: whose voice it is.",
        "Where pitch is the class: tones, bird songs, male or female voices.",
        ("masks",),
    ),
    Transformation(
        "sound",
        "reverse",
        "The direction of time.",
        "Words: no played backwards is close to on. Only steady sounds stay what they are.",
    ),
    Transformation(
        "table",
        "corruption",
        "The value of any single column, so that the others have to be enough.",
        "It makes rows that cannot exist, and classes that depend on one column are lost.",
    ),
    Transformation(
        "table",
        "noise",
        "Small errors of measurement.",
        "Where a small difference decides, and for counts, which are whole numbers.",
    ),
    Transformation(
        "table",
        "mask",
        "Whether a value is there at all.",
        "Where the masked column is the one that decides the class.",
    ),
    Transformation(
        "text",
        "deletion",
        "Any single word, so that the others have to be enough.",
        "Without its not, a sentence says the opposite.",
    ),
    Transformation(
        "text",
        "swap",
        "The exact order of the words.",
        "Who does what to whom: dog bites man, man bites dog.",
    ),
    Transformation(
        "text",
        "crop",
        "All but one passage of the text.",
        "Texts whose point is elsewhere: praise first, and a verdict at the end.",
    ),
    Transformation(
        "text",
        "synonyms",
        "Which of several words is chosen.",
        "Names, technical terms and words with several meanings, which have other synonyms.",
    ),
)
DROPOUT_ALONE = (
    "Nothing is changed: the two views are the same text. Only the network's dropout tells them apart, and "
    "that is enough to learn from (SimCSE, 2021)."
)


def settings_of(kind: str) -> dict[str, Setting]:
    """The settings of a kind's augmentation by name. Raises SettingError when there is no such kind."""
    return {entry.path: entry for entry in list_settings(augmentation_of(kind)) if entry.path != "kind"}


def transformations_of(kind: str, shape: Sequence[int] | None = None) -> list[Transformation]:
    """Those of a kind of data, the usual ones first; with a sample's shape, those that change such samples.

    Raises:
        SettingError: there is no such kind.
    """
    augmentation_of(kind)
    is_gray = shape is not None and not (len(shape) == 3 and shape[-1] == 3)
    return [t for t in TRANSFORMATIONS if t.kind == kind and not (t.needs_color and is_gray)]


def is_on(config: Augmentation, name: str) -> bool:
    return float(getattr(config, name)) > 0


def switched_on(config: Augmentation, shape: Sequence[int] | None = None) -> list[Transformation]:
    """Those that an augmentation makes of samples of a shape."""
    return [t for t in transformations_of(config.kind, shape) if is_on(config, t.name)]


def without(config: Augmentation, *names: str) -> Augmentation:
    """The same with these transformations off."""
    return config.model_copy(update=dict.fromkeys(names, 0.0))


def only(config: Augmentation, *names: str) -> Augmentation:
    """The same with all transformations off but these."""
    others = (t.name for t in transformations_of(config.kind) if t.name not in names)
    return without(config, *others)
