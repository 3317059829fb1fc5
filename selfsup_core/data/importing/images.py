"""Images: header first, then pixels within limits; one that cannot be read is set aside with its reason."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

SIZES = (28, 32, 64)
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


HEADER = 64 * 1024  # bytes in which nearly every image says its size


def open_image(member: Member, *, header_only: bool = False) -> Image.Image:
    """A PIL image, not yet decoded; of the header alone it cannot be decoded. Raises DataError."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(
                io.BytesIO(member.head(HEADER) if header_only else member.read()), formats=FORMATS
            )
    # PIL raises many kinds for damaged files, struct.error and SyntaxError among them.
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{member.name} has far more than {LIMITS.image_pixels // MB} megapixels.",
            code="image-too-large",
            remedy="Make it smaller.",
        ) from error
    except Exception as error:
        if header_only and member.size > HEADER:
            return open_image(member)
        raise DataError(
            f"{member.name} is not a readable image ({short(error)}).", code="damaged-image"
        ) from error
    width, height = image.size
    if width * height > LIMITS.image_pixels:
        raise DataError(
            f"{member.name} has {width * height / MB:.0f} megapixels; at most {LIMITS.image_pixels // MB}.",
            code="image-too-large",
            remedy="Make it smaller.",
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
            sizes.append(open_image(member, header_only=True).size)
        except DataError:  # reported when all images are read
            continue
    return sizes


def check_pixels(members: list[Member], sizes: list[tuple[int, int]]) -> None:
    """Raises DataError when decoding all of them would take minutes."""
    total = sum(width * height for width, height in sizes)
    if total > LIMITS.images_pixels:
        raise DataError(
            f"The {len(sizes):,} images have {total / MB:,.0f} megapixels together; at most "
            f"{LIMITS.images_pixels // MB:,} (the first, {members[0].name}, is {sizes[0][0]} × "
            f"{sizes[0][1]}).",
            code="images-too-large",
            remedy="Make the images smaller, since they are resized to at most 256 × 256 in any case, or "
            "take a sample.",
        )


def look_at_some(members: list[Member]) -> tuple[bool, dict[str, str]]:
    """Whether any has color, and {name: reason} of those that cannot be read, of up to 200 spread over
    all.
    """
    is_color, aside = False, {}
    for member in members[:: max(1, len(members) // 200)]:
        try:
            image = open_image(member)
            image.draft("RGB", (64, 64))
            small = np.asarray(image.convert("RGB").resize((16, 16)), dtype=np.int16)
        except DataError as error:
            aside[member.name] = error.message
        except Exception as error:  # damaged behind its header
            aside[member.name] = f"{member.name} is damaged ({short(error)})."
        else:
            is_color = is_color or bool((small.max(axis=2) - small.min(axis=2)).max() > 12)
    return is_color, aside


def choose_size(sizes: list[tuple[int, int]]) -> int:
    """The smallest of 28, 32, 64 that holds the median image."""
    median = float(np.median([max(size) for size in sizes])) if sizes else 0
    return next((size for size in SIZES if median <= size), SIZES[-1])


def make_square(image: Image.Image, size: int, fit: str) -> Image.Image:
    """A PIL image in `size` × `size` pixels: padded, cropped or stretched."""
    from PIL import Image, ImageOps

    if image.size == (size, size):
        return image
    way = Image.Resampling.LANCZOS if max(image.size) > size else Image.Resampling.BICUBIC
    if fit == "pad":
        return ImageOps.pad(image, (size, size), way)
    if fit == "crop":
        return ImageOps.fit(image, (size, size), way)
    return image.resize((size, size), way)


def read_image(member: Member, size: int, color: bool, fit: str) -> tuple[np.ndarray, tuple[int, int]]:
    """(size, size) or (size, size, 3) bytes, and the original (width, height). Raises DataError."""
    from PIL import Image, ImageOps

    image = open_image(member)
    original = image.size
    try:
        if image.format == "JPEG":
            image.draft("RGB" if color else "L", (size * 2, size * 2))  # decodes at a fraction of the size
        if image.mode.startswith("I") or image.mode == "F":
            wide = np.asarray(image, dtype=np.float64)
            top = 65535.0 if wide.max() > 255 else 255.0
            image = Image.fromarray((np.clip(wide / top, 0, 1) * 255).astype(np.uint8))
        image = ImageOps.exif_transpose(image)
        if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        image = image.convert("RGB" if color else "L")
        image = make_square(image, size, fit)
        return np.asarray(image, dtype=np.uint8), original
    except Exception as error:
        raise DataError(f"{member.name} is damaged ({short(error)}).", code="damaged-image") from error


def read_images(
    members: list[Member], config: ImportConfig, size: int, color: bool
) -> tuple[np.ndarray, list[int], np.ndarray, dict[str, str]]:
    """All images that can be read.

    Returns: ((N, S, S[, 3]) bytes, kept members' places, (N, 2) original sizes, {name: reason} set aside).
    """
    shape = (len(members), size, size, 3) if color else (len(members), size, size)
    check_decoded(
        f"{len(members):,} images of {size} × {size}",
        math.prod(shape),
        "Choose a smaller image size, or take a sample.",
    )
    pixels = np.zeros(shape, np.uint8)
    kept: list[int] = []
    sizes: list[tuple[int, int]] = []
    aside: dict[str, str] = {}
    for place, member in enumerate(members):
        try:
            pixels[len(kept)], original = read_image(member, size, color, config.fit)
        except DataError as error:
            if len(members) == 1:
                raise
            aside[member.name] = error.message
            continue
        kept.append(place)
        sizes.append(original)
    if not kept:
        raise DataError(
            f"None of {len(members)} images can be read; the first: {next(iter(aside.values()))}",
            code="no-images",
            remedy="Open them in a viewer and save them again.",
        )
    return pixels[: len(kept)], kept, np.array(sizes, dtype=np.int32), aside


def class_of(name: str, depth: int) -> str:
    """The folder at this depth, "" when there is none."""
    parts = PurePosixPath(name).parts[:-1]
    return parts[depth] if len(parts) > depth else ""


def class_depth(names: list[str]) -> int | None:
    """The first depth at which the folders differ; None when all files lie in one folder."""
    for depth in range(1 + max((len(PurePosixPath(n).parts) - 2 for n in names), default=-1)):
        if len({class_of(name, depth) for name in names}) > 1:
            return depth
    return None
