"""Speech to text: from transcribed clips, and from pseudo-transcripts where transcripts are hidden; then
one's own voice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.scenarios.mode import Scenario
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.new_files import lying
from pages.parts.shared.uploader import shows, uploader
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.spoken import wave_of
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

ENDINGS = ["wav", "flac", "mp3", "ogg", "zip"]
SHOWN = 3  # clips, before a run
ABOUT = tr_later(
    "A network hears a clip and writes down what is said, letter by letter ([[CTC]]). Hide most transcripts, "
    "and it writes them for the other clips itself: the [[student]] learns from those that it is sure of, "
    "its [[twin]] does not. Press Train to watch."
)
KNOWN = tr_later(
    "Share of the training clips whose transcript is known. The network writes one for the others itself, "
    "and learns from those it is sure of; or a Whisper model does (Advanced, Objective). With 100 nothing is "
    "hidden."
)


def show_samples(dataset: Dataset) -> None:
    """Some of the clips."""
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


SCENARIO = Scenario(
    name="speech",
    task="transcribe",
    kind="sound",
    beside="transcript",
    about=ABOUT,
    known=KNOWN,
    data_help=tr_later(
        "Clips with transcripts. Your own come from a ZIP file of sounds with a table of transcripts."
    ),
    needs=tr_later("Speech to text takes sounds with transcripts."),
    show_samples=show_samples,
    show_own=show_own,
)
