"""What the limited child can do: inspect, build, check, mend. Arguments and results are plain values."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.data.dataset import load_dataset, save_dataset
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.formats import IMAGE_ENDINGS, SHEETS, STATISTICS
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.plan import ImportPlan
from selfsup_core.data.importing.preview import ImportPreview, preview_files
from selfsup_core.data.library.health import check_dataset
from selfsup_core.data.library.health.finding import FindingAbout
from selfsup_core.data.library.mends import mend_dataset
from selfsup_core.data.library.turns import Say
from selfsup_core.settings import Plain

# What is imported before a child is forked, since the task needs it in any case. Files by their endings.
CHECK = (
    "sklearn.model_selection",
    "sklearn.tree",
    "sklearn.preprocessing",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "sklearn.neighbors",
    "cleanlab.filter",
)
TABLE = ("pandas", "pyarrow.compute", "pyarrow.csv")
IMAGE = ("PIL.Image", "PIL.ImageOps")
SOUND = ("scipy.io.wavfile", "scipy.signal", "transformers.audio_utils")
READING = (
    dict.fromkeys(
        (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".arff", ".parquet", ".feather"), TABLE
    )
    | dict.fromkeys((*SHEETS, *STATISTICS), TABLE)
    | dict.fromkeys((*IMAGE_ENDINGS, ".zip"), IMAGE)
    | dict.fromkeys((".wav", ".flac", ".mp3", ".ogg", ".aif", ".aiff"), SOUND)
)


def libraries_for(task: str, files: list[str]) -> list[str]:
    """Modules of others that a task on these files imports."""
    if task == "check":
        return list(CHECK)
    return [library for file in files for library in READING.get(Path(file).suffix.lower(), ())]


def do_inspect(workspace: Path, files: list[str], config: Plain) -> ImportPlan:
    return inspect_files([Path(f) for f in files], ImportConfig(**config))


def do_preview(workspace: Path, files: list[str], config: Plain) -> ImportPreview:
    return preview_files([Path(f) for f in files], ImportConfig(**config))


def do_build(workspace: Path, files: list[str], config: Plain, name: str) -> str:
    dataset = build_dataset([Path(f) for f in files], ImportConfig(**config), name)
    save_dataset(dataset, workspace / "datasets" / name)
    return name


def do_check(workspace: Path, folder: str, say: Say | None = None) -> list[FindingAbout]:
    return check_dataset(load_dataset(Path(folder)), say)


def do_mend(workspace: Path, folder: str, mends: list[str], name: str) -> str:
    save_dataset(mend_dataset(load_dataset(Path(folder)), mends, name), workspace / "datasets" / name)
    return name
