"""Speech to text: from transcribed clips, and from pseudo-transcripts where transcripts are hidden; then
one's own voice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.scenarios.labels_known import choose_known
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_files import lying
from pages.parts.shared.new_run import Form, Places, Recipe, new_run, open_here
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.terms import caption
from pages.parts.shared.uploader import shows, uploader
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import Source, open_source
from selfsup_core.data.spoken import wave_of
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

ADVANCED: Groups = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (*STEPS, *PACE),
    "Data": SPLIT,
    "Recording": KEPT,
}
ENDINGS = ["wav", "flac", "mp3", "ogg", "zip"]
SHOWN = 3  # clips, before a run
ABOUT = tr_later(
    "A network hears a clip and writes down what is said, letter by letter ([[CTC]]). Hide most transcripts, "
    "and it writes them for the other clips itself: the [[student]] learns from those that it is sure of, "
    "its [[twin]] does not. Press Train to watch."
)
KNOWN = tr_later(
    "Share of the training clips whose transcript is known. The network writes one for the others itself, "
    "and learns from those it is sure of. With 100 nothing is hidden."
)


def speech_sources() -> dict[str, Source]:
    return usable_sources(lambda source: source.kind == "sound" and "transcript" in source.beside)


def columns() -> Places:
    data, recipe, known, epochs, train, more = st.columns(
        (2, 1.7, 1.2, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, known, epochs, train, more)


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    wanted = st.query_params.get("preset", "")
    presets, sources = list_presets("transcribe"), speech_sources()
    first = wanted if wanted in presets else next(iter(presets))
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        key="speech-data",
        default=preset_spec(first).data.source,
        help=tr(
            "Clips with transcripts. Your own come from a ZIP file of sounds with a table of transcripts."
        ),
        needs=tr("Speech to text takes sounds with transcripts."),
    )
    preset = choose_preset(
        at.model,
        tr("Recipe"),
        list(presets),
        "transcribe",
        asked=asked,
        key=f"speech-preset-{source}",
        default=first,
    )
    return Recipe(preset, source, preset_spec(preset), mark=preset, asked=asked)


FORM = Form(
    task="transcribe",
    prefix="speech-",
    columns=columns,
    recipe=choose_recipe,
    detail=lambda recipe, settings, at: choose_known(recipe, settings, at, about=tr(KNOWN)),
    groups=lambda recipe: ADVANCED,
    always="speech-data",
    offer=lambda recipe, spec: {"data.labels_fraction": None},
    address={"do": "speech"},
)


def show_about(spec: RunSpec) -> None:
    """What is learned, and some of the clips."""
    caption(tr(ABOUT))
    with errors_shown():
        dataset = open_source(spec.data.source, workspace())
        rate = int(dataset.details.get("rate", 16_000))
        for row in range(min(SHOWN, len(dataset))):
            st.audio(wave_of(dataset, row).astype(np.float32) / 32768, sample_rate=rate)
            st.caption(plain(str(dataset.extra["transcript"][row]) or "…"))


@st.fragment
def show_own(folder: RunFolder) -> None:
    """A recording of one's own, written down by the network at an epoch."""
    with st.container(border=True, key="speech-own"):
        st.markdown(tr("**Try your own voice**"))
        epoch = choose_epoch(folder, "speech-epoch")
        if epoch is None:
            st.caption(tr("The first epoch has not been measured yet."))
            return
        left, right = st.columns(2)
        with left:
            spoken = st.audio_input(
                tr("Recording"),
                key="speech-recording",
                help=tr("Say a few words of those that the network has learned, without haste."),
            )
            shows(spoken)
        with right:
            files = uploader(
                tr("Sound files"),
                ENDINGS,
                key="speech-files",
                several=True,
                help=tr("WAV, FLAC, MP3 or OGG, a minute each at most, or a ZIP file of them."),
            )
        given = [*([spoken] if spoken else []), *files]
        if given:
            with errors_shown():
                show_said(folder, given, epoch)


def show_said(folder: RunFolder, given: list[Any], epoch: int) -> None:
    with lying(given) as paths:
        about = (
            routes.lab()
            .ask(Subject("transcriber", folder.id), "transcribe", {"files": paths, "epoch": epoch})
            .about
        )
    for clip in about["clips"]:
        with st.container(key=f"speech-said-{clip['name']}"):
            st.text(clip["text"] or "…")
            st.caption(
                plain(
                    tr("{name}: {seconds:.1f} s; epoch {epoch}, mean probability {share}.").format(
                        name=clip["name"],
                        seconds=clip["seconds"],
                        epoch=about["epoch"],
                        share=percent(clip["sure"]),
                    )
                )
            )
            if clip["note"]:
                st.caption(plain(clip["note"]))


def show() -> None:
    """The whole mode."""
    chosen = new_run(FORM)
    run = st.query_params.get("run", "")
    if not run:
        if chosen.spec:
            show_about(chosen.spec)
        return
    if not (asked := open_here(run, ("transcribe",))):
        return
    folder, _ = asked
    show_run(folder.id)
    show_own(folder)
