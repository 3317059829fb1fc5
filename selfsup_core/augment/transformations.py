"""What each transformation teaches a network to ignore, and where that destroys the meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfsup_core.augment.config import Augmentation, augmentation_of
from selfsup_core.data.dataset import Kind
from selfsup_core.settings import Setting, list_settings
from selfsup_core.translation import tr_later


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
        tr_later("Where in the picture a thing is, how large it is, and which part of it is seen."),
        tr_later("Small things are cropped away, and two crops of a scene may show different things."),
        ("stretch",),
    ),
    Transformation(
        "image",
        "flip",
        tr_later("Which way a thing faces."),
        tr_later("Letters and digits: a b becomes a d. Arrows and left hands point the other way, too."),
    ),
    Transformation(
        "image",
        "color",
        tr_later("Light and exact color, so that shape has to be enough."),
        tr_later("Where color is the class: flags, ripe and unripe fruit, stained tissue."),
        ("brightness", "contrast", "saturation", "hue"),
    ),
    Transformation(
        "image",
        "grayscale",
        tr_later("Color altogether."),
        tr_later("Where only color tells two things apart: many flags, traffic lights."),
        needs_color=True,
    ),
    Transformation(
        "image",
        "rotation",
        tr_later("Which way is up."),
        tr_later("A 6 becomes a 9, an arrow points elsewhere. Corners are filled from the border."),
    ),
    Transformation(
        "image",
        "cutout",
        tr_later("Any single part, so that the rest has to be enough."),
        tr_later("Where one detail decides and is covered: the stroke that makes a Q of an O."),
    ),
    Transformation(
        "image",
        "blur",
        tr_later("Fine texture and sharpness."),
        tr_later("Small pictures, fabrics and print, where details are a few pixels wide."),
        ("blur_width",),
    ),
    Transformation(
        "image",
        "noise",
        tr_later("Small differences between neighboring pixels, such as a sensor's grain."),
        tr_later("Faint structures drown in it, as in X-ray images."),
    ),
    Transformation(
        "image",
        "shift",
        tr_later("The exact place in the picture."),
        tr_later("Things at the edge leave the picture; on maps and charts the place is the meaning."),
    ),
    Transformation(
        "image",
        "solarize",
        tr_later("Whether a bright area is bright, so that edges have to be enough."),
        tr_later("Where brightness is a measurement: X-rays, depth images, day and night."),
        ("solarize_above",),
    ),
    Transformation(
        "sound",
        "shift",
        tr_later("When the sound begins."),
        tr_later("A long shift pushes the beginning or the end of a word out of the recording."),
    ),
    Transformation(
        "sound",
        "gain",
        tr_later("How loud it is: distance and microphone."),
        tr_later("Where loudness is the meaning: whisper or shout, near or far."),
    ),
    Transformation(
        "sound",
        "noise",
        tr_later("Background noise."),
        tr_later("Consonants such as s and f, which are noise themselves."),
    ),
    Transformation(
        "sound",
        "time_mask",
        tr_later("Any single moment, so that the others have to be enough."),
        tr_later("Words that differ in one sound: on and off are the same with their end masked."),
        ("masks",),
    ),
    Transformation(
        "sound",
        "band_mask",
        tr_later("Parts of pitch and timbre: whose voice it is."),
        tr_later("Where pitch is the class: tones, bird songs, male or female voices."),
        ("masks",),
    ),
    Transformation(
        "sound",
        "reverse",
        tr_later("The direction of time."),
        tr_later("Words: no played backwards is close to on. Only steady sounds stay what they are."),
    ),
    Transformation(
        "table",
        "corruption",
        tr_later("The value of any single column, so that the others have to be enough."),
        tr_later("It makes rows that cannot exist, and classes that depend on one column are lost."),
    ),
    Transformation(
        "table",
        "noise",
        tr_later("Small errors of measurement."),
        tr_later("Where a small difference decides, and for counts, which are whole numbers."),
    ),
    Transformation(
        "table",
        "mask",
        tr_later("Whether a value is there at all."),
        tr_later("Where the masked column is the one that decides the class."),
    ),
    Transformation(
        "text",
        "deletion",
        tr_later("Any single word, so that the others have to be enough."),
        tr_later("Without its not, a sentence says the opposite."),
    ),
    Transformation(
        "text",
        "swap",
        tr_later("The exact order of the words."),
        tr_later("Who does what to whom: dog bites man, man bites dog."),
    ),
    Transformation(
        "text",
        "crop",
        tr_later("All but one passage of the text."),
        tr_later("Texts whose point is elsewhere: praise first, and a verdict at the end."),
    ),
    Transformation(
        "text",
        "synonyms",
        tr_later("Which of several words is chosen."),
        tr_later("Names, technical terms and words with several meanings, which have other synonyms."),
    ),
)
DROPOUT_ALONE = tr_later(
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
