"""The recipe that a sweep starts from: a preset, a spec's file, or that of a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from selfsup_core.errors import RunError, SettingError
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import MOST_NAME, RunSpec, make_spec, read_spec
from selfsup_core.settings import Values
from selfsup_core.translation import tr

YAML = (".yaml", ".yml")


def read_recipe(workspace: Path, recipe: str, changes: Values) -> tuple[RunSpec, str]:
    """(spec, name of its preset or "").

    Args:
        recipe: a preset's name, a YAML file, or a run by its id or name.
        changes: settings by path.

    Raises:
        SettingError: there is no such recipe, or a setting is wrong. StudioError: it would fail.
    """
    path = Path(recipe)
    if path.suffix in YAML:
        spec, preset = compose_spec(workspace, partial(read_spec, path), changes), ""
    elif recipe in list_presets(""):
        spec, preset = compose_spec(workspace, partial(preset_spec, recipe), changes, preset=recipe), recipe
    else:
        spec, preset = of_run(workspace, recipe, changes)
    check_spec(workspace, spec)
    return spec, preset


def of_run(workspace: Path, run: str, changes: Values) -> tuple[RunSpec, str]:
    try:
        folder = open_run(workspace, run)
    except RunError as error:
        if error.code != "no-run":
            raise
        raise SettingError(
            tr("There is no preset, run or spec file {recipe!r}.").format(recipe=run[:80]),
            remedy=tr("`presets` lists the presets, `runs list` the runs."),
        ) from error
    state = read_state(folder)
    name = {"name": state["name"][:MOST_NAME]} if state["name"] else {}
    return make_spec(read_spec(folder.spec).as_dict(), {**name, **changes}), state["preset"]
