"""What a task is judged by: the workspace's runs since the lesson was opened, and what is on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.inspection.space.layouts import MapAndJob, MapTrust, folder_of, read_map, read_trust
from selfsup_core.runs.folder import RunFolder, list_states, read_rows
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.state import RunState


@dataclass(frozen=True)
class RunSeen:
    """A run with its settings; its rows are read when a check asks."""

    folder: RunFolder
    state: RunState
    spec: RunSpec

    @property
    def called(self) -> str:
        """Without the settings at its end: the check names the one that matters."""
        name, _, rest = (self.state["name"] or self.folder.id).partition(" · ")
        return f"“{name} …”" if rest else f"“{name}”"

    @cached_property
    def rows(self) -> list[EpochRow]:
        """One per epoch, epoch 0 (before training) first."""
        return epoch_rows(read_rows(self.folder.metrics))


@dataclass(frozen=True)
class MapSeen:
    """A map on the screen. trust: None until somebody has asked whether it can be trusted."""

    about: MapAndJob
    trust: MapTrust | None


@dataclass(frozen=True)
class Looking:
    """What is on the screen.

    Attributes:
        run: "" for none. epoch: of the run, None for the newest.
        maps: keys of the map of a space, and of the one beside it.
    """

    run: str = ""
    epoch: int | None = None
    maps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """runs: newest first. looking: None where nothing is open. maps: that are open."""

    runs: tuple[RunSeen, ...]
    looking: Looking | None = None
    maps: tuple[MapSeen, ...] = ()


def gather(workspace: Path, since: str, looking: Looking | None = None) -> Evidence:
    """The evidence of a workspace.

    Args:
        since: when the lesson was opened, as a state writes times; "" for all runs.

    Runs that cannot be read, and short ones that a comparison has made, are left out.
    """
    found = []
    for state in list_states(workspace):
        if state["created"] < since or state["part_of"]:
            continue
        folder = RunFolder(workspace / "runs" / state["run"])
        try:
            spec = spec_at(folder.spec, folder.spec.stat().st_mtime_ns)
        except (StudioError, OSError):
            continue  # the page of the run says what is wrong with it
        found.append(RunSeen(folder, state, spec))
    return Evidence(tuple(found), looking, see_maps(workspace, looking.maps) if looking else ())


def see_maps(workspace: Path, keys: Iterable[str]) -> tuple[MapSeen, ...]:
    """Maps by their keys, without those that are gone."""
    found = []
    for key in keys:
        with suppress(StudioError):
            found.append(MapSeen(read_map(workspace, key), read_trust(folder_of(workspace, key))))
    return tuple(found)


@lru_cache(maxsize=1000)
def spec_at(path: Path, changed: int) -> RunSpec:
    """Read once: every open lesson asks for the same specs every few seconds.

    Args:
        changed: time of the file, part of what is remembered.
    """
    return read_spec(path)
