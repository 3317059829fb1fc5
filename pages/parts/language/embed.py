"""Embed: the texts of a data set become vectors of meaning, once; then a map, a search, and a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.language.embedded import FOLDER, show_list
from pages.parts.language.examples import offer
from pages.parts.shared import routes
from pages.parts.shared.choice import choose_asked, take_typed, write_asked
from pages.parts.shared.go import rerun
from pages.parts.shared.preset_and_data import refuse_source
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import (
    acting,
    errors_shown,
    plain,
    serves_this_machine_only,
    show_refusal,
    workspace,
)
from selfsup_core.data.sources import OWN_NAME, list_sources
from selfsup_core.errors import StudioError
from selfsup_core.export.embeddings import export_embeddings, list_embedded, open_texts
from selfsup_core.figures.standing import map_figure
from selfsup_core.inspection.subject import Subject
from selfsup_core.pretrained.encoders.catalogue import ENCODERS, check_name, find_encoder
from selfsup_core.runs.estimate import in_words
from selfsup_core.translation import tr
from selfsup_core.wording import ROW, percent

# Texts per second of one core: measured on posts of newsgroups; short texts are quicker.
FIRST = "newsgroups"  # English, as the first encoder is
GUESS = {"minilm": 30.0, "multilingual": 300.0}
POLL = 1.0
OFFERED, EXCERPT = 3, 60  # texts to search with, and their letters


def ask(source: str, tool: str, encoder: str, **values: Any) -> dict[str, Any]:
    asked = {"encoder": encoder, **values}
    return dict(routes.lab().ask(Subject("embedding", source), tool, asked).about)


def take_encoder(name: str) -> None:
    st.session_state["embed-encoder"] = name


def choose() -> tuple[str, str, int]:
    """(source or "", encoder or "", rows)."""
    sources = {
        name: source
        for name, source in list_sources(workspace()).items()
        if source.kind == "text" and not source.missing()
    }
    if not sources:
        st.info(
            tr("There are no texts on this machine yet. Upload a file on the Data page."),
            icon=":material/info:",
        )
        return "", "", 0
    first = next(iter(sources))
    data, encoder = st.columns(2, vertical_alignment="bottom")
    source = choose_asked(
        data,
        tr("Texts"),
        {n: s.title for n, s in sources.items()},
        key="embed-data",
        param="data",
        default=first if OWN_NAME.fullmatch(first) or FIRST not in sources else FIRST,
        refusal=lambda asked: refuse_source(asked, tr("Only texts can be embedded here.")),
        writes=True,
        help=tr("Each text becomes one vector."),
    )
    labels = {n: f"{ENCODERS[n].title} ({'English' if n == 'minilm' else '16 languages'})" for n in ENCODERS}
    if serves_this_machine_only():
        labels |= {FOLDER: FOLDER}
        take_typed("encoder", key="embed-encoder", option=FOLDER, field="embed-folder")
    name = choose_asked(
        encoder,
        tr("Encoder"),
        labels,
        key="embed-encoder",
        param="encoder",
        default=next(iter(ENCODERS)),
        refusal=lambda asked: tr("There is no encoder {asked!r} here. Known: {encoders}.").format(
            asked=asked, encoders=", ".join(ENCODERS)
        ),
        writes=True,
        unwritten=(FOLDER,),
        help=tr("The model that turns a text into numbers. Texts of similar meaning get similar vectors."),
    )
    if name is None or source is None:
        return source or "", "", 0
    if name == FOLDER:
        name = st.text_input(
            tr("Folder"),
            key="embed-folder",
            placeholder="/home/me/models/my-encoder",
            help=tr(
                "A folder in Hugging Face's layout: config.json, *.safetensors and a tokenizer. No code is "
                "run."
            ),
        ).strip()
        if not name:
            st.query_params.pop("encoder", None)
            return source, "", 0
        check_name(name if "/" in name or "\\" in name else f"./{name}")
        write_asked(name, key="embed-encoder", param="encoder")
    return source, name, sources[source].samples


def show_start(source: str, encoder: str, rows: int, looked: dict[str, Any]) -> None:
    """Estimated cost, warnings, and the start button."""
    about = find_encoder(encoder)
    if missing := about.missing():
        st.warning(missing, icon=":material/download:")
        return
    if looked["warning"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(looked["warning"].split(" The multilingual")[0]), icon=":material/translate:")
            if encoder != "multilingual" and not ENCODERS["multilingual"].missing():
                st.button(
                    tr("Use the multilingual encoder"),
                    key="embed-other",
                    on_click=take_encoder,
                    args=("multilingual",),
                )
    job = looked["job"]
    if job and job["status"] == "failed":
        st.error(plain(job["error"]), icon=":material/error:")
    if job and job["status"] == "stopped":
        st.caption(
            tr("Stopped at {done:,} of {total:,}. What is done is kept.").format(
                done=job["done"], total=job["total"]
            )
        )
    rate = (job or {}).get("rate") or GUESS.get(encoder)
    is_measured = bool((job or {}).get("rate"))
    basis = (
        tr("at the speed measured on this machine") if is_measured else tr("an estimate until it has started")
    )
    takes = (
        tr("about {in_words} ({basis})").format(in_words=in_words(rows / rate), basis=basis)
        if rate
        else tr("not known before it has started")
    )
    st.markdown(
        tr(
            "Each of the {rows:,} texts becomes {width} numbers; texts of similar meaning get similar "
            "numbers. They give you a map of all texts, search by meaning, and a classifier that needs few "
            "labels. Labels are not used."
        ).format(rows=rows, width=about.width)
    )
    st.caption(
        tr(
            "It takes {takes}, but only once: afterwards runs and maps start at once. You "
            "can leave this page."
        ).format(takes=takes)
    )
    if st.button(tr("Embed"), type="primary", icon=":material/play_arrow:", key="embed-start"):
        with errors_shown():
            ask(source, "start", encoder)
            rerun()


def show_progress(source: str, encoder: str) -> None:
    """Poll the job once a second; rerun the page when it has ended."""

    @st.fragment(run_every=POLL)
    def poll() -> None:
        try:
            job = ask(source, "look", encoder)["job"]
        except StudioError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        if not job or job["status"] not in ("running", "paused"):
            rerun()
        is_paused = job["status"] == "paused"
        word = tr("Paused") if is_paused else tr("Reading") if job["stage"] == "reading" else tr("Embedding")
        left = (
            tr(", about {in_words} left").format(in_words=in_words(job["seconds_left"]))
            if job["seconds_left"] and not is_paused
            else ""
        )
        rate = tr(", {rate:,.0f} texts/s").format(rate=job["rate"]) if job["rate"] and not is_paused else ""
        share = job["done"] / max(1, job["total"]) if job["stage"] != "reading" else 0.0
        st.progress(
            min(1.0, share),
            tr("{word}: {done:,} of {total:,}{rate}{left}").format(
                word=word, done=job["done"], total=job["total"], rate=rate, left=left
            ),
        )
        with st.container(horizontal=True):
            other = "resume" if is_paused else "pause"
            if st.button(
                other.capitalize(),
                key="embed-pause",
                icon=":material/play_arrow:" if is_paused else ":material/pause:",
            ):
                with acting("embed"):
                    ask(source, other, encoder)
                    rerun(scope="fragment")
            if st.button(
                tr("Stop"),
                key="embed-stop",
                icon=":material/stop:",
                help=tr("What is done is kept, and you can continue later."),
            ):
                with acting("embed"):
                    ask(source, "stop", encoder)
                    rerun(scope="fragment")
        show_refusal("embed")
        if job["note"]:
            st.caption(plain(job["note"]))

    poll()


def show_result(source: str, encoder: str) -> None:
    st.badge(tr("Embedded"), icon=":material/check_circle:", color="green")
    made = ask(source, "map", encoder)
    figure = map_figure(
        np.array(made["points"]).reshape(-1, 2),
        np.array(made["labels"]),
        made["classes"],
        texts=made["texts"],
        height=460,
    )
    st.plotly_chart(figure, key="embed-map", config={"displayModeBar": False})
    shown = len(made["rows"])
    of = (
        tr("{shown:,} of {total:,} texts, drawn in the classes' shares").format(
            shown=shown, total=made["total"]
        )
        if shown < made["total"]
        else tr("{shown:,} texts").format(shown=shown)
    )
    st.caption(
        tr(
            "{of}, by PCA: the two directions that vary most hold {explained} of the "
            "variance, the rest is not visible here. Labels only color the map."
        ).format(of=of, explained=percent(made["explained"]))
    )
    offer_texts(source)
    text = st.text_input(
        tr("Find texts of similar meaning"),
        key="embed-find",
        placeholder=tr("a rocket that flies to the moon"),
        help=tr("By the cosine between the full vectors, not by distance on the map."),
    )
    if text.strip():
        with errors_shown():
            found = ask(source, "nearest", encoder, text=text)["found"]
            rows = [
                {
                    "Cosine": f["cosine"],
                    **({"Label": f["label"]} if made["classes"] else {}),
                    "Text": f["text"],
                    ROW: f["row"],
                }
                for f in found
            ]
            st.dataframe(
                rows,
                hide_index=True,
                key="embed-found",
                column_config={"Cosine": st.column_config.NumberColumn(format="%.3f")},
            )
    with st.container(horizontal=True), errors_shown():
        show_downloads(source, encoder)
        st.page_link(
            "pages/latent.py",
            label=tr("Explore these embeddings"),
            icon=":material/scatter_plot:",
            query_params={"space": f"embedding:{source}:{encoder}", "map": "umap"},
        )
        if made["classes"]:
            st.page_link(
                "pages/classify.py",
                label=tr("Train a classifier on these"),
                icon=":material/category:",
                query_params={"do": "pseudo", "data": source},
            )


def offer_texts(source: str) -> None:
    """Texts of the set to search with, one click away."""
    offer(tr("Try it with a text of the set"), "embed-find", excerpts(str(workspace()), source))


@st.cache_data(max_entries=100, ttl=600, show_spinner=False)
def excerpts(root: str, source: str) -> list[str]:
    """How three texts begin that are spread over the set. Args: root: of the workspace, part of the cache
    key.
    """
    texts = open_texts(Path(root), source)[1]
    step = max(1, len(texts) // (OFFERED + 1))
    found = []
    for row in range(step // 2, len(texts), step):
        words = " ".join(str(texts[row])[: 4 * EXCERPT].split())
        cut = words if len(words) <= EXCERPT else words[: words.rfind(" ", 0, EXCERPT)] or words[:EXCERPT]
        if cut and cut not in found:
            found.append(cut)
    return found[:OFFERED]


def show_downloads(source: str, encoder: str) -> None:
    for kind, title in (("npz", "NPZ"), ("parquet", tr("Parquet"))):
        key = f"{source}-{encoder}-{kind}"
        if st.session_state.get("embed-file", ("",))[0] == key:
            st.download_button(
                tr("Download {title}").format(title=title),
                st.session_state["embed-file"][1],
                f"{source}-embeddings.{kind}",
                key=f"embed-take-{kind}",
                icon=":material/download:",
                on_click="ignore",
            )
        elif st.button(
            tr("As {title}").format(title=title),
            key=f"embed-make-{kind}",
            icon=":material/description:",
            help=tr("Row, label and vector of each text."),
        ):
            st.session_state["embed-file"] = (key, export_embeddings(workspace(), source, encoder, kind))
            rerun()


def show_chosen(source: str, encoder: str, rows: int) -> None:
    """The job or its result; until there is one, the texts are shown below."""
    kept = list_embedded(workspace())
    status, below = st.container(), st.container()
    if not any(e["is_finished"] and (e["source"], e["encoder"]) == (source, encoder) for e in kept):
        with below:
            show_samples(source)
    with status, errors_shown():
        with st.spinner(
            tr("Checking whether the encoder knows the language of these texts …"), show_time=True
        ):
            looked = ask(source, "look", encoder, check=True)
        job = looked["job"]
        if job and job["status"] in ("running", "paused"):
            show_progress(source, encoder)
        elif looked["ready"]:
            show_result(source, encoder)
        else:
            show_start(source, encoder, rows, looked)


def show() -> None:
    """The whole mode."""
    with errors_shown():
        source, encoder, rows = choose()
        if source and encoder:
            show_chosen(source, encoder, rows)
        elif source:
            show_samples(source)
    show_list(source, encoder)
