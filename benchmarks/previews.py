"""Records the moving previews of Home and the tour from real runs: `python -m benchmarks.previews`.

Short runs are trained in a workspace, if they are not there; then each scene is drawn from their frames, and
the live view is recorded in a browser. `--readme` also writes the GIF of the README.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.screen import (
    BLUE,
    HEIGHT,
    INK,
    LINE,
    MUTED,
    ORANGE,
    WIDTH,
    Screen,
    between,
    bright,
    write_preview,
)
from selfsup_core.augment.samples import SamplesConfig, make_views
from selfsup_core.data.sources import open_source
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.places import ASSETS
from selfsup_core.runs.folder import RunFolder, list_states, read_rows
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.workers.worker import Worker

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "map": ("vae-two-numbers", {"data.source": "fashion-5k", "train.epochs": 40}),
    "rebuild": ("emoji", {"train.epochs": 24}),
    "pseudo": ("pseudo-image", {"data.source": "digits"}),
    "language": ("gpt-characters", {"data.source": "shakespeare", "train.epochs": 16}),
    "scenarios": ("generate-fashion", {}),
}
Scene = Callable[[Path], tuple[list[Image.Image], Image.Image]]


def trained(workspace: Path, scene: str) -> RunFolder:
    """The run of a scene; trained now if it is not there."""
    name = f"preview {scene}"
    for state in list_states(workspace):
        if state["name"] == name and state["status"] == "finished":
            return RunFolder(workspace / "runs" / state["run"])
    preset, changes = RUNS[scene]
    folder = submit(workspace, preset_spec(preset, changes | {"name": name}), preset=preset)
    withdraw(folder)
    Worker(folder).run()
    return folder


def frames_of(folder: RunFolder, count: int) -> list[tuple[int, dict[str, np.ndarray]]]:
    """About so many epochs with their frames: dense at the beginning, where most changes."""
    there = list_frames(folder.frames)
    places = np.unique((np.linspace(0, 1, count) ** 1.6 * (len(there) - 1)).round().astype(int))
    return [(there[i], read_frame(frame_path(folder.frames, there[i]))) for i in places]


def map_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Points flow from epoch to epoch; at the end the decoder fills the plane."""
    folder = trained(workspace, "map")
    labels = read_frame(folder.frames / "static.safetensors")["labels"][:320]
    frames = [frame["map"][:320] for _, frame in frames_of(folder, 8)]
    pictures = [draw_points(points, frames[-1], labels) for points in between(frames, 2)]
    points, plane = pictures[-1], decoded_plane(workspace, folder, frames[-1])
    pictures += [points] * 3
    pictures += [Image.blend(points, plane, share) for share in (0.33, 0.67)] + [plane]
    return pictures, points


def draw_points(points: np.ndarray, last: np.ndarray, labels: np.ndarray) -> Image.Image:
    low, high = np.percentile(points, [1, 99], axis=0)
    spread = np.maximum(high - low, 0.35 * np.ptp(np.percentile(last, [1, 99], axis=0), axis=0))
    places = 0.5 + (points - (low + high) / 2) / (1.12 * spread)
    screen = Screen()
    for (x, y), label in zip(places, labels, strict=True):
        screen.dot(x * WIDTH, (1 - y) * HEIGHT, 2.8, bright(int(label)))
    return screen.done()


def decoded_plane(workspace: Path, folder: RunFolder, last: np.ndarray) -> Image.Image:
    low, high = np.percentile(last, [2, 98], axis=0)
    across, down, side = 16, 9, 30
    grid = [
        [low[0] + (c + 0.5) / across * (high[0] - low[0]), high[1] - (r + 0.5) / down * (high[1] - low[1])]
        for r in range(down)
        for c in range(across)
    ]
    images = Desk(workspace).ask(Subject("run", folder.id), "decode", {"points": grid}).arrays["images"]
    screen = Screen()
    for i, image in enumerate(images.reshape(len(grid), 28, 28)):
        screen.tile((i % across) * side, (i // across) * side, side, image, radius=0)
    return screen.done()


def rebuild_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Pictures above, what the network makes of them below."""
    folder = trained(workspace, "rebuild")
    static = read_frame(folder.frames / "static.safetensors")
    shape = json.loads(read_about(folder.frames / "static.safetensors")["item_shape"])
    chosen, side = [1, 2, 3, 4, 5], 80
    kept = frames_of(folder, 15)
    pictures = []
    for epoch, frame in kept:
        screen = Screen()
        for c, i in enumerate(chosen):
            x = 20 + c * 91
            screen.tile(x, 26, side, static["inputs"][i].reshape(shape))
            screen.tile(x, 124, side, frame["reconstructions"][i].reshape(shape))
        screen.bar(epoch / kept[-1][0], f"epoch {epoch}")
        pictures += [screen.done()] * 3
    return pictures, pictures[-1]


def pseudo_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Accuracy with and without pseudo-labels over rounds."""
    folder = trained(workspace, "pseudo")
    rows = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch" and row["epoch"]]
    names = {"accuracy": ("with pseudo-labels", BLUE), "twin_accuracy": ("given labels only", ORANGE)}
    values = {name: np.array([row[name] for row in rows if name in row]) for name in names}
    low, high = min(v.min() for v in values.values()) - 0.04, max(v.max() for v in values.values()) + 0.03
    count, steps = len(values["accuracy"]), 5
    pictures = []
    for at in np.linspace(0, count - 1, (count - 1) * steps + 1):
        screen = Screen()
        screen.text(24, 26, "accuracy on test rows", 14, MUTED)
        screen.line([(24, 226), (WIDTH - 190, 226)], LINE, 1.5)
        for name, (title, color) in names.items():
            known = np.append(np.arange(int(at) + 1), [at] if at > int(at) else [])
            heights = np.interp(known, np.arange(count), values[name])
            dots = [
                (24 + k / (count - 1) * 260, 216 - (v - low) / (high - low) * 170)
                for k, v in zip(known, heights, strict=True)
            ]
            if len(dots) > 1:
                screen.line(dots, color, 4)
            x, y = dots[-1]
            screen.dot(x, y, 6, color)
            screen.text(x + 14, y - 9, f"{100 * heights[-1]:.0f}%", 19, color)
            screen.text(x + 14, y + 11, title, 13, color)
        screen.bar((at + 1) / count, f"round {int(at) + 1}")
        pictures.append(screen.done())
    return pictures, pictures[-1]


def language_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """What the model writes, from noise to something like English."""
    folder = trained(workspace, "language")
    kept = frames_of(folder, 7)
    pictures = []
    for epoch, _ in kept:
        words = json.loads(read_about(frame_path(folder.frames, epoch))["written"])
        lines = [line[:44] for line in str(words).splitlines() if line.strip()][:7]
        whole = "\n".join(lines)
        for upto in (*range(24, len(whole), 34), len(whole), len(whole), len(whole)):
            screen = Screen()
            for i, line in enumerate(whole[:upto].split("\n")):
                screen.text(20, 30 + 29 * i, line, 17, INK)
            screen.bar(epoch / kept[-1][0], f"epoch {epoch}")
            pictures.append(screen.done())
    return pictures, pictures[-1]


def latent_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Emoji laid out by UMAP of their pixels; then a closer look at where most of them are."""
    import umap

    x = np.asarray(open_source("emoji", workspace).x)
    flat = x.reshape(len(x), -1) / 255
    points = umap.UMAP(n_neighbors=12, min_dist=0.6, random_state=0).fit_transform(flat)
    low, high = points.min(0), points.max(0)
    places = (points - low) / (high - low)
    whole, close = np.array([0.5, 0.5, 1.06]), np.array([*np.median(places, axis=0), 0.34])
    pictures = [draw_emoji(x, places, *view) for view in between([whole, close], 6)]
    pictures = [pictures[0]] * 8 + pictures + [pictures[-1]] * 8
    return pictures, pictures[0]


def draw_emoji(x: np.ndarray, places: np.ndarray, left: float, top: float, span: float) -> Image.Image:
    side = 14 / span**0.7 + 8
    screen = Screen()
    taken: set[tuple[int, int]] = set()
    for i in np.random.default_rng(0).permutation(len(x)):
        at = 0.5 + (places[i] - (left, top)) / span
        px, py = at[0] * WIDTH, (1 - at[1]) * HEIGHT
        cell = (int(px // (side * 0.85)), int(py // (side * 0.85)))
        if cell in taken or not (-side < px < WIDTH + side and -side < py < HEIGHT + side):
            continue
        taken.add(cell)
        screen.tile(px - side / 2, py - side / 2, side, x[i], radius=side / 5)
    return screen.done()


def views_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Emoji above two random views of each, drawn anew from picture to picture."""
    emoji = open_source("emoji", workspace)
    config = preset_spec("views-emoji").objective.augment  # type: ignore[attr-defined]  # it learns from views
    across, side, rest = 4, 76, 8
    asked = SamplesConfig(samples=across, views=2 * rest, choice=8)
    values = make_views(emoji, config, asked, workspace).values
    pictures = []
    for i in range(rest):
        screen = Screen()
        for r, (title, view) in enumerate((("sample", 0), ("view 1", 1 + 2 * i), ("view 2", 2 + 2 * i))):
            y = 12 + r * 84
            screen.text(18, y + side / 2, title, 15, MUTED)
            for c in range(across):
                pixels = (255 * values[c, view]).round().astype(np.uint8)
                screen.tile(92 + c * 96, y, side, pixels)
        pictures += [screen.done()] * 7
    return pictures, pictures[0]


def own_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Images, texts, a table and a sound of the data sets that come with the app, one after another."""
    emoji = np.asarray(open_source("emoji", workspace).x)
    wine = open_source("wine", workspace)
    sounds = np.asarray(open_source("spoken-words", workspace).x)
    poem = "Shall I compare thee\nto a summer's day?\nThou art more lovely"
    pictures = []
    for upto in range(1, 5):
        for step in range(6):
            screen = Screen()
            for panel, title in enumerate(("images", "texts", "a table", "sounds")):
                x, y = 16 + 228 * (panel % 2), 14 + 126 * (panel // 2)
                screen.box(x, y, 220, 118, (27, 33, 42), 10)
                screen.text(x + 14, y + 100, title, 14, MUTED)
                if panel >= upto:
                    continue
                share = 1.0 if panel < upto - 1 else (step + 1) / 6
                draw_own(screen, panel, x, y, share, (emoji, poem, np.asarray(wine.x), sounds))
            pictures.append(screen.done())
    return pictures, pictures[-1]


def draw_own(screen: Screen, panel: int, x: int, y: int, share: float, data: tuple[Any, ...]) -> None:
    """What stands in one of the four panels, so far."""
    emoji, poem, wine, sounds = data
    if panel == 0:
        for i in range(round(10 * share)):
            screen.tile(x + 14 + 39 * (i % 5), y + 12 + 38 * (i // 5), 34, emoji[i * 90], 6)
    elif panel == 1:
        for i, line in enumerate(poem[: round(len(poem) * share)].split("\n")):
            screen.text(x + 14, y + 24 + 24 * i, line, 15, INK)
    elif panel == 2:
        for r in range(4):
            for c in range(4):
                if r * 4 + c < 16 * share:
                    value = f"{wine[r, c]:.1f}"
                    screen.text(x + 52 + 50 * c, y + 20 + 20 * r, value, 14, bright(c), "rm")
    else:
        loud = sounds[0].reshape(sounds[0].shape[0], -1).mean(0)
        heights = 4 + 34 * (loud - loud.min()) / (np.ptp(loud) or 1)
        for i, h in enumerate(heights[: round(len(heights) * share)]):
            screen.box(x + 14 + i * 6, y + 50 - h, 4, 2 * h, BLUE, 2)


def scenarios_scene(workspace: Path) -> tuple[list[Image.Image], Image.Image]:
    """Clothes come out of noise: hardly after one epoch, clearly at the end."""
    folder = trained(workspace, "scenarios")
    shape = json.loads(read_about(folder.frames / "static.safetensors")["item_shape"])
    across, down, side = 5, 2, 86
    kept = frames_of(folder, 99)
    pictures = []
    for (epoch, frame), every in ((kept[1], 3), (kept[-1], 1)):
        ways = frame["ways"][1::every, : across * down]
        for way in (*ways, *[ways[-1]] * 5):
            screen = Screen()
            for i, image in enumerate(way):
                screen.tile(12 + (i % across) * 92, 36 + (i // across) * 92, side, image.reshape(shape))
            screen.bar(epoch / kept[-1][0], f"epoch {epoch}")
            pictures.append(screen.done())
    return pictures, pictures[-1]


SCENES: dict[str, Scene] = {
    "map": map_scene,
    "rebuild": rebuild_scene,
    "pseudo": pseudo_scene,
    "language": language_scene,
    "latent": latent_scene,
    "views": views_scene,
    "own": own_scene,
    "scenarios": scenarios_scene,
}


def main() -> None:
    known = [*SCENES, "stage"]
    parser = argparse.ArgumentParser("python -m benchmarks.previews", description=__doc__)
    parser.add_argument(
        "scenes", nargs="*", metavar="scene", help=f"all when none is named: {', '.join(known)}"
    )
    parser.add_argument("--workspace", type=Path, help="where the runs are kept; else they are trained anew")
    parser.add_argument("--out", type=Path, default=ASSETS / "previews", help="folder of the pictures")
    parser.add_argument("--readme", type=Path, help="also write a GIF of the live view to this file")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenes) - set(known):
        parser.error(f"there is no scene {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    with tempfile.TemporaryDirectory() as scratch:
        workspace = (arguments.workspace or Path(scratch)).resolve()
        for name in arguments.scenes or known:
            if name == "stage":
                from benchmarks.record import record_stage

                pictures, still = record_stage(trained(workspace, "rebuild"), arguments.readme)
            else:
                pictures, still = SCENES[name](workspace)
            size = write_preview(arguments.out, name, pictures, still)
            print(f"{name:<9} {len(pictures):>3} frames {size:>8,} bytes", flush=True)


if __name__ == "__main__":
    main()
