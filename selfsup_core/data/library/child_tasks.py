"""What the limited child can do: inspect, build, check, mend. Arguments and results are plain values."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.data.dataset import load_dataset, save_dataset
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.plan import ImportPlan
from selfsup_core.data.importing.preview import ImportPreview, preview_files
from selfsup_core.data.library.health import check_dataset
from selfsup_core.data.library.health.finding import FindingAbout
from selfsup_core.data.library.mends import mend_dataset
from selfsup_core.data.library.turns import Say
from selfsup_core.settings import Plain


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
