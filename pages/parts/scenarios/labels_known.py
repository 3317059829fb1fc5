"""The control "Labels known" of a scenario: which share of the training rows shows its answer."""

from __future__ import annotations

from collections.abc import Mapping

from pages.parts.shared.forms import number_field
from pages.parts.shared.new_run import Places, Recipe
from selfsup_core.settings import Setting
from selfsup_core.translation import tr

PATH = "data.labels_fraction"
LEAST = 0.1  # percent


def choose_known(
    recipe: Recipe, settings: Mapping[str, Setting], at: Places, *, about: str
) -> dict[str, object]:
    """The control in its place; its value by path.

    Args:
        about: what a label is here, and what happens to the rows without one; a sentence or two of help.
    """
    usual = recipe.base.data.labels_fraction
    key = f"scenarios-known-{recipe.preset}-{recipe.source}"
    recipe.asked.begin(settings[PATH], key, usual, shown=lambda share: round(100 * share, 3))
    chosen = number_field(
        at.detail, tr("Labels known, %"), LEAST, 100.0, step=5.0, format="%g", key=key, help=about
    )
    return {PATH: round(float(chosen) / 100, 6)}
