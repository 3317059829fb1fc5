"""A sweep on disk: `sweeps/<id>/` with what was asked, the recipe and how it stands; made, listed, stopped,
resumed and deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError
from typing_extensions import TypedDict

from selfsup_core.errors import ErrorAbout, RunError, SettingError, StudioError
from selfsup_core.files import (
    DamagedFile,
    parse_yaml,
    read_checked,
    read_file,
    sha256,
    write_folder,
    write_json,
)
from selfsup_core.runs.folder import now_iso
from selfsup_core.runs.queue import LOCAL, RUN_ID, new_id
from selfsup_core.runs.spec import RunSpec, read_spec, spec_yaml
from selfsup_core.runs.state import Time
from selfsup_core.runs.sweeps.config import SweepConfig
from selfsup_core.runs.sweeps.plan import Plan, Point, read_plan
from selfsup_core.settings import explain
from selfsup_core.translation import tr

Status = Literal["running", "stopped", "finished", "failed"]
MOST_FILE = 2_000_000
MOST_LISTED = 20  # ids that an error tells
MOST_PLANS = 64  # that are remembered
ASKED = ("sweep.yaml", "spec.yaml", "proposed.json")  # what a plan is made from


class SweepState(TypedDict):
    """state.json of a sweep.

    Attributes:
        message: what it waits for, in words.
        owner, preset: of its runs. name: of the sweep.
        retry: runs that were stopped by hand and are to be continued.
    """

    sweep: str
    name: str
    status: Status
    message: str
    error: ErrorAbout | None
    created: Time
    owner: str
    preset: str
    retry: list[str]


class Pruned(TypedDict):
    """Why a run was stopped early, and after which epoch."""

    epoch: int
    why: str


@dataclass(frozen=True)
class SweepFolder:
    """Paths of one sweep."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def workspace(self) -> Path:
        return self.path.parent.parent

    @property
    def tag(self) -> str:
        """By which the list of runs finds those of this sweep."""
        return f"sweep-{self.id}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while the state is read and then changed, or a run is handed in."""
        from filelock import FileLock

        with FileLock(self.path / "state.lock"):
            yield


def sweeps_folder(workspace: Path) -> Path:
    return workspace / "sweeps"


def start_sweep(
    workspace: Path,
    spec: RunSpec,
    config: SweepConfig,
    *,
    preset: str = "",
    owner: str = LOCAL,
    submission: str = "",
) -> SweepFolder:
    """Write a sweep's folder; `workers.sweeper` trains it.

    Args:
        submission: a token of the click that asked for it; the same token again gives the same sweep.

    Raises:
        SettingError: as `read_plan`. RunError: Optuna is asked for and not installed.
    """
    from selfsup_core.runs.sweeps.suggest import require_optuna

    if config.method == "optuna" or config.prune:
        require_optuna()
    read_plan(spec, config)
    sweep = new_id(workspace, submission)
    state: SweepState = {
        "sweep": sweep,
        "name": spec.name,
        "status": "running",
        "message": "",
        "error": None,
        "created": now_iso(),
        "owner": owner,
        "preset": preset,
        "retry": [],
    }
    folder = SweepFolder(sweeps_folder(workspace) / sweep)
    asked = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    def fill(path: Path) -> None:
        write_json(path / "state.json", state)

    with suppress(FileExistsError):  # the same submission, a second time
        write_folder(
            folder.path, {"sweep.yaml": asked.encode(), "spec.yaml": spec_yaml(spec).encode()}, fill=fill
        )
    return folder


def open_sweep(workspace: Path, sweep: str) -> SweepFolder:
    """A sweep by its id, or by a beginning of it that fits no other. Raises RunError."""
    found = [one for one in sweep_ids(workspace) if one == sweep] or [
        one for one in sweep_ids(workspace) if sweep and one.startswith(sweep)
    ]
    if len(found) == 1:
        return SweepFolder(sweeps_folder(workspace) / found[0])
    if found:
        raise RunError(
            tr("{sweep!r} fits {count} sweeps: {found}.").format(
                sweep=sweep[:80], count=len(found), found=", ".join(found[:MOST_LISTED])
            ),
            code="ambiguous-sweep",
            remedy=tr("Give one of these IDs; `sweep list` shows them."),
        )
    raise RunError(
        tr("There is no sweep {sweep!r}.").format(sweep=sweep[:80]),
        code="no-sweep",
        remedy=tr("`sweep list` shows them all."),
    )


def sweep_ids(workspace: Path) -> list[str]:
    """All sweeps, newest first."""
    try:
        names = os.listdir(sweeps_folder(workspace))
    except OSError:
        return []
    return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)


def list_sweeps(workspace: Path) -> list[SweepFolder]:
    """All sweeps, newest first."""
    return [SweepFolder(sweeps_folder(workspace) / name) for name in sweep_ids(workspace)]


def running_sweeps(workspace: Path) -> list[SweepFolder]:
    """Those that are at work; of a damaged one nothing is known, and it is left alone."""
    found = []
    for folder in list_sweeps(workspace):
        try:
            if read_sweep_state(folder)["status"] == "running":
                found.append(folder)
        except StudioError:
            continue
    return found


def read_sweep_state(folder: SweepFolder) -> SweepState:
    """How a sweep stands. Raises RunError: it is gone, or its state is damaged."""
    try:
        state = read_checked(folder.path / "state.json", SweepState)
    except DamagedFile as error:
        raise damaged_sweep(folder, error.message) from error
    if state is None:
        if folder.path.is_dir():
            raise damaged_sweep(folder, tr("state.json is missing."))
        raise RunError(tr("There is no sweep {id!r}.").format(id=folder.id), code="no-sweep")
    if state["sweep"] != folder.id:
        raise damaged_sweep(
            folder,
            tr("state.json belongs to the sweep {sweep!r}: the folder was copied or renamed.").format(
                sweep=state["sweep"][:60]
            ),
        )
    return state


def damaged_sweep(folder: SweepFolder, problem: str) -> RunError:
    return RunError(
        tr("The sweep {id!r} is damaged: {problem}").format(id=folder.id, problem=problem),
        code="damaged-sweep",
        remedy=tr("Restore its folder from a backup, or delete the sweep; its runs stay."),
    )


def write_sweep_state(folder: SweepFolder, state: SweepState, **changes: Any) -> SweepState:
    """Change fields of the state; for whoever holds the lock."""
    changed: Any = {**state, **changes}
    write_json(folder.path / "state.json", changed, durable=True)
    return changed  # type: ignore[no-any-return]


def read_config(folder: SweepFolder) -> SweepConfig:
    """What was asked. Raises RunError that names the file, the setting and the known ones."""
    try:
        values = parse_yaml(read_file(folder.path / "sweep.yaml", MOST_FILE).decode())
        if not isinstance(values, dict):
            raise SettingError(tr("sweep.yaml holds no settings."))
        return SweepConfig.model_validate(values)
    except ValidationError as error:
        raise damaged_sweep(folder, explain(error, SweepConfig).message) from error
    except SettingError as error:
        raise damaged_sweep(folder, error.message) from error
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise damaged_sweep(folder, tr("sweep.yaml cannot be read.")) from error


def read_sweep_plan(folder: SweepFolder) -> Plan:
    """The sweep's combinations and specs. Raises RunError where a file is damaged."""
    return plan_of(folder, tuple(key_of(folder.path / name) for name in ASKED))


def key_of(path: Path) -> tuple[int, int, int]:
    """Changes when a file does; zeros where there is none."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=MOST_PLANS)
def plan_of(folder: SweepFolder, key: tuple[tuple[int, int, int], ...]) -> Plan:
    """Read once while its files stay as they are, since whoever follows a sweep asks every second."""
    config = read_config(folder)
    try:
        spec = read_spec(folder.path / "spec.yaml")
        return read_plan(spec, config, [one["point"] for one in read_proposed(folder)])
    except SettingError as error:
        raise damaged_sweep(folder, error.message) from error


class Proposed(TypedDict):
    """A combination that Optuna has proposed."""

    point: Point


def read_proposed(folder: SweepFolder) -> list[Proposed]:
    """What Optuna has proposed so far, in this order. Raises RunError."""
    try:
        return read_checked(folder.path / "proposed.json", list[Proposed]) or []
    except DamagedFile as error:
        raise damaged_sweep(folder, error.message) from error


def write_proposed(folder: SweepFolder, points: list[Point]) -> None:
    write_json(folder.path / "proposed.json", [{"point": point} for point in points], durable=True)


def read_pruned(folder: SweepFolder) -> dict[str, Pruned]:
    """Run → why it was stopped early. Raises RunError."""
    try:
        return read_checked(folder.path / "pruned.json", dict[str, Pruned]) or {}
    except DamagedFile as error:
        raise damaged_sweep(folder, error.message) from error


def write_pruned(folder: SweepFolder, pruned: dict[str, Pruned]) -> None:
    write_json(folder.path / "pruned.json", pruned, durable=True)


def token_of(folder: SweepFolder, point: Point, seed: int) -> str:
    """The submission of a run, which finds it again; the same in later versions, whose specs say more."""
    asked = json.dumps([sorted(point.items()), seed])
    return f"sweep-{folder.id}-{sha256(asked.encode())}"
