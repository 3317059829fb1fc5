"""Models: description, size and speed of each; check a local folder; download a model of the Hub."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.language.export import show_export
from pages.parts.language.pick import READS, ask, describe, label, load_all, secrets
from pages.parts.shared.choice import choose_one
from pages.parts.shared.go import rerun
from pages.parts.shared.remote import show_remote_settings
from pages.parts.shared.workspace import (
    acting,
    age,
    errors_shown,
    hub_is_on,
    plain,
    refuse,
    serves_this_machine_only,
    show_refusal,
    workspace,
)
from selfsup_core.errors import StudioError
from selfsup_core.inspection.catalogue import ModelEntry, describe_folder, list_models
from selfsup_core.inspection.loaded import RUN
from selfsup_core.inspection.measure import Measured
from selfsup_core.pretrained.hub import HUB, MB, MOST_BYTES
from selfsup_core.pretrained.model_folder import KINDS
from selfsup_core.translation import tr
from selfsup_core.wording import counted

POLL = 1.0


def number(value: float | None, unit: str, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f} {unit}"


def show_table(models: list[ModelEntry]) -> None:
    """All models in a row each."""
    rows: dict[str, list[str]] = {
        name: []
        for name in (
            tr("Model"),
            tr("Kind"),
            tr("Weights"),
            tr("Memory"),
            tr("Reading"),
            tr("Writing"),
            tr("Ready"),
        )
    }
    for entry in models:
        measured = entry["measured"] or {}
        parameters = entry["parameters"] or measured.get("parameters")
        cells = (
            label(entry),
            entry["kind"],
            number(parameters and parameters / 1e6, "M", 2 if parameters and parameters < 1e6 else 1),
            number(4 * parameters / 1e6 if parameters else None, "MB"),
            number(measured.get("read_tokens_per_second"), "tokens/s"),
            number(measured.get("write_tokens_per_second"), "tokens/s", 1),
            "missing" if entry["missing"] else "yes" if entry["prepared"] else tr("at first use"),
        )
        for column, cell in zip(rows.values(), cells, strict=True):
            column.append(cell)
    st.dataframe(rows, hide_index=True, width="stretch", key="models-table")


def show_details(entry: ModelEntry) -> None:
    """One model in words."""
    lines = [f"**{tr(entry['kind'].capitalize())}**: {tr(KINDS[entry['kind']])}.", plain(describe(entry))]
    if entry["where"]:
        lines.append(tr("Files: {where}").format(where=plain(shorten(entry["where"]))))
    st.markdown("  \n".join(line for line in lines if line))
    if entry["missing"]:
        st.warning(entry["missing"], icon=":material/download:")
    elif not entry["prepared"]:
        st.caption(tr("It is unpacked at first use, which takes about half a minute, once."))


def shorten(path: str) -> str:
    """A path for display: in full on one's own machine, otherwise relative to the workspace."""
    if serves_this_machine_only():
        return path
    root = workspace().resolve()
    if Path(path).is_relative_to(root):
        return str(Path(path).relative_to(root.parent))
    return Path(path).name


def show_measured(measured: Measured | None) -> None:
    if not measured:
        return
    writing = measured["write_tokens_per_second"]
    cells = [
        (
            tr("Reading"),
            number(measured["read_tokens_per_second"], "tokens/s"),
            tr("Tokens per second when reading a text of up to 128 tokens."),
        ),
        (
            tr("Writing"),
            number(writing, "tokens/s", 1) if writing else "–",
            tr("Tokens per second when writing one after the other."),
        ),
        (tr("Loading"), f"{measured['load_seconds']:.1f} s", tr("From disk into memory, without unpacking.")),
        (
            tr("Memory"),
            number(measured["memory_mb"], "MB", 0 if measured["memory_mb"] >= 10 else 1),
            tr("Of its weights, in single precision."),
        ),
    ]
    with st.container(key="models-measured", horizontal=True):
        for name, value, help_ in cells:
            st.metric(name, value, help=help_)
    threads = measured["threads"]
    st.caption(
        tr("Measured {age} on this machine, {threads}.").format(
            age=age(measured["measured"]), threads=counted(threads, "thread")
        )
    )


def measure_if_asked(name: str) -> None:
    """After a click on Measure: load, measure, show again."""
    if st.session_state.get("models-measure") != name:
        return
    with errors_shown():
        if load_all([name]) is None:
            return  # the page runs again when it is there
        with st.spinner(tr("Measuring; this takes a few seconds …")):
            ask(name, "measure")
        st.session_state.pop("models-measure", None)
        rerun()
    st.session_state.pop("models-measure", None)


def look_inside(name: str) -> None:
    """Open this model in the mode "Look inside"."""
    st.session_state["language-mode"] = "inside"
    st.session_state["language-model"] = name


def show_folder() -> None:
    """Whether a folder of one's own can be used, and why not."""
    path = st.text_input(
        tr("Folder"),
        key="models-folder",
        placeholder="/home/me/models/my-gpt",
        help=tr(
            "A folder in Hugging Face's layout: config.json, *.safetensors and a tokenizer. No code is run."
        ),
    ).strip()
    if not path:
        return
    with errors_shown():
        entry = describe_folder(path)
        weights = entry["parameters"] / 1e6
        where = tr("Choose “a folder on this machine” under Look inside.") * (entry["kind"] in READS)
        st.success(
            tr(
                "{title} can be used. {kind}: {kinds}. "
                "{about} {weights:,.3g} million weights, {weights_2:,.3g} MB of memory. "
                "{where}"
            ).format(
                title=plain(entry["title"]),
                kind=entry["kind"].capitalize(),
                kinds=tr(KINDS[entry["kind"]]),
                about=plain(entry["about"]),
                weights=weights,
                weights_2=4 * weights,
                where=where,
            ),
            icon=":material/check_circle:",
        )


def show_hub() -> None:
    """Look a model up on the Hub, say its size, then fetch it."""
    if not hub_is_on():
        st.caption(tr("Switched off on this server. Its operator can set SELFSUP_HUB=on."))
        return
    name = st.text_input(
        tr("ID of a model"),
        key="models-hub-id",
        placeholder="owner/name",
        help=tr(
            "From the Hugging Face Hub. Only safetensors, settings and vocabulary, at most "
            "{most_bytes:,} MB; no code."
        ).format(most_bytes=MOST_BYTES // MB),
    ).strip()
    if st.button(
        tr("Look up"),
        key="models-hub-look",
        icon=":material/search:",
        help=tr("Shows its size and license; nothing is downloaded yet."),
    ):
        from selfsup_core.pretrained.hub import plan_fetch

        st.session_state.pop("models-plan", None)
        if not name:
            st.warning(tr("Type the ID of a model first, as owner/name."), icon=":material/info:")
        else:
            with errors_shown(), st.spinner(tr("Asking the Hub …")):
                st.session_state["models-plan"] = plan_fetch(name)
    plan = st.session_state.get("models-plan")
    wanted = st.session_state.get("models-fetch")
    if wanted:
        show_fetching(wanted)
    elif plan:
        show_refusal("models-fetch")
        said = tr("{about}. License: {licence}.")
        st.markdown(said.format(about=plain(plan.about()), licence=plain(plan.licence)))
        if st.button(
            tr("Download {bytes:,.0f} MB").format(bytes=plan.bytes / MB),
            key="models-hub-fetch",
            icon=":material/cloud_download:",
            help=tr("Into the workspace; the download continues when you leave this page."),
        ):
            with acting("models-fetch"):  # clears the error of the last attempt
                st.session_state["models-fetch"] = f"{HUB}{plan.id}@{plan.revision}"
            rerun()


@st.fragment(run_every=POLL)
def show_fetching(name: str) -> None:
    """Progress of a download; reruns the page when it has ended."""
    if st.session_state.get("models-fetch") != name:
        return
    try:
        status = ask(name, "fetch")
    except StudioError as error:
        st.session_state.pop("models-fetch", None)
        refuse("models-fetch", error)
        rerun()  # the download has ended: show its button again, and the error beside it
    if status["state"] == "ready":
        st.session_state.pop("models-fetch", None)
        st.session_state.pop("models-plan", None)
        st.session_state["models-fetched"] = status["model"]
        rerun()
    st.info(
        tr("{said} {seconds:.0f} s so far.").format(said=plain(status["said"]), seconds=status["seconds"]),
        icon=":material/cloud_download:",
    )


def show() -> None:
    """The whole mode."""
    models = list_models(workspace())
    by_name = {entry["model"]: entry for entry in models}
    show_table(models)
    name = choose_one(
        st,
        tr("Model"),
        {name: label(entry) for name, entry in by_name.items()},
        key="models-name",
        help=tr("Built-in models, downloaded ones, and your own runs."),
    )
    entry = by_name[name]
    show_details(entry)
    if not entry["missing"] and entry["kind"] != "speech":
        show_measured(entry["measured"])
        with st.container(key="models-buttons", horizontal=True):
            if st.button(
                tr("Measure"),
                key="models-measure-button",
                icon=":material/speed:",
                help=tr("Loads the model and measures how fast it reads and writes on this machine."),
            ):
                st.session_state["models-measure"] = name
            if entry["kind"] in READS:
                st.button(
                    tr("Look inside"),
                    key="models-look",
                    icon=":material/visibility:",
                    on_click=look_inside,
                    args=(name,),
                    help=tr("See how this model reads a text."),
                )
            if name.startswith(RUN):
                show_export(name)
        measure_if_asked(name)
    if fetched := st.session_state.pop("models-fetched", ""):
        st.success(tr("{fetched} is ready.").format(fetched=plain(fetched)), icon=":material/check_circle:")
    if serves_this_machine_only():
        with st.expander(tr("A folder of your own"), icon=":material/folder:"):
            show_folder()
    with st.expander(tr("A remote model"), icon=":material/cloud_upload:"):
        st.caption(
            tr(
                "It can be compared with another model under Look inside, and propose labels "
                "for a classifier."
            )
        )
        show_remote_settings("models-remote", secrets())
    with st.expander(
        tr("From the Hugging Face Hub"),
        icon=":material/cloud_download:",
        expanded=bool(st.session_state.get("models-fetch")),
    ):
        show_hub()
