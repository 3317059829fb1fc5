"""Own data: 10,000 images in a zip and a 199 MB CSV, beside reading the same with Pillow from folders and
with pandas; further formats beside their own readers; a second import beside one in a new interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from benchmarks import import_again, import_formats
from benchmarks.size import sized
from benchmarks.table import Row
from selfsup_core.data.library import own

IMAGES, TABLE_BYTES = sized(10_000, 60), sized(199_000_000, 600_000)
COLUMNS = (
    "images_s",
    "images_over_pillow",
    "again_s",
    "table_s",
    "table_peak_gb",
    "table_over_pandas",
    *import_again.COLUMNS,
    *import_formats.COLUMNS,
)
# Peak memory of a child is what the system kept of it: one process a measurement.
PEAK = """
import resource, sys
from pathlib import Path
from selfsup_core.data.library import forks, own
own.import_files(Path(sys.argv[1]), [Path(sys.argv[2])])
forks.dismiss()  # only then it is among the children that have ended
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
PANDAS = "import sys, pandas; print(len(pandas.read_csv(sys.argv[1])))"
IMAGE_FOLDER = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
paths = sorted(Path(sys.argv[1]).rglob("*.png"))
print(np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths]).shape)
"""


def run(code: str, *arguments: str) -> tuple[float, str]:
    """Seconds and output of a fresh interpreter."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - began, done.stdout.strip()


def make_images(folder: Path) -> Path:
    from PIL import Image

    rng = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for i in range(IMAGES):
            buffer = BytesIO()
            Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(buffer, "PNG")
            archive.writestr(f"{i % 10}/{i}.png", buffer.getvalue())
    with zipfile.ZipFile(folder / "images.zip") as archive:
        archive.extractall(folder / "images")
    return folder / "images.zip"


def make_table(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    path = folder / "table.csv"
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(40)) + "\n")
        block = "\n".join(",".join(f"{v:.8f}" for v in row) for row in rng.normal(size=(500, 40)))
        while file.tell() + len(block) < TABLE_BYTES:
            file.write(block + "\n")
    return path


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images, table = make_images(folder), make_table(folder)
        whole, _ = run(PEAK, str(folder / "a"), str(images))
        plain, _ = run(IMAGE_FOLDER, str(folder / "images"))
        began = time.perf_counter()
        names = own.import_files(folder / "a", [images])  # there already: found by its content
        own.summarize(folder / "a", names)
        again = time.perf_counter() - began
        rows, peak = run(PEAK, str(folder / "b"), str(table))
        pandas, _ = run(PANDAS, str(table))
        once_more = list(import_again.measure_again(folder))
        formats = list(import_formats.measure_formats(folder))
    gigabytes = int(peak) / 1e6
    megabytes = TABLE_BYTES / 1e6
    return [
        Row(
            f"{IMAGES:,} PNG 28 x 28 in a zip, imported",
            f"{whole:.1f} s",
            "<= 15 s",
            whole <= 15,
            {"images_s": whole},
        ),
        Row(
            "/ the same read from folders with Pillow",
            f"{whole / plain:.2f} ({plain:.1f} s)",
            figures={"images_over_pillow": whole / plain},
        ),
        Row("the same zip a second time", f"{again:.2f} s", figures={"again_s": again}),
        Row(
            f"{megabytes:.3g} MB CSV, 40 columns, imported",
            f"{rows:.1f} s",
            "<= 30 s",
            rows <= 30,
            {"table_s": rows},
        ),
        Row(
            "its peak memory",
            f"{gigabytes:.2f} GB",
            "<= 1.5 GB",
            gigabytes <= 1.5,
            {"table_peak_gb": gigabytes},
        ),
        Row(
            "/ pandas.read_csv alone",
            f"{rows / pandas:.2f} ({pandas:.1f} s)",
            figures={"table_over_pandas": rows / pandas},
        ),
        *once_more,
        *formats,
    ]
