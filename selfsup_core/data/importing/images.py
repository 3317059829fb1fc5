"""Images: header first, then pixels within limits; one that cannot be read is set aside with its reason."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.extras import load_reader
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.formats import is_heic, scan_form
from selfsup_core.data.importing.slices import in_runs, read_slices
from selfsup_core.data.importing.squares import make_square
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.importing.tones import Tone, is_wide, narrow
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from PIL import Image

PALE = 235  # of 255: a shape that cannot be seen on white
SIZES = (28, 32, 64)
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # in EXIF: by 90 degrees
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "AVIF", "TIFF", "PPM", "HEIF")


HEADER = 64 * 1024  # bytes in which nearly every image says its size


def open_image(member: Member, *, header_only: bool = False) -> Image.Image:
    """A PIL image, not yet decoded; of the header alone it cannot be decoded. Raises DataError."""
    from PIL import Image

    head = member.head()
    if member.picture is None and scan_form(member.name, head):
        from selfsup_core.data.importing.scans import see

        return see(member)
    if is_heic(head):
        load_reader(member.name, "pillow_heif", package="pillow-heif").register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = (
                member.picture()
                if member.picture
                else Image.open(
                    io.BytesIO(member.head(HEADER) if header_only else member.read()), formats=FORMATS
                )
            )
    # PIL raises many kinds for damaged files, struct.error and SyntaxError among them.
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(
            tr("{name} has far more than {image_pixels} megapixels.").format(
                name=member.name, image_pixels=LIMITS.image_pixels // MB
            ),
            code="image-too-large",
            remedy=tr("Make it smaller."),
        ) from error
    except Exception as error:
        if header_only and member.size > HEADER:
            return open_image(member)
        raise DataError(
            tr("{name} is not a readable image ({error}).").format(name=member.name, error=short(error)),
            code="damaged-image",
            remedy=tr("Open it in a viewer and save it as JPEG or PNG."),
        ) from error
    width, height = image.size
    if width * height > LIMITS.image_pixels:
        raise DataError(
            tr("{name} has {width:.0f} megapixels; at most {image_pixels}.").format(
                name=member.name, width=width * height / MB, image_pixels=LIMITS.image_pixels // MB
            ),
            code="image-too-large",
            remedy=tr("Make it smaller."),
        )
    return image


def short(error: Exception) -> str:
    """An error's kind and first words, without the address of an object in memory."""
    return f"{type(error).__name__}: {error}".split("<", 1)[0].strip(" :")[:120]


def image_sizes(members: list[Member]) -> list[tuple[int, int]]:
    """(width, height) of each image that can be opened, from its first bytes."""
    sizes = []
    for member in members:
        try:
            sizes.append(member.size_shown or open_image(member, header_only=True).size)
        except DataError:  # reported when all images are read
            continue
    return sizes


def check_pixels(members: list[Member], sizes: list[tuple[int, int]]) -> None:
    """Raises DataError when decoding all of them would take minutes."""
    total = sum(width * height for width, height in sizes)
    if total > LIMITS.images_pixels:
        raise DataError(
            tr(
                "The {count:,} images have {total:,.0f} megapixels together; at most "
                "{images_pixels:,} (the first, {name}, is {sizes} × "
                "{sizes_2})."
            ).format(
                count=len(sizes),
                total=total / MB,
                images_pixels=LIMITS.images_pixels // MB,
                name=members[0].name,
                sizes=sizes[0][0],
                sizes_2=sizes[0][1],
            ),
            code="images-too-large",
            remedy=tr(
                "Make the images smaller, since they are resized to at most 256 × 256 in any case, or "
                "take a sample."
            ),
        )


@dataclass
class Look:
    """What was seen of some images: whether any has color, {name: reason} of those that cannot be read,
    and the values of wide, of transparent and of gray ones.
    """

    is_color: bool = False
    aside: dict[str, str] = field(default_factory=dict)
    low: float = math.inf
    high: float = -math.inf
    transparent: int = 0
    pale: int = 0  # transparent images whose shapes are nearly white
    top: int = 0  # the highest byte of all; 255 where there are colors or palettes

    def add(self, image: Image.Image) -> None:
        """Raises what PIL raises for a damaged image."""
        if is_wide(image):
            values = np.asarray(image, dtype=np.float64)
            values = values[np.isfinite(values)]
            if values.size:
                self.low, self.high = min(self.low, values.min()), max(self.high, values.max())
            return
        image.draft("RGB", (64, 64))
        if is_transparent(image):
            image = image.convert("RGBA")
            shown = np.asarray(image)
            solid = shown[..., 3] > 127
            if solid.any() and not solid.all():
                self.transparent += 1
                self.pale += bool(np.median(shown[..., :3][solid].min(axis=1)) > PALE)
        extremes = image.getextrema() if image.mode == "L" else (0, 255)
        self.top = max(self.top, int(extremes[1]))  # type: ignore[arg-type]
        small = np.asarray(image.convert("RGB").resize((16, 16)), dtype=np.int16)
        self.is_color = self.is_color or bool((small.max(axis=2) - small.min(axis=2)).max() > 12)


def look_at_some(members: list[Member]) -> Look:
    """What up to 200 images show, spread over all."""
    look = Look()
    for member in members[:: max(1, len(members) // 200)]:
        try:
            look.add(open_image(member))
        except DataError as error:
            look.aside[member.name] = error.message
        except Exception as error:  # damaged behind its header
            look.aside[member.name] = tr("{name} is damaged ({error}).").format(
                name=member.name, error=short(error)
            )
    return look


def choose_tone(look: Look, config: ImportConfig) -> tuple[Tone, list[str]]:
    """One scale and one background for the whole set, and what was decided. Shapes must be seen."""
    notes, low, high = [], 0.0, None
    if look.high > -math.inf:
        low, high = min(0.0, look.low), look.high
        if low >= 0 and high > 0.5 * 65535 and look.high <= 65535:
            high = 65535.0
        elif low >= 0 and 1 < high <= 255:
            high = 255.0
        else:
            notes.append(
                tr(
                    "The images have more than 8 bits. Values from {low:g} to {high:g}, as they occur in the "
                    "set, were scaled to 0 to 255, the same for all."
                ).format(low=low, high=high)
            )
    background = {"white": 255, "black": 0}.get(config.background, 255)
    if config.background == "auto" and look.pale > 0.5 * look.transparent:
        background = 0
        notes.append(
            tr(
                "{pale:,} of {transparent:,} transparent images are nearly white, so the background "
                "is black. To change it, set Background."
            ).format(pale=look.pale, transparent=look.transparent)
        )
    is_binary = look.top == 1 and high is None
    if is_binary:
        notes.append(tr("The images hold only 0 and 1; these are black and white now."))
    return Tone(low, high, background, is_binary), notes


def is_transparent(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info


def choose_size(sizes: list[tuple[int, int]]) -> int:
    """The smallest of 28, 32, 64 that holds the median image."""
    median = float(np.median([max(size) for size in sizes])) if sizes else 0
    return next((size for size in SIZES if median <= size), SIZES[-1])


def read_image(
    member: Member, size: int, color: bool, fit: str, tone: Tone | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """(size, size) or (size, size, 3) bytes, and the original (width, height). Raises DataError."""
    from PIL import Image, ImageOps

    image = open_image(member)
    original = image.size
    tone = tone or choose_tone(look_at_some([member]), ImportConfig())[0]
    try:
        # As it is shown, and as boxes are drawn on it.
        if image.format and image.getexif().get(ORIENTATION) in TURNED:
            original = original[::-1]
        if image.format == "JPEG":
            image.draft("RGB" if color else "L", (size * 2, size * 2))  # decodes at a fraction of the size
        if is_wide(image):
            image = Image.fromarray(narrow(np.asarray(image), tone))
        image = ImageOps.exif_transpose(image) if image.format else image  # an array has no orientation
        if is_transparent(image):
            image = image.convert("RGBA")
            behind = Image.new("RGBA", image.size, (tone.background,) * 3)
            image = Image.alpha_composite(behind, image)
        if tone.is_binary and image.mode == "L":
            image = image.point([0] + [255] * 255)
        image = image.convert("RGB" if color else "L")
        image = make_square(image, size, fit)
        return np.asarray(image, dtype=np.uint8), original
    except Exception as error:
        raise DataError(
            tr("{name} is damaged ({error}).").format(name=member.name, error=short(error)),
            code="damaged-image",
        ) from error


def read_images(
    members: list[Member], config: ImportConfig, size: int, color: bool, tone: Tone
) -> tuple[np.ndarray, list[int], np.ndarray, dict[str, str]]:
    """All images that can be read.

    Returns: ((N, S, S[, 3]) bytes, kept members' places, (N, 2) original sizes, {name: reason} set aside).
    """
    shape = (len(members), size, size, 3) if color else (len(members), size, size)
    check_decoded(
        tr("{count:,} images of {size} × {size}").format(count=len(members), size=size),
        math.prod(shape),
        tr("Choose a smaller image size, or take a sample."),
    )
    pixels = np.zeros(shape, np.uint8)
    kept: list[int] = []
    sizes: list[tuple[int, int]] = []
    aside: dict[str, str] = {}
    place = 0
    for run in in_runs(members):
        first, at = run[0], len(kept)
        try:
            if first.slices and first.size_shown:
                pixels[at : at + len(run)] = read_slices(run, size, color, config.fit, tone)
                original = first.size_shown
            else:
                pixels[at], original = read_image(first, size, color, config.fit, tone)
        except DataError as error:
            if len(members) == 1:
                raise
            aside |= {member.name: error.message for member in run}
        else:
            kept += range(place, place + len(run))
            sizes += [original] * len(run)
        place += len(run)
    if not kept:
        raise DataError(
            tr("None of {count} images can be read; the first: {next}").format(
                count=len(members), next=next(iter(aside.values()))
            ),
            code="no-images",
            remedy=tr("Open them in a viewer and save them again."),
        )
    return pixels[: len(kept)], kept, np.array(sizes, dtype=np.int32), aside
