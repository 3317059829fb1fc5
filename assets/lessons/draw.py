"""Draw the pictures that lessons give to choose from, from real runs: `python assets/lessons/draw.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from selfsup_core.figures.miniature import map_picture  # noqa: E402
from selfsup_core.runs.folder import RunFolder  # noqa: E402
from selfsup_core.runs.frames import read_frame  # noqa: E402
from selfsup_core.runs.queue import submit, withdraw  # noqa: E402
from selfsup_core.runs.recipes import preset_spec  # noqa: E402
from selfsup_core.runs.thinned import frame_path, list_frames  # noqa: E402
from selfsup_core.workers.worker import Worker  # noqa: E402

IMAGES = HERE / "en" / "images"
SCALE = 12  # screen pixels per pixel of a digit
GAP, LINE = 4, 96  # pixels of a gray line around each digit
TILES = (0, 3, 4, 7)  # places among the samples: a 0, a 3, a 4 and a 7
SETTINGS = {
    "data.source": "digits",
    "objective.loss": "mse",
    "model.code_activation": "linear",
    "train.learning_rate": 0.003,
    "train.epochs": 40,
    "train.device": "cpu",
}


def train(workspace: Path, widths: list[int]) -> RunFolder:
    folder = submit(workspace, preset_spec("dense-64-32-16", SETTINGS | {"model.widths": widths}))
    withdraw(folder)
    folder.control.mkdir()
    Worker(folder).run()
    return folder


def write_tiles(name: str, tiles: np.ndarray) -> None:
    """(T, 64) bytes → four digits in a square."""
    big = [np.kron(tiles[place].reshape(8, 8), np.ones((SCALE, SCALE), np.uint8)) for place in TILES]
    four = [np.pad(one, GAP, constant_values=LINE) for one in big]
    image = Image.fromarray(np.block([[four[0], four[1]], [four[2], four[3]]]))
    image.save(IMAGES / f"{name}.png", optimize=True)


def write_map(name: str, folder: RunFolder, epoch: int) -> None:
    points = read_frame(frame_path(folder.frames, epoch))["map"]
    labels = read_frame(folder.frames / "static.safetensors")["labels"]
    (IMAGES / f"{name}.svg").write_text(map_picture(points, labels), "utf-8")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        wide, narrow = train(Path(place), [64, 32, 16]), train(Path(place), [64, 32, 2])
        static, last = read_frame(wide.frames / "static.safetensors"), list_frames(wide.frames)[-1]
        write_tiles("digits", static["inputs"])
        write_tiles("untrained", read_frame(frame_path(wide.frames, 0))["reconstructions"])
        write_tiles("sixteen", read_frame(frame_path(wide.frames, last))["reconstructions"])
        write_tiles("two", read_frame(frame_path(narrow.frames, last))["reconstructions"])
        write_map("map-before", narrow, 0)
        write_map("map-after", narrow, last)
    dots = np.random.default_rng(0).integers(0, 2, size=static["inputs"].shape) * 255
    write_tiles("dots", dots.astype(np.uint8))


if __name__ == "__main__":
    main()
