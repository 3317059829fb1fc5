"""The training as a moving picture: loss, map and reconstructions of each kept epoch, drawn by Pillow.

GIF and WebP, which browsers, slides and chats show; WebM and MP4 where PyAV is installed (`video.py`).
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import RunError, SettingError
from selfsup_core.export.video import VIDEOS, encode_video, require_av
from selfsup_core.figures.palette import class_color
from selfsup_core.figures.standing import picture_sheet, tile_sheet
from selfsup_core.files import MB, write_bytes
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

FORMATS = ("gif", "webp", *VIDEOS)
WIDTH, PANEL, GAP = 720, 340, 20
MOST_FRAMES = 60
MILLISECONDS, LAST = 200, 1500  # of a frame, and of the last one
INK, FAINT = "#1b2430", "#dde3ea"


def write_animation(folder: RunFolder, target: Path) -> str:
    """Write the picture; a sentence about it.

    Raises:
        SettingError: the name ends with no known format. RunError: nothing has been measured, or a frame is
        damaged. StudioError: a video is asked for, and its encoder is not installed. OSError: the disk is
        full.
    """
    kind = target.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise SettingError(
            tr("Animations are written as {formats}; found {kind!r}.").format(
                formats=", ".join(FORMATS), kind=kind
            ),
            remedy=tr("End the file's name with one of them, as in training.gif."),
        )
    if kind in VIDEOS:
        require_av()  # said before seconds of drawing
    pictures = draw_epochs(folder)
    write_bytes(target, encode(pictures, kind))
    return tr("{count} epochs, {st_size:.1f} MB.").format(
        count=len(pictures), st_size=target.stat().st_size / MB
    )


def encode(pictures: list[Image], kind: str) -> bytes:
    if kind in VIDEOS:
        return encode_video(pictures, kind, per_second=1000 // MILLISECONDS, hold=-(-LAST // MILLISECONDS))
    buffer = io.BytesIO()
    times = [MILLISECONDS] * (len(pictures) - 1) + [LAST]
    pictures[0].save(buffer, kind.upper(), save_all=True, append_images=pictures[1:], duration=times, loop=0)
    return buffer.getvalue()


def draw_epochs(folder: RunFolder) -> list[Image]:
    """A picture of each kept epoch, all of one size."""
    state = read_state(folder)
    epochs = list_frames(folder.frames)
    if not epochs:
        raise RunError(
            tr("Nothing of the run {id} has been measured, so there is nothing to show.").format(
                id=folder.id
            ),
            code="no-frame",
        )
    step = -(-len(epochs) // MOST_FRAMES)
    epochs = sorted({*epochs[::step], epochs[-1]})
    static = read_frame(folder.frames / "static.safetensors")
    about = read_about(folder.frames / "static.safetensors")
    frames = [read_frame(frame_path(folder.frames, epoch)) for epoch in epochs]
    rows: list[Any] = epoch_rows(read_rows(folder.metrics))
    points = np.concatenate([np.nan_to_num(frame["map"][:, :2]) for frame in frames])
    limits = np.percentile(points, [1, 99], axis=0)
    unit = tr("Round") if state.get("task") == "pseudo" else tr("Epoch")
    return [
        draw(
            tr("{unit} {epoch} of {epochs}").format(unit=unit, epoch=epoch, epochs=epochs[-1]),
            epoch,
            frame,
            static,
            about,
            rows,
            limits,
        )
        for epoch, frame in zip(epochs, frames, strict=True)
    ]


def draw(
    title: str,
    epoch: int,
    frame: dict[str, np.ndarray],
    static: dict[str, np.ndarray],
    about: dict[str, str],
    rows: list[Any],
    limits: np.ndarray,
) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    sheet = tiles = None
    shape = tuple(json.loads(about["item_shape"]))
    if "reconstructions" in frame and "inputs" in static:
        tiles = tile_sheet(static["inputs"], frame["reconstructions"], shape)
    elif "samples" in frame:
        tiles = picture_sheet(frame["samples"], shape, columns=10)
    if tiles is not None:
        height = max(1, round(tiles.shape[0] * (WIDTH - GAP) / tiles.shape[1]))
        # A table's row is a line of pixels, which would be invisible as it is.
        size = (WIDTH - GAP, min(max(height, 60), 300))
        sheet = Image.fromarray(tiles).convert("RGB").resize(size, Image.Resampling.NEAREST)
    below = sheet.height + GAP if sheet else 0
    picture = Image.new("RGB", (WIDTH, PANEL + 50 + below), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((GAP / 2, 8), title, INK, font=ImageFont.load_default(18))
    draw_loss(pen, epoch, rows)
    draw_map(pen, frame["map"], static.get("labels"), limits)
    if sheet:
        picture.paste(sheet, (GAP // 2, PANEL + 50))
    return picture


def draw_loss(pen: ImageDraw, epoch: int, rows: list[Any]) -> None:
    """Both losses over the epochs, and a line at this one."""
    left, top, right, bottom = GAP // 2, 44, PANEL, PANEL + 30
    pen.rectangle((left, top, right, bottom), outline=FAINT)
    curves = [
        [(row["epoch"], row[key]) for row in rows if isinstance(row.get(key), int | float)]
        for key in ("train_loss", "val_loss")
    ]
    values = [value for curve in curves for _, value in curve]
    last = max((row["epoch"] for row in rows), default=0) or 1
    low, high = (min(values), max(values)) if values else (0.0, 1.0)

    def place(at: float, value: float) -> tuple[float, float]:
        x = left + 6 + (right - left - 12) * at / last
        return x, bottom - 6 - (bottom - top - 12) * (value - low) / ((high - low) or 1.0)

    for number, curve in zip((0, 3), curves, strict=True):
        if len(curve) > 1:
            pen.line([place(*point) for point in curve], class_color(number), 2)
    x = place(epoch, low)[0]
    pen.line((x, top, x, bottom), INK, 1)
    pen.text((left + 8, bottom + 2), tr("Loss: training (blue), validation (orange)"), INK)


def draw_map(pen: ImageDraw, points: np.ndarray, labels: np.ndarray | None, limits: np.ndarray) -> None:
    left, top, right, bottom = PANEL + GAP, 44, WIDTH - GAP // 2, PANEL + 30
    pen.rectangle((left, top, right, bottom), outline=FAINT)
    low, high = limits
    share = (np.nan_to_num(points[:, :2]) - low) / np.where(high > low, high - low, 1.0)
    share = np.clip(share, 0, 1)
    for number, (x, y) in enumerate(share):
        color = class_color(int(labels[number]) if labels is not None else 0)
        a, b = left + 8 + x * (right - left - 16), bottom - 8 - y * (bottom - top - 16)
        pen.ellipse((a - 2, b - 2, a + 2, b + 2), color)
