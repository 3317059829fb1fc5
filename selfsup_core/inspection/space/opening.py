"""Spaces by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.errors import SettingError
from selfsup_core.inspection.space.base import Space
from selfsup_core.inspection.space.data_spaces import DataSpace, EmbeddingSpace
from selfsup_core.inspection.space.listing import WHAT
from selfsup_core.inspection.space.run_spaces import CodeSpace, TokenSpace, ViewsSpace
from selfsup_core.inspection.space.score_space import ScoreSpace
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.model_at import Kits


def open_space(name: str, workspace: Path, kits: Kits) -> Space:
    """data:SOURCE, embedding:SOURCE:ENCODER or run:ID.

    Raises:
        SettingError: it is called otherwise. DataError, RunError: it is not there.
    """
    kind, _, rest = name.partition(":")
    if kind == "data" and rest:
        return DataSpace(name, workspace)
    if kind == "embedding" and rest.count(":") == 1:
        return EmbeddingSpace(name, workspace)
    if kind == "run" and rest:
        from selfsup_core.runs.folder import open_run
        from selfsup_core.runs.spec import read_spec, task_of

        folder = open_run(workspace, rest)
        spec = read_spec(folder.spec)
        task, full = task_of(spec), f"run:{folder.id}"
        if task not in WHAT:
            raise SettingError(
                tr("The run {id} has no space of vectors to explore.").format(id=folder.id),
                remedy=tr("`space list` shows those that have one."),
            )
        if task == "language":
            return TokenSpace(full, workspace, folder, spec)
        if task in ("classify", "pseudo"):
            return ScoreSpace(full, workspace, folder, spec)
        if task == "views":
            return ViewsSpace(full, workspace, folder, spec, kits)
        return CodeSpace(full, workspace, folder, spec, kits)
    raise SettingError(
        tr("There is no space {name!r}.").format(name=name),
        remedy=tr("Write data:SET, embedding:SET:ENCODER or run:ID; `space list` shows them."),
    )
