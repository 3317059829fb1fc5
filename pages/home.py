"""Home: what this is, cards that lead to all that the app does, and the newest runs."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import streamlit as st

from pages.parts.shared.runlist import show_rows
from pages.parts.shared.workspace import errors_shown, start, workspace
from selfsup_core.data.sources import SOURCES
from selfsup_core.places import ASSETS
from selfsup_core.runs.examples import add_examples
from selfsup_core.runs.folder import ACTIVE, list_states, scan_runs
from selfsup_core.runs.spec import preset_spec

MOST_RECENT = 5


@dataclass(frozen=True)
class Card:
    """One thing to do.

    Attributes:
        minutes: how long it takes on two CPU cores, in words; "" where nothing is trained.
        preset: of the run that its button starts; "" where the button opens the page only.
    """

    key: str
    picture: str
    alt: str
    title: str
    text: str
    page: str
    button: str
    minutes: str = ""
    preset: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)


CARDS = (
    Card(
        "map",
        "map",
        "Points of a map move apart by color, then pictures of clothes fill the plane.",
        "See a whole data set as a map",
        "Two numbers for each picture: 5,000 clothes sort themselves on a plane, and every place decodes to a picture. No labels.",
        "pages/autoencoder.py",
        "Train",
        "about 1 minute",
        "vae-two-numbers",
        {"data.source": "fashion-5k", "train.epochs": 40, "train.epochs_per_second": 3.0},
    ),
    Card(
        "rebuild",
        "rebuild",
        "Emoji, and below them reconstructions that sharpen from epoch to epoch.",
        "Watch pictures being rebuilt",
        "A network squeezes emoji through 32 numbers and learns to rebuild them: blurred averages first, then details.",
        "pages/autoencoder.py",
        "Train",
        "about 2 minutes",
        "convolutional",
        {"data.source": "emoji", "train.epochs": 40, "train.epochs_per_second": 3.0},
    ),
    Card(
        "pseudo",
        "pseudo",
        "Two curves over rounds: the student's accuracy rises above its twin's.",
        "Learn from a handful of labels",
        "A classifier labels the unlabeled samples itself. Its twin trains without them, so you see whether that helps.",
        "pages/classify.py",
        "Train",
        "under 1 minute",
        "pseudo-image",
        {"data.source": "digits"},
        {"do": "pseudo"},
    ),
    Card(
        "language",
        "language",
        "Text that a model writes: noise at first, then words and lines like a play.",
        "Train a language model",
        "It reads Shakespeare letter by letter, predicts the next letter, and soon writes lines of its own.",
        "pages/language.py",
        "Train",
        "about 5 minutes",
        "gpt-characters",
        {"data.source": "shakespeare"},
        {"do": "train"},
    ),
    Card(
        "latent",
        "latent",
        "1,906 emoji on a map, similar ones side by side.",
        "Explore a latent space",
        "Zoom into a map of emoji, select an island and ask what its members have in common.",
        "pages/latent.py",
        "Open",
        address={"space": "data:emoji", "map": "umap"},
    ),
    Card(
        "own",
        "",
        "",
        "Bring your own data",
        "Images, texts, tables or sounds. They are checked first: copies, rare classes, suspicious labels. Nothing leaves this machine.",
        "pages/data.py",
        "Choose files",
    ),
)


@st.cache_data(show_spinner=False)
def picture_of(name: str, alt: str) -> str:
    """An animated picture and a still one for people who prefer reduced motion, as one HTML element."""

    def address(file: str) -> str:
        return "data:image/webp;base64," + base64.b64encode((ASSETS / "home" / file).read_bytes()).decode()

    moving = f"{name}.webp" if (ASSETS / "home" / f"{name}.webp").is_file() else f"{name}-still.webp"
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{address(f"{name}-still.webp")}">'
        f'<img src="{address(moving)}" alt="{alt}" width="480" height="270" '
        'style="width:100%;height:auto;aspect-ratio:16/9;display:block"></picture>'
    )


ICONS = (
    "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
    "M5 6h14M5 10h14M5 14h9M5 18h11",
    "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
    "M4 10v4M8 7v10M12 4v16M16 8v8M20 10v4",
)
KINDS = (
    '<div role="img" aria-label="Images, texts, tables and sounds" class="home-kinds">'
    + "".join(f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>' for path in ICONS)
    + "</div>"
)


def show_card(card: Card) -> None:
    with st.container(border=True, height="stretch", gap="small", key=f"home-{card.key}"):
        st.html(picture_of(card.picture, card.alt) if card.picture else KINDS)
        st.markdown(f"##### {card.title}")
        st.markdown(card.text)
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = ":material/play_arrow:" if card.preset else ":material/arrow_forward:"
            is_first = card is CARDS[0]
            if st.button(
                card.button,
                key=f"card-{card.key}",
                type="primary" if is_first else "secondary",
                icon=icon,
                help=f"{card.button}: {card.title}",
            ):
                open_card(card)
            if card.minutes:
                st.caption(card.minutes)


def open_card(card: Card) -> None:
    if not card.preset:
        st.switch_page(card.page, query_params=card.address)
    with errors_shown():
        changes = dict(card.changes)
        # Where a data package could not be installed, the preset's own data or the digits serve as well.
        if SOURCES[changes["data.source"]].missing():
            changes["data.source"] = "digits"
        run = start(preset_spec(card.preset, changes), preset=card.preset, button=f"card-{card.key}")
        st.switch_page(card.page, query_params={**card.address, "run": run})


def show_recent() -> None:
    states = list(islice(scan_runs(workspace()), MOST_RECENT))
    if not states:
        st.caption("None yet. Start one above.")
        return
    show_rows(states, where="home")
    st.page_link("pages/runs.py", label="All runs", icon=":material/list:")


st.title("See a network teach itself", anchor=False)
st.markdown(
    "Train a real network on this machine, without labels or with few, and watch what it learns. "
    "Every epoch is kept: pause, step, and scrub back to the very beginning."
)
for row in (CARDS[:3], CARDS[3:]):
    for column, card in zip(st.columns(3), row, strict=True):
        with column:
            show_card(card)
with errors_shown():
    add_examples(workspace())
st.subheader("Recent runs", anchor=False)
is_busy = any(state["status"] in ACTIVE for state in list_states(workspace()))
st.fragment(run_every=2.0 if is_busy else None)(show_recent)()
