"""Below a generator's run: draw another image at any epoch, and compare with autoencoders of its data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.epochs import asked_epoch
from pages.parts.shared.forms import number_field
from pages.parts.shared.samples import png_of
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.figures.standing import picture_sheet
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.assignments import train_command
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.frames import read_about
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import brief

MOST, USUAL = 16, 8  # images at once
SIDE = 72  # pixels on the screen of an image
DRAWN, BESIDE = "generate-drawn", "generate-beside"  # of the session: what was asked, and the answer
# Kind of autoencoder → how it is called, and the preset that trains one.
AUTOENCODERS = {"vae": (tr_later("VAE"), "vae"), "vq": (tr_later("VQ autoencoder"), "vq")}


def show_drawing(folder: RunFolder) -> None:
    """Both, once there are weights to draw with."""
    if not list_frames(folder.weights):
        return
    with errors_shown():
        spec = read_spec(folder.spec)
        show_draw(folder, spec)
        show_beside(folder, spec)


@st.fragment
def show_draw(folder: RunFolder, spec: RunSpec) -> None:
    """Class, number and seed, and what is drawn from them."""
    st.subheader(tr("Draw another"), anchor=False)
    if (kept := st.session_state.get(DRAWN)) and kept[0][0] != folder.id:
        st.session_state.pop(DRAWN)  # of another run
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = choose_class(folder, spec)
        st.session_state.setdefault("generate-count", USUAL)
        several = number_field(
            st, tr("Images"), 1, MOST, key="generate-count", help=tr("How many are drawn at once."), width=140
        )
        # A click on the button takes the next seed, and must set it before the field is made.
        st.session_state.setdefault("generate-seed", 1)
        place = st.container(width=140)
        if st.button(
            tr("Draw another"),
            type="primary",
            icon=":material/brush:",
            key="generate-draw",
            help=tr("Draw from new noise: the next seed."),
        ):
            if DRAWN in st.session_state:
                st.session_state["generate-seed"] += 1
            st.session_state[DRAWN] = None
        seed = int(
            number_field(
                place,
                tr("Seed"),
                0,
                2**31 - 1,
                key="generate-seed",
                help=tr("The same seed draws the same images."),
            )
        )
    if DRAWN not in st.session_state:
        return
    epoch = asked_epoch(list_frames(folder.weights))
    asked = {"label": label, "count": int(several), "seed": seed, "epoch": epoch}
    answer = answered(DRAWN, folder, "draw", asked)
    if answer:
        show_drawn(answer, folder, seed)


def choose_class(folder: RunFolder, spec: RunSpec) -> str:
    """The class to draw, "" for all in turn; no choice where the network was told none."""
    is_told = getattr(spec.objective, "guided", False)
    about = read_about(folder.frames / "static.safetensors") if is_told else {}
    classes = json.loads(about.get("classes", "[]"))
    return str(
        st.selectbox(
            tr("Class"),
            ["", *classes],
            key=f"generate-class-{spec.data.source}",  # others have other classes
            format_func=lambda name: name or tr("All in turn"),
            help=tr("What the images shall be of."),
            width=220,
        )
    )


def answered(key: str, folder: RunFolder, question: str, values: dict[str, Any]) -> Answer | None:
    """The answer, asked once for the same values, also where it was refused."""
    asked = (folder.id, question, *values.items())
    kept = st.session_state.get(key)
    with errors_shown():
        if kept is None or kept[0] != asked:
            st.session_state[key] = (asked, None)
            with st.spinner(tr("Drawing …")):
                answer = routes.lab().ask(Subject("generator", folder.id), question, values)
                st.session_state[key] = (asked, answer)
    found: Answer | None = st.session_state[key][1]
    return found


def sheet_of(lines: list[np.ndarray], item_shape: tuple[int, ...]) -> np.ndarray:
    """Stacks of as many images (N, D) each, as one picture, enlarged without smoothing."""
    sheet = picture_sheet(np.concatenate(lines), item_shape, columns=len(lines[0]))
    times = max(1, SIDE // item_shape[0])
    return sheet.repeat(times, axis=0).repeat(times, axis=1)


def show_drawn(answer: Answer, folder: RunFolder, seed: int) -> None:
    """Images over the nearest training image of each."""
    about, shape = answer.about, tuple(answer.about["item_shape"])
    sheet = sheet_of([answer.arrays["images"], answer.arrays["nearest"]], shape)
    said = tr("Drawn images, and below each the training image that is nearest to it")
    st.image(sheet, alt=said)
    usual = about["usual_distance"] or 1.0
    shares = answer.arrays["nearest_distance"] / usual
    names = ", ".join(dict.fromkeys(name for name in about["labels"] if name))
    st.caption(
        plain(
            tr(
                "{said}. Weights of epoch {epoch}, seed {seed}{names}. They are {low}× to {high}× as far "
                "from it as real new images are."
            ).format(
                said=said,
                epoch=about["epoch"],
                seed=seed,
                names=f", {names}" if names else "",
                low=brief(float(shares.min()), 2),
                high=brief(float(shares.max()), 2),
            )
        )
    )
    st.download_button(
        tr("Download the images (PNG)"),
        png_of(sheet_of([answer.arrays["images"]], shape) / 255),
        f"{folder.id}-epoch-{about['epoch']}-seed-{seed}.png",
        "image/png",
        key="generate-png",
        icon=":material/download:",
        on_click="ignore",
    )


@st.fragment
def show_beside(folder: RunFolder, spec: RunSpec) -> None:
    """Images of autoencoders that have the same data, with the distance of each."""
    with st.expander(
        tr("Beside autoencoders of the same data"),
        icon=":material/compare:",
        key=BESIDE + "-open",
        on_change="rerun",
    ) as box:
        if not box.open:
            return
        epoch = asked_epoch(list_frames(folder.weights))
        answer = answered(BESIDE, folder, "beside", {"epoch": epoch})
        if answer is None:
            return
        about, shape = answer.about, tuple(answer.about["item_shape"])
        titles = {"generator": tr("This run"), "real": tr("Real training images")} | {
            kind: f"{tr(title)}: {plain(about['names'].get(kind, ''))}"
            for kind, (title, _) in AUTOENCODERS.items()
        }
        for kind in ("real", "generator", *AUTOENCODERS):
            if kind not in answer.arrays:
                continue
            st.markdown(f"**{titles[kind]}** · {say_distance(about['frechet'][kind])}")
            st.image(sheet_of([answer.arrays[kind]], shape), alt=titles[kind])
        if about["judge"]:
            st.caption(
                plain(
                    tr(
                        "Fréchet distance of {count} images each to {rows} validation images, in the "
                        "features of {judge}. Lower is nearer to real images; those of training rows show "
                        "how low it can be."
                    ).format(count=about["count"], rows=about["rows"], judge=about["judge"])
                )
            )
        for kind, (title, preset) in AUTOENCODERS.items():
            if kind not in answer.arrays:
                st.caption(
                    tr("There is no finished {title} of these data and this split. This trains one:").format(
                        title=tr(title)
                    )
                )
                st.code(train_command(preset, same_data(spec)), language=None, wrap_lines=True)


def say_distance(value: float | None) -> str:
    return (
        tr("no distance without labels")
        if value is None
        else tr("distance {value}").format(value=brief(value))
    )


def same_data(spec: RunSpec) -> dict[str, object]:
    """Settings by path that another run must have to be beside this one."""
    usual = type(spec.data)()
    wanted = ("validation", "test", "split_seed", "leave_out")
    changed = {
        f"data.{name}": getattr(spec.data, name)
        for name in wanted
        if getattr(spec.data, name) != getattr(usual, name)
    }
    return {"data.source": spec.data.source, **changed}
