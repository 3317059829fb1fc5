"""What the modes with few labels share: the form of a new run, and the run with one's own input below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from pages.parts.scenarios.labels_known import PATH, choose_known
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import Form, Places, Recipe, new_run, open_here
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.dataset import Dataset, Kind
from selfsup_core.data.sources import open_source
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.translation import tr

ADVANCED: Groups = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (*STEPS, *PACE),
    "Data": SPLIT,
    "Recording": KEPT,
}


def columns() -> Places:
    data, recipe, known, epochs, train, more = st.columns(
        (2, 1.7, 1.2, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, known, epochs, train, more)


@dataclass(frozen=True)
class Scenario:
    """One mode.

    Attributes:
        name: of the mode, and prefix of the keys of its widgets. task: of its runs.
        kind: of the data that it takes. beside: the array of answers that they must have.
        about: what is learned. known: help of "Labels known". data_help, needs: of the choice of data. All of
        them as `tr_later` marks them.
        show_samples: shows some of the data, before a run.
        show_own: tries the network of a run on one's own input.
    """

    name: str
    task: str
    kind: Kind
    beside: str
    about: str
    known: str
    data_help: str
    needs: str
    show_samples: Callable[[Dataset], None]
    show_own: Callable[[RunFolder], None]

    @cached_property
    def form(self) -> Form:
        return Form(
            task=self.task,
            prefix=f"{self.name}-",
            columns=columns,
            recipe=self.choose_recipe,
            detail=lambda recipe, settings, at: choose_known(recipe, settings, at, about=tr(self.known)),
            groups=lambda recipe: ADVANCED,
            always=f"{self.name}-data",
            offer=lambda recipe, spec: {PATH: None},
            address={"do": self.name},
        )

    def choose_recipe(self, at: Places, asked: Asked) -> Recipe:
        """Data with answers, and a recipe: the one that was made for them, where there is one."""
        presets, wanted = list(list_presets(self.task)), st.query_params.get("preset", "")
        first = wanted if wanted in presets else presets[0]
        source = choose_source(
            at.data,
            tr("Data"),
            usable_sources(lambda source: source.kind == self.kind and self.beside in source.beside),
            asked=asked,
            key=f"{self.name}-data",
            default=preset_spec(first).data.source,
            help=tr(self.data_help),
            needs=tr(self.needs),
        )
        own = [name for name in presets if preset_spec(name).data.source == source]
        preset = choose_preset(
            at.model,
            tr("Recipe"),
            presets,
            self.task,
            asked=asked,
            key=f"{self.name}-preset-{source}",
            default=(own or [first])[0],
        )
        return Recipe(preset, source, preset_spec(preset), mark=preset, asked=asked)

    def show(self) -> None:
        """The whole mode."""
        chosen = new_run(self.form)
        run = st.query_params.get("run", "")
        if not run:
            if chosen.spec:
                caption(tr(self.about))
                with errors_shown():
                    self.show_samples(open_source(chosen.spec.data.source, workspace()))
            return
        if not (asked := open_here(run, (self.task,))):
            return
        folder, _ = asked
        show_run(folder.id)
        self.show_own(folder)
