"""The Export panel of a run: what to take away, a button that makes the file, one that downloads it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from pages.parts.shared.choice import choose_one
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.data.limits import MB
from selfsup_core.errors import RunError
from selfsup_core.export.card import MOST_LETTERS, keep_card, read_card
from selfsup_core.export.take_away import OFFERS, Offer
from selfsup_core.files import sha256
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.translation import tr

MOST_BYTES = 300 * MB  # a download is held in the server's memory
PACE = 5.0  # seconds
MADE = "take-away-made"  # of the session: (run, offer, file name, content, sentence)
KINDS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".zip": "application/zip",
    ".gif": "image/gif",
    ".webm": "video/webm",
    ".mp4": "video/mp4",
}


def show_take_away(folder: RunFolder) -> None:
    """Nothing while the run is at work: its files still change."""
    if read_state(folder)["status"] not in ENDED:
        wait_for_end(folder)
        return
    with st.expander(
        tr("Export this run"), icon=":material/download:", key="take-away", on_change="rerun"
    ) as box:
        if box.open:
            show_open(folder)


@st.fragment(run_every=PACE)
def wait_for_end(folder: RunFolder) -> None:
    """The stage draws by itself what a run at work does, so this part looks for its end on its own."""
    with errors_shown():
        if read_state(folder)["status"] in ENDED:
            rerun()


@st.fragment
def show_open(folder: RunFolder) -> None:
    titles = {name: offer.title for name, offer in OFFERS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_one(st, tr("What"), titles, key="take-away-what")
        is_asked = st.button(tr("Prepare"), key="take-away-go", icon=":material/archive:", type="primary")
    offer = OFFERS[chosen]
    st.caption(plain(offer.about))
    if offer.has_card:
        edit_card(folder)
    if is_asked:
        st.session_state.pop(MADE, None)
        with errors_shown(), st.spinner(tr("Writing the file …")):
            content, said = make(folder, offer)
            # The digest keeps apart what Streamlit may take for the same file.
            name = f"{folder.id}-{sha256(content)[:8]}{offer.suffix}"
            st.session_state[MADE] = (folder.id, chosen, name, content, said)
    run, what, name, content, said = st.session_state.get(MADE, ("", "", "", b"", ""))
    if (run, what) != (folder.id, chosen):
        return
    if said:
        st.caption(plain(said))
    megabytes = len(content) / MB
    st.download_button(
        tr("Download ({megabytes:.1f} MB)").format(megabytes=megabytes),
        content,
        name,
        KINDS.get(Path(name).suffix, "application/octet-stream"),
        key="take-away-file",
        icon=":material/download:",
        on_click="ignore",
    )


def edit_card(folder: RunFolder) -> None:
    """The model card as text; what is written there is kept with the run."""
    with errors_shown():
        card, _ = read_card(folder)
        key = f"take-away-card-{folder.id}"
        st.session_state.setdefault(key, card)
        text = st.text_area(
            tr("Model card"),
            key=key,
            height=240,
            max_chars=MOST_LETTERS,
            help=tr("Markdown. Leave it empty to bring back the card that is made from the run."),
        )
        if text != card:
            keep_card(folder, text)
        if not text.strip():
            st.session_state.pop(key)
            st.caption(tr("The card that is made from the run is used."))


def make(folder: RunFolder, offer: Offer) -> tuple[bytes, str]:
    """The file's content, and what is said of it. Raises RunError: it is too large for a download."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / f"file{offer.suffix}"
        said = offer.make(folder, target)
        size = target.stat().st_size
        if size > MOST_BYTES:
            raise RunError(
                tr("The file has {size:,.0f} MB; at most {most_bytes} MB can be downloaded here.").format(
                    size=size / MB, most_bytes=MOST_BYTES // MB
                ),
                code="too-large",
                remedy=tr("Write it with the command line: `python -m selfsup_core runs pack RUN out.zip`."),
            )
        return target.read_bytes(), said
