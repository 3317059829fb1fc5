"""Adding data: files, recordings or a Hub id → what they are, with guesses that can be changed → import."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from pages.parts.shared.forms import help_text
from pages.parts.shared.uploader import shows, uploader
from pages.parts.shared.waiting import teller
from pages.parts.shared.workspace import errors_shown, hub_is_on, plain, workspace
from selfsup_core.data.importing.config import ImportConfig, Role
from selfsup_core.data.library import own, uploads
from selfsup_core.data.limits import EXTENSIONS, LIMITS, MB, describe_limits
from selfsup_core.settings import list_settings

ABOUT = {entry.path: entry for entry in list_settings(ImportConfig)}
ROLE_NAMES = [str(role) for role in get_args(Role)]
KIND_NAMES = {"image": "Images", "table": "Table", "text": "Texts", "sound": "Sounds"}


def show_add(*, has_own: bool) -> None:
    """The whole section; closed once there are own sets, so that they are seen first."""
    is_open = not has_own or bool(st.session_state.get("pending"))
    with st.expander("**Add your own data**", icon=":material/upload:", expanded=is_open):
        files, record, hub = st.tabs(["Files", "Record or photograph", "Hugging Face Hub"])
        with files:
            show_uploader()
        with record:
            show_recorder()
        with hub:
            show_hub()
        pending = st.session_state.get("pending")
        if pending:
            with errors_shown():
                show_plan([Path(p) for p in pending])


def show_uploader() -> None:
    uploaded = uploader(
        "Images, texts, a table or sounds",
        list(EXTENSIONS),
        several=True,
        key=f"upload-{st.session_state.get('upload_round', 0)}",
        help="CSV, TSV, JSONL, Parquet, NPY, NPZ, IDX, TXT, images, WAV, or a ZIP of images or WAV "
        "files with a folder for each class.",
    )
    with st.popover("Limits", icon=":material/straighten:"):
        st.table([{"What": what, "At most": most} for what, most in describe_limits()])
    mark = [file.file_id for file in uploaded]
    if uploaded and st.session_state.get("kept_upload") != mark:
        st.session_state["kept_upload"] = mark
        st.session_state.pop("pending", None)
        with errors_shown():
            keep([(file.name, file) for file in uploaded])
    elif not uploaded and st.session_state.pop("kept_upload", None):
        st.session_state.pop("pending", None)


def keep(files: list[tuple[str, Any]]) -> None:
    """Write files to disk; the plan is then made from there."""
    paths = uploads.keep_upload(workspace(), files)
    st.session_state["pending"] = [str(path) for path in paths]


def show_recorder() -> None:
    """Sounds or photographs with a class each, gathered until a data set is made of them."""
    samples: list[tuple[str, str, bytes]] = st.session_state.setdefault("samples", [])
    kind = st.segmented_control("Sample", ["Sound", "Photograph"], default="Sound", key="sample-kind")
    label = st.text_input("Class of the sample", key="sample-label", max_chars=40)
    place = f"sample-{kind}-{len(samples)}"
    if kind == "Photograph":
        taken, ending = st.camera_input("Photograph", key=place), "jpg"
    else:
        taken, ending = st.audio_input("Recording", key=place), "wav"
    shows(taken)
    if taken and st.button("Keep this sample", icon=":material/add:", key="keep-sample"):
        if sum(len(content) for _, _, content in samples) + taken.size > LIMITS.recorded_bytes:
            st.error(
                f"The recorded samples would have more than {LIMITS.recorded_bytes // MB} MB together. "
                "Make a data set of them, or record shorter ones.",
                icon=":material/error:",
            )
        else:
            samples.append((label.strip() or "no class", ending, taken.getvalue()))
            st.rerun()
    if not samples:
        st.caption("Keep a few samples of each class, then make a data set of them.")
        return
    st.caption(f"{len(samples)} samples: " + plain(", ".join(name for name, _, _ in samples)))
    make, drop = st.columns(2)
    if make.button("Make a data set", type="primary", key="make-samples"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for number, (name, end, content) in enumerate(samples):
                folder = re.sub(r"[^\w -]", "_", name)
                archive.writestr(f"{folder}/{number:03d}.{end}", content)
        buffer.seek(0)
        with errors_shown():
            keep([("recorded.zip", buffer)])
            st.session_state["samples"] = []
            st.rerun()
    if drop.button("Start over", key="drop-samples"):
        st.session_state["samples"] = []
        st.rerun()


def show_hub() -> None:
    if not hub_is_on():
        st.caption("Switched off on this server. Its operator can set SELFSUP_HUB=on.")
        return
    name = st.text_input(
        "Id of a data set",
        placeholder="owner/name",
        key="hub-id",
        help="Texts and tables; they are downloaded to this machine.",
    )
    if st.button("Fetch", icon=":material/cloud_download:", key="hub-fetch", disabled=not name):
        from selfsup_core.data.library.hub import fetch

        with errors_shown(), st.spinner("Fetching …"):
            st.session_state["pending"] = [str(path) for path in fetch(workspace(), name)]


def plan_of(files: list[Path], config: ImportConfig) -> dict[str, Any]:
    """The plan, made once for the same files and settings. Raises DataError."""
    key = json.dumps([[str(f) for f in files], config.model_dump()], sort_keys=True)
    known = st.session_state.get("plan", ("", None))
    place = st.container()  # always there, so that what follows keeps its place on the page
    if known[0] != key:
        with place, st.spinner("Looking at the files …"):
            stop = st.empty()
            stop.button("Cancel", key="cancel-look", on_click=cancel, args=(files,))
            known = (key, own.inspect(workspace(), files, config, tell=teller()))
            stop.empty()
        st.session_state["plan"] = known
    return known[1]


def show_plan(files: list[Path]) -> None:
    """What was found, what can be changed, and the button that imports. Raises DataError."""
    if not all(file.exists() for file in files):
        st.session_state.pop("pending", None)
        st.warning("These files are no longer there. Upload them again.", icon=":material/error:")
        return
    mark = files[0].parent.name
    reading = st.session_state.get(f"reading-{mark}", {})
    plan = plan_of(files, ImportConfig(**reading))
    st.markdown(f"#### {plain(describe_plan(plan))}")
    for note in plan["notes"][:12]:
        st.caption(f":material/info: {plain(note)}")
    if plan["aside"]:
        st.warning(
            f"Set aside, since unreadable ({len(plan['aside'])}): "
            + plain("; ".join(list(plan["aside"])[:5])),
            icon=":material/warning:",
        )
    values = choose_values(plan, mark)
    if "columns" in plan:
        values |= choose_columns(plan, mark)
        show_reading(plan, mark)
    go, leave, _ = st.columns((1.2, 1, 4))
    # Clicked during the import it ends that, too: see `teller`.
    leave.button("Cancel", key="cancel-import", width="stretch", on_click=cancel, args=(files,))
    if go.button("Import", type="primary", icon=":material/check:", key="import", width="stretch"):
        with st.spinner(f"Importing {plan['rows']:,} samples …"):
            config = ImportConfig(**(reading | values))
            name = own.import_files(workspace(), files, config, tell=teller())
        uploads.drop_upload(workspace(), files)
        forget()
        st.query_params.from_dict({"data": name})
        st.session_state.pop("data-choice-taken", None)
        st.rerun()


def cancel(files: list[Path]) -> None:
    uploads.drop_upload(workspace(), files)
    forget()


def forget() -> None:
    """Nothing is pending any more; the uploader begins anew."""
    for key in ("pending", "plan", "kept_upload"):
        st.session_state.pop(key, None)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1


def describe_plan(plan: dict[str, Any]) -> str:
    """ "10,000 images in 10 classes, 28 × 28 in the median" """
    classes = sorted(name for name in plan["classes"] if name)
    text = f"{KIND_NAMES[plan['kind']]}: {plan['rows']:,} samples"
    if classes:
        shown = ", ".join(classes[:6]) + ("…" if len(classes) > 6 else "")
        text += f" in {len(classes)} classes ({shown})"
    if "median" in plan:
        text += f", median size {plan['median'][0]} × {plan['median'][1]}"
    if "seconds" in plan:
        text += f", median length {plan['seconds']:g} s"
    return text


def choose_values(plan: dict[str, Any], mark: str) -> dict[str, Any]:
    """Name and, by kind, size or length."""
    columns = st.columns(4)
    values: dict[str, Any] = {
        "name": columns[0].text_input("Name", plan["title"][:80], key=f"name-{mark}", max_chars=80)
    }
    if plan["kind"] == "image":
        sizes = sorted({28, 32, 64, plan["size"]})
        values["size"] = columns[1].selectbox(
            "Image size",
            sizes,
            sizes.index(plan["size"]),
            key=f"size-{mark}",
            format_func=lambda size: f"{size} × {size}",
            help=help_text(ABOUT["size"]),
        )
        if plan["form"] == "image":
            colors = ["gray", "color"]
            values["color"] = columns[2].selectbox(
                "Color",
                colors,
                int(plan["color"]),
                key=f"color-{mark}",
                help=help_text(ABOUT["color"]),
            )
            values["fit"] = columns[3].selectbox(
                "Not square?", ABOUT["fit"].choices, key=f"fit-{mark}", help=help_text(ABOUT["fit"])
            )
    if plan["kind"] == "sound":
        values["seconds"] = columns[1].number_input(
            "Length, s",
            0.05,
            30.0,
            float(max(0.05, plan["seconds"])),
            key=f"seconds-{mark}",
            help=help_text(ABOUT["seconds"]),
        )
    if "columns" in plan:
        values["kind"] = columns[1].selectbox(
            "Kind",
            ["table", "text"],
            ["table", "text"].index(plan["kind"]),
            key=f"kind-{mark}",
            format_func=KIND_NAMES.get,
            help="Text: one column is what is learned from.",
        )
    return values


def choose_columns(plan: dict[str, Any], mark: str) -> dict[str, Any]:
    """The table of columns with their roles; only changed roles are handed on."""
    rows = [
        {
            "Column": c["name"],
            "Role": c["role"],
            "Why": c["reason"],
            "Examples": ", ".join(c["examples"])[:120],
            "Missing": c["missing"],
        }
        for c in plan["columns"]
    ]
    edited = st.data_editor(
        rows,
        key=f"columns-{mark}",
        hide_index=True,
        width="stretch",
        height=min(420, 38 + 35 * len(rows)),
        disabled=["Column", "Why", "Examples", "Missing"],
        column_config={"Role": st.column_config.SelectboxColumn(options=ROLE_NAMES, required=True)},
    )
    changed = {
        row["Column"]: row["Role"]
        for row, c in zip(edited, plan["columns"], strict=True)
        if row["Role"] != c["role"]
    }
    return {"roles": changed}


def show_reading(plan: dict[str, Any], mark: str) -> None:
    """How the file is read, for when a guess is wrong; changing it looks at the file again."""
    found = plan.get("found", {})
    if not found:
        return
    with st.popover("How it is read", icon=":material/tune:"):
        reading: dict[str, Any] = {}
        if "delimiter" in found:
            names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
            choices = list(names) if found["delimiter"] in names else [*names, found["delimiter"]]
            reading["delimiter"] = st.selectbox(
                "Delimiter",
                choices,
                choices.index(found["delimiter"]),
                key=f"delimiter-{mark}",
                format_func=lambda d: names.get(d, d),
            )
            header = st.toggle("First row names the columns", found["header"], key=f"header-{mark}")
            reading["header"] = "yes" if header else "no"
        reading["encoding"] = st.text_input("Encoding", found["encoding"], key=f"encoding-{mark}")
        same = all(
            reading[key] == value
            for key, value in (
                ("delimiter", found.get("delimiter")),
                ("encoding", found["encoding"]),
            )
            if key in reading
        ) and reading.get("header") in (None, "yes" if found.get("header") else "no")
        if st.button("Read again", key=f"again-{mark}", disabled=same):
            st.session_state[f"reading-{mark}"] = reading
            st.rerun()
