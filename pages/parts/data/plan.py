"""What an import would make of files: what was found, the first samples, what is left out; guesses can be
changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.parts.data.first import show_first
from pages.parts.data.import_choices import (
    ABOUT,
    KIND_NAMES,
    choose_beside,
    choose_columns,
    choose_labels,
    choose_values,
    show_reading,
)
from pages.parts.shared.go import rerun
from pages.parts.shared.waiting import teller
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library import own, uploads
from selfsup_core.data.library.checking import known_findings
from selfsup_core.errors import Fix, StudioError
from selfsup_core.translation import tr
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from selfsup_core.data.importing.plan import ImportPlan
    from selfsup_core.data.importing.preview import ImportPreview

MOST_KEPT = 8  # previews of one upload, each for other settings


def look(files: list[Path], config: ImportConfig) -> ImportPreview:
    """The plan and some samples, made once for the same files and settings. Raises DataError."""
    key = json.dumps([[str(f) for f in files], config.model_dump(exclude={"name"})], sort_keys=True)
    known: dict[str, ImportPreview] = st.session_state.setdefault("plan", {})
    place = st.container()  # always created, so that the elements below keep their position
    if key not in known:
        while len(known) >= MOST_KEPT:
            known.pop(next(iter(known)))
        with place, st.spinner(tr("Looking at the files …")):
            stop = st.empty()
            if not known:  # later, Cancel is beside Import
                stop.button(tr("Cancel"), key="cancel-look", on_click=cancel, args=(files,))
            known[key] = own.preview(workspace(), files, config, tell=teller())
            stop.empty()
    return known[key]


def show_plan(files: list[Path]) -> None:
    """What was found, what can be changed, and the button that imports. Raises DataError."""
    if not all(file.exists() for file in files):
        st.session_state.pop("pending", None)
        st.warning(tr("These files are no longer there. Upload them again."), icon=":material/error:")
        return
    mark = files[0].parent.name
    reading = st.session_state.get(f"reading-{mark}", {})
    first = look(files, ImportConfig(**reading))
    plan = first["plan"]
    st.subheader(plain(describe_plan(plan)), anchor=False)
    for note in plan["notes"][:12]:
        st.caption(f":material/info: {plain(note)}")
    place = st.container()  # the samples, which follow what is chosen below
    values = choose_values(plan, mark)
    if "columns" in plan:
        values |= choose_columns(plan, mark)
    if "columns" in plan or plan["form"] == "txt":
        show_reading(plan, mark, is_text=files[0].suffix.lower() not in (".csv", ".tsv", ".jsonl"))
    if plan.get("beside"):
        values |= choose_beside(plan, mark)
    if "columns" in plan or plan.get("beside"):
        changed = {name: value for name, value in values.items() if value != default_of(plan, name)}
        values |= choose_labels(look(files, ImportConfig(**(reading | changed)))["plan"], mark)
    with place, refusals_shown(files, "first"):
        changed = {name: value for name, value in values.items() if value != default_of(plan, name)}
        show_first(look(files, ImportConfig(**(reading | changed))), key=f"first-{mark}")
    go, leave, _ = st.columns((1.2, 1, 4))
    # A click during the import also cancels the import: see `teller`.
    leave.button(tr("Cancel"), key="cancel-import", width="stretch", on_click=cancel, args=(files,))
    if go.button(tr("Import"), type="primary", icon=":material/check:", key="import", width="stretch"):
        with st.spinner(tr("Importing {rows:,} samples …").format(rows=plan["rows"])):
            config = ImportConfig(**(reading | changed))
            name = own.import_files(workspace(), files, config, tell=teller())
            known_findings(workspace(), name)  # begins the check, so that its warnings are there soon
        uploads.drop_upload(workspace(), files)
        forget()
        st.query_params.from_dict({"data": name})
        st.session_state.pop("data-choice-taken", None)
        rerun()


@contextmanager
def refusals_shown(files: list[Path], where: str) -> Iterator[None]:
    """As `errors_shown`; where a setting mends what is refused, a button sets it.

    Args:
        where: tells the buttons of one page apart.
    """
    mark = files[0].parent.name
    with errors_shown():
        try:
            yield
        except StudioError as error:
            if error.fix is None:
                raise
            st.error(plain(str(error)), icon=":material/error:")
            title = error.fix["title"]
            st.button(
                plain(title),
                icon=":material/build:",
                key=f"fix-{where}-{mark}",
                on_click=mend,
                args=(mark, error.fix),
            )


def mend(mark: str, fix: Fix) -> None:
    """Set what mends a refusal, in the widget that shows it too."""
    st.session_state[f"reading-{mark}"] = st.session_state.get(f"reading-{mark}", {}) | {
        fix["setting"]: fix["value"]
    }
    if (key := f"{fix['setting']}-{mark}") in st.session_state:
        st.session_state[key] = fix["value"]


def default_of(plan: ImportPlan, name: str) -> Any:
    """What a setting is when it is left alone, as the widgets show it."""
    said: dict[str, object] = {
        "size": plan.get("size"),
        "color": "color" if plan.get("color") else "gray",
        "fit": ABOUT["fit"].default,
        "seconds": float(max(0.05, plan.get("seconds", 0.0))),
        "unit": plan.get("unit"),
        "kind": plan["kind"],
        "roles": {},
        **{name: ABOUT[name].default for name in ("classes", "splits", "background", "transpose", "slices")},
        **{name: ABOUT[name].default for name in ("label", "unlabeled", "several", "against")},
    }
    if name == "kind" and "kinds" in plan:
        return "auto"
    return said.get(name)


def cancel(files: list[Path]) -> None:
    uploads.drop_upload(workspace(), files)
    forget()


def forget() -> None:
    """Discard the pending files and reset the uploader."""
    for key in ("pending", "plan", "kept_upload"):
        st.session_state.pop(key, None)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1


def describe_plan(plan: ImportPlan) -> str:
    """ "Images: 90 samples in 2 classes (cat, dog), from 90 files, median size 28 × 28" """
    classes = sorted(name for name in plan["classes"] if name)
    files = plan["files"]
    about = {"kind": tr(KIND_NAMES[plan["kind"]]), "rows": plan["rows"], "files": counted(files, "file")}
    if classes:
        shown = ", ".join(classes[:6]) + ("…" if len(classes) > 6 else "")
        message = tr("{kind}: {rows:,} samples in {count} classes ({shown}), from {files}")
        text = message.format(**about, count=len(classes), shown=shown)
    else:
        text = tr("{kind}: {rows:,} samples, from {files}").format(**about)
    if "median" in plan:
        text += tr(", median size {median} × {median_2}").format(
            median=plan["median"][0], median_2=plan["median"][1]
        )
    if "columns" in plan:
        text += tr(", {count} columns").format(count=len(plan["columns"]))
    if "seconds" in plan:
        text += tr(", median length {seconds:g} s").format(seconds=plan["seconds"])
    return text
