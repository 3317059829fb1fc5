"""Draws the pictures of the cards on Home from real runs: `python assets/home/draw.py WORKSPACE [CARD …]`.

The runs are trained in that workspace first, if they are not there; pictures are written beside this file.
Each has an animated and a still version; the still one is for people who prefer reduced motion.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from selfsup_core.augment.samples import SamplesConfig, make_views  # noqa: E402
from selfsup_core.data.sources import open_source  # noqa: E402
from selfsup_core.figures.palette import class_color  # noqa: E402
from selfsup_core.inspection.desk import Desk  # noqa: E402
from selfsup_core.inspection.subject import Subject  # noqa: E402
from selfsup_core.runs.folder import RunFolder, list_states, read_rows  # noqa: E402
from selfsup_core.runs.frames import read_about, read_frame  # noqa: E402
from selfsup_core.runs.queue import submit, withdraw  # noqa: E402
from selfsup_core.runs.recipes import preset_spec  # noqa: E402
from selfsup_core.runs.thinned import frame_path, list_frames  # noqa: E402
from selfsup_core.workers.worker import Worker  # noqa: E402

SIZE = WIDTH, HEIGHT = 480, 270
CLEAR = (0, 0, 0, 0)
INK = (96, 108, 124, 255)  # readable on light and on dark
STEP_MS, REST_MS = 120, 2400
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "map": ("vae-two-numbers", {"data.source": "fashion-5k", "train.epochs": 40}),
    "rebuild": ("emoji", {}),
    "pseudo": ("pseudo-image", {"data.source": "digits"}),
    "language": ("gpt-characters", {"data.source": "shakespeare", "train.epochs": 30}),
}


def trained(workspace: Path, card: str) -> RunFolder:
    """The run of a card; trained now if it is not there."""
    name = f"home {card}"
    for state in list_states(workspace):
        if state["name"] == name and state["status"] == "finished":
            return RunFolder(workspace / "runs" / state["run"])
    preset, changes = RUNS[card]
    folder = submit(workspace, preset_spec(preset, changes | {"name": name}), preset=preset)
    withdraw(folder)
    Worker(folder).run()
    return folder


def frames_of(folder: RunFolder, count: int) -> list[tuple[int, dict[str, np.ndarray]]]:
    """About so many epochs with their frames: dense at the beginning, where most changes."""
    there = list_frames(folder.frames)
    places = np.unique((np.linspace(0, 1, count) ** 1.6 * (len(there) - 1)).round().astype(int))
    return [(there[i], read_frame(frame_path(folder.frames, there[i]))) for i in places]


def write(card: str, pictures: list[Image.Image]) -> None:
    pictures[-1].save(HERE / f"{card}-still.webp", quality=82, method=6)
    if len(pictures) > 1:
        times = [STEP_MS] * (len(pictures) - 1) + [REST_MS]
        pictures[0].save(
            HERE / f"{card}.webp",
            save_all=True,
            append_images=pictures[1:],
            duration=times,
            loop=0,
            quality=70,
            method=4,
        )


def place(points: np.ndarray, limits: tuple[np.ndarray, np.ndarray], margin: int = 14) -> np.ndarray:
    low, high = limits
    share = (points[:, :2] - low) / (high - low)
    return np.column_stack(
        (margin + share[:, 0] * (WIDTH - 2 * margin), HEIGHT - margin - share[:, 1] * (HEIGHT - 2 * margin))
    )


def draw_map(workspace: Path) -> None:
    """Points flow from epoch to epoch; at the end the decoder fills the plane."""
    folder = trained(workspace, "map")
    labels = read_frame(folder.frames / "static.safetensors")["labels"][:800]
    colors = [ImageColor.getrgb(class_color(int(label))) for label in labels]
    frames = frames_of(folder, 16)
    last = frames[-1][1]["map"][:800]
    pictures = []
    for _, frame in frames:
        points = frame["map"][:800]
        low, high = np.percentile(points, [0.5, 99.5], axis=0)
        spread = np.maximum(high - low, 0.35 * np.ptp(np.percentile(last, [0.5, 99.5], axis=0), axis=0))
        middle = (low + high) / 2
        picture = Image.new("RGBA", SIZE, CLEAR)
        pen = ImageDraw.Draw(picture)
        for (x, y), color in zip(
            place(points, (middle - spread / 2, middle + spread / 2)), colors, strict=True
        ):
            pen.ellipse((x - 2.2, y - 2.2, x + 2.2, y + 2.2), fill=color)
        pictures.append(picture)
    low, high = np.percentile(last, [2, 98], axis=0)
    across, down, side = 16, 9, 30
    grid = [
        [low[0] + (c + 0.5) / across * (high[0] - low[0]), high[1] - (r + 0.5) / down * (high[1] - low[1])]
        for r in range(down)
        for c in range(across)
    ]
    images = Desk(workspace).ask(Subject("run", folder.id), "decode", {"points": grid}).arrays["images"]
    picture = Image.new("RGBA", SIZE, CLEAR)
    for i, image in enumerate(images.reshape(len(grid), 28, 28)):
        cell = Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)
        picture.paste(cell, ((i % across) * side, (i // across) * side))
    pictures.append(picture)
    write("map", pictures)


def draw_rebuild(workspace: Path) -> None:
    """Pictures above, what the network makes of them below."""
    folder = trained(workspace, "rebuild")
    static = read_frame(folder.frames / "static.safetensors")
    shape = json.loads(read_about(folder.frames / "static.safetensors")["item_shape"])
    across, side = 6, 78

    def sheet(rows: list[np.ndarray]) -> Image.Image:
        picture = Image.new("RGBA", SIZE, CLEAR)
        for r, items in enumerate(rows):
            for c in range(across):
                cell = Image.fromarray(items[c].reshape(shape)).resize((side, side), Image.Resampling.BICUBIC)
                picture.paste(cell, (3 + c * 80, 14 + (r * 84)))
        return picture

    pictures = []
    for epoch, frame in frames_of(folder, 20):
        picture = sheet([static["inputs"], frame["reconstructions"]])
        pen = ImageDraw.Draw(picture)
        pen.text((240, 226), f"epoch {epoch}", INK, ImageFont.load_default(18), anchor="mm")
        pictures.append(picture)
    write("rebuild", pictures)


def draw_pseudo(workspace: Path) -> None:
    """Accuracy of student and twin over rounds."""
    folder = trained(workspace, "pseudo")
    rows = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch" and row["epoch"]]
    font = ImageFont.load_default(17)
    x = np.linspace(44, WIDTH - 150, len(rows))
    values = {name: np.array([row[name] for row in rows]) for name in ("accuracy", "twin_accuracy")}
    low = min(v.min() for v in values.values()) - 0.08
    pictures = []
    for upto in range(1, len(rows) + 1):
        picture = Image.new("RGBA", SIZE, CLEAR)
        pen = ImageDraw.Draw(picture)
        pen.line((44, 24, 44, HEIGHT - 34), INK, 1)
        pen.line((44, HEIGHT - 34, WIDTH - 20, HEIGHT - 34), INK, 1)
        pen.text((WIDTH / 2, HEIGHT - 14), "rounds", INK, font, anchor="mm")
        for name, title, color in (("accuracy", "student", 0), ("twin_accuracy", "twin", 3)):
            y = 30 + (1 - (values[name] - low) / (1 - low)) * (HEIGHT - 74)
            dots = list(zip(x[:upto], y[:upto], strict=True))
            rgb = ImageColor.getrgb(class_color(color))
            if upto > 1:
                pen.line(dots, rgb, 4, joint="curve")
            a, b = dots[-1]
            pen.ellipse((a - 5, b - 5, a + 5, b + 5), fill=rgb)
            pen.text((a + 10, b), f"{title} {100 * values[name][upto - 1]:.0f}%", rgb, font, anchor="lm")
        pictures += [picture] * 4
    write("pseudo", pictures)


def draw_language(workspace: Path) -> None:
    """What the model writes, from noise to something like English."""
    folder = trained(workspace, "language")
    font = ImageFont.load_default(17)
    pictures = []
    for epoch, _ in frames_of(folder, 12):
        words = json.loads(read_about(frame_path(folder.frames, epoch))["written"])
        lines = [line[:46] for line in str(words).splitlines() if line.strip()][:8]
        picture = Image.new("RGBA", SIZE, CLEAR)
        pen = ImageDraw.Draw(picture)
        pen.text((16, 16), f"epoch {epoch}", ImageColor.getrgb(class_color(0)), font)
        for i, line in enumerate(lines):
            pen.text((16, 44 + 26 * i), line, INK, font)
        pictures += [picture] * 6
    write("language", pictures)


def draw_latent(workspace: Path) -> None:
    """Emoji laid out by UMAP of their pixels."""
    import umap

    emoji = open_source("emoji", workspace)
    x = np.asarray(emoji.x)
    points = umap.UMAP(n_neighbors=12, min_dist=0.6, random_state=0).fit_transform(
        x.reshape(len(x), -1) / 255
    )
    places = place(points, (points.min(0), points.max(0)), margin=16)
    picture = Image.new("RGBA", SIZE, CLEAR)
    order = np.random.default_rng(0).permutation(len(x))
    taken: set[tuple[int, int]] = set()
    for i in order:
        cell = (int(places[i, 0] // 15), int(places[i, 1] // 15))
        if cell in taken:
            continue
        taken.add(cell)
        thumb = Image.fromarray(x[i]).convert("RGBA")
        white = (np.asarray(thumb)[..., :3] > 244).all(-1)
        thumb.putalpha(Image.fromarray(np.where(white, 0, 255).astype(np.uint8)))
        thumb = thumb.resize((22, 22), Image.Resampling.LANCZOS)
        picture.alpha_composite(thumb, (int(places[i, 0]) - 11, max(0, int(places[i, 1]) - 11)))
    write("latent", [picture])


def draw_views(workspace: Path) -> None:
    """Emoji above two random views of each, drawn anew from picture to picture."""
    emoji = open_source("emoji", workspace)
    config = preset_spec("views-emoji").objective.augment  # type: ignore[attr-defined]  # it learns from views
    across, side, left, rest = 4, 80, 92, 10
    font = ImageFont.load_default(17)
    asked = SamplesConfig(samples=across, views=2 * rest, choice=8)
    values = make_views(emoji, config, asked, workspace).values
    pictures = []
    for i in range(rest):
        picture = Image.new("RGBA", SIZE, CLEAR)
        pen = ImageDraw.Draw(picture)
        rows = (("sample", 0), ("view 1", 1 + 2 * i), ("view 2", 2 + 2 * i))
        for r, (title, view) in enumerate(rows):
            y = 8 + r * 87
            pen.text((10, y + side / 2), title, INK, font, anchor="lm")
            for c in range(across):
                cell = Image.fromarray((255 * values[c, view]).round().astype(np.uint8))
                picture.paste(cell.resize((side, side), Image.Resampling.BICUBIC), (left + c * 96, y))
        pictures += [picture] * 8
    write("views", pictures)


CARDS = {
    "map": draw_map,
    "rebuild": draw_rebuild,
    "pseudo": draw_pseudo,
    "language": draw_language,
    "latent": draw_latent,
    "views": draw_views,
}

if __name__ == "__main__":
    for card in sys.argv[2:] or CARDS:
        CARDS[card](Path(sys.argv[1]).resolve())
