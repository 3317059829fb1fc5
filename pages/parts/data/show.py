"""One data set: preview, health with mends, split and label budget, and what can be done with it."""

from __future__ import annotations

import contextlib

import numpy as np
import streamlit as st

from pages.parts.data.gallery import pictures_of, show_gallery
from pages.parts.data.preview import show_preview
from pages.parts.shared.choice import refuse_param
from pages.parts.shared.forms import help_text, number_field, widget
from pages.parts.shared.go import rerun
from pages.parts.shared.tables import show_table
from pages.parts.shared.waiting import step_bar, teller
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.budget import describe_split
from selfsup_core.data.config import KeptSplit
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library import own
from selfsup_core.data.library.checking import await_findings, count_warnings, known_findings
from selfsup_core.data.library.health.finding import FindingAbout
from selfsup_core.data.library.mends import MENDS
from selfsup_core.data.sources import OWN_NAME, Source, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.evaluate.words.few_rows import warn_of_labels
from selfsup_core.export import datasets
from selfsup_core.features.config import DataConfig
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr, tr_later

SETTINGS = {entry.path: entry for entry in list_settings(DataConfig)}
HEALTH = tr_later("Health")
# As the address names them, and their titles.
TABS = {
    "preview": tr_later("Preview"),
    "health": HEALTH,
    "split": tr_later("Split and labels"),
    "about": tr_later("About"),
}
ROWS = 8  # of a table, shown for a finding
LOOKED_FOR = {
    "image": tr_later("files that could not be read, copies, blank images, rare classes and doubtful labels"),
    "sound": tr_later("files that could not be read, copies, rare classes and doubtful labels"),
    "text": tr_later("copies, empty, very short and very long texts, rare classes and doubtful labels"),
    "table": tr_later(
        "copies, missing values, constant columns, columns that give the label away, rare classes and "
        "doubtful labels"
    ),
}
LEVELS = {"warning": ("orange", ":material/warning:"), "note": ("blue", ":material/info:")}


def show_dataset(name: str, source: Source) -> None:
    dataset = open_source(name, workspace())
    line, train = st.container(key="data-head").columns((5, 1.6), vertical_alignment="center")
    line.markdown(headline(dataset))
    if train.button(
        tr("Train an autoencoder"),
        icon=":material/play_arrow:",
        type="primary",
        key="train-on-it",
        width="stretch",
        help=tr(
            "It learns to reconstruct the samples without labels and draws a map of them. Opens the "
            "Autoencoder page with this data set."
        ),
    ):
        st.switch_page("pages/autoencoder.py", query_params={"data": name})
    with line.container(horizontal=True):
        if dataset.kind == "text":
            st.page_link(
                "pages/language.py",
                label=tr("Train a language model"),
                icon=":material/edit_note:",
                query_params={"do": "train", "data": name},
            )
        if len(dataset.classes) >= 2:
            st.page_link(
                "pages/classify.py",
                label=tr("Train a classifier"),
                icon=":material/label:",
                query_params={"do": "pseudo", "data": name},
            )
        st.page_link(
            "pages/views.py",
            label=tr("Try augmentations"),
            icon=":material/auto_fix_high:",
            query_params={"do": "lab", "data": name},
        )
    titles = TABS | {"health": health_title(name)}
    if refuse_param("tab", TABS):
        return
    take_tab(titles)
    preview, health, split, about = st.tabs(list(titles.values()), key="data-tabs", on_change="rerun")
    opened = (preview.open, health.open, split.open, about.open)
    write_tab(next(tab for tab, is_open in zip(TABS, opened, strict=True) if is_open))
    # Only what is looked at is computed; a health check of a large set takes seconds.
    if preview.open:
        with preview:
            show_preview(name, dataset)
    if health.open:
        with health:
            show_health(name, dataset)
    if split.open:
        with split:
            show_split(name, dataset)
    if about.open:
        with about:
            show_about(name, dataset, source)


def take_tab(titles: dict[str, str]) -> None:
    """Open once the tab that the address names; without one, the first. Later keep the open one, which
    Streamlit forgets when a title changes.
    """
    asked = st.query_params.get("tab", next(iter(TABS)))
    shown = str(st.session_state.get("data-tabs", ""))
    if st.session_state.get("data-tab-taken") != asked:
        st.session_state["data-tabs"] = titles[asked]
    elif st.session_state.get("data-tab-titles") != titles or shown not in titles.values():
        kept = titles["health"] if shown.startswith(HEALTH) else shown
        if kept in titles.values():
            st.session_state["data-tabs"] = kept
    st.session_state["data-tab-titles"] = titles


def write_tab(tab: str) -> None:
    st.session_state["data-tab-taken"] = tab
    if tab != next(iter(TABS)):
        st.query_params["tab"] = tab
    else:
        st.query_params.pop("tab", None)


def health_title(name: str) -> str:
    """The tab's title, with the number of warnings once known."""
    title, warnings = HEALTH, 0
    with contextlib.suppress(DataError):  # the tab itself says what went wrong
        findings = known_findings(workspace(), name)
        warnings = count_warnings(findings or [])
        if findings is None:
            wait_for_findings(name)
    if warnings:
        title += f" :orange-badge[:material/warning: {warnings}]"
    return title


@st.fragment(run_every=1.0)
def wait_for_findings(name: str) -> None:
    """Rerun the page when the check has finished."""
    with contextlib.suppress(DataError):
        if known_findings(workspace(), name) is None:
            return
    rerun()  # once: the badge is part of the whole page


def headline(dataset: Dataset) -> str:
    """ "**5,000** images · **28 × 28** · **10** classes" """
    words = {"image": "images", "table": "rows", "text": "texts", "sound": "sounds"}
    parts = [f"**{len(dataset):,}** {words[dataset.kind]}"]
    if dataset.kind == "table":
        parts.append(f"**{dataset.width}** columns")
    elif dataset.item_shape:
        parts.append(f"**{' × '.join(map(str, dataset.item_shape))}**")
    if dataset.classes:
        parts.append(f"**{len(dataset.classes):,}** classes")
    return " · ".join(parts)


def show_health(name: str, dataset: Dataset) -> None:
    with errors_shown():
        place = st.empty()
        findings = await_findings(workspace(), name, step_bar(place))
        place.empty()
        warnings = count_warnings(findings)
        if not findings:
            st.success(
                tr("No problems found. Checked for {looked_for}.").format(
                    looked_for=LOOKED_FOR[dataset.kind]
                ),
                icon=":material/check_circle:",
            )
        elif not warnings:
            st.success(tr("Ready for training. Good to know:"), icon=":material/check_circle:")
        for finding in findings:
            show_finding(name, dataset, finding)


def show_finding(name: str, dataset: Dataset, finding: FindingAbout) -> None:
    color, icon = LEVELS[finding["level"]]
    with st.container(border=True):
        text, action = st.columns((5, 1.4), vertical_alignment="center")
        text.markdown(f":{color}[{icon}] **{plain(finding['title'])}.** {plain(finding['why'])}")
        if finding["mend"]:
            label = MENDS[finding["mend"]][0]
            if action.button(
                label,
                key=f"mend-{finding['code']}",
                icon=":material/healing:",
                width="stretch",
                help=tr("Creates a new version; this one stays."),
            ):
                with errors_shown(), st.spinner(tr("Creating a new version …")):
                    new = own.mend(workspace(), name, [finding["mend"]], tell=teller())
                    st.query_params.from_dict({"data": new, "tab": "health"})
                    st.session_state.pop("data-choice-taken", None)
                    rerun()
        if finding["names"]:
            left = finding["count"] - len(finding["names"])
            more = tr(" · and {left:,} more").format(left=left) if left > 0 and not finding["rows"] else ""
            text.caption(plain(" · ".join(finding["names"]) + more))
        if finding["rows"] and dataset.kind in ("image", "sound"):
            pictures = pictures_of(dataset, np.array(finding["rows"]))
            show_gallery([{"title": "", "pictures": pictures}], key=f"found-{name}-{finding['code']}")
        elif finding["rows"] and isinstance(dataset.x, Texts):
            for row in finding["rows"][:3]:
                text.caption(plain(tr("row {row}: {x}").format(row=row, x=dataset.x[row][:160])))
        elif finding["rows"]:
            show_table(name, dataset, finding["rows"][:ROWS])


def show_split(name: str, dataset: Dataset) -> None:
    kept = own.read_split(workspace(), name)
    values: KeptSplit = {}
    columns = st.columns(3)
    for column, path in zip(columns, ("validation", "test", "split_seed"), strict=True):
        with column:
            values[path] = widget(
                SETTINGS[path], kept.get(path, SETTINGS[path].default), key=f"split-{name}-{path}"
            )
    if dataset.y is not None:
        values |= choose_budget(name, kept)
    else:
        st.caption(tr("This data set has no labels, so there is nothing to hide."))
    with errors_shown():
        config = DataConfig(source=name, **{**kept, **values})
        outcome = describe_split(dataset, config)
        columns = st.columns(5 if dataset.y is not None else 3)
        for column, (part, (title, help_)) in zip(columns, COUNTS.items(), strict=False):
            column.metric(title, f"{outcome[part]:,}", help=help_)
        for text in warn_of_labels(outcome):
            st.caption(f":orange[:material/warning:] {plain(text)}")
        if dataset.groups is not None and not dataset.grouped_by and "part" not in dataset.extra:
            st.caption(tr("Copies of a sample are always on the same side of the split."))
        if outcome["classes"]:
            st.dataframe(
                [
                    {"Class": c} | {k.capitalize(): v for k, v in counts.items()}
                    for c, counts in outcome["classes"].items()
                ],
                width="stretch",
                hide_index=True,
                height=min(300, 38 + 35 * len(outcome["classes"])),
            )
        if st.button(
            tr("Use this split"),
            type="primary",
            key="save-split",
            icon=":material/check:",
            help=tr("New runs on this data set begin with it."),
        ):
            own.save_split(workspace(), name, **values)
            st.success(tr("New runs on this data set begin with this split."), icon=":material/check:")


def choose_budget(name: str, kept: KeptSplit) -> KeptSplit:
    """Which labels may be seen: all that are there, some of each class, or a share."""
    number, share = kept.get("labels_per_class", 0), kept.get("labels_fraction", 1.0)
    ways = [tr("All labels"), tr("Some of each class"), tr("A share")]
    before = ways[1] if number else ways[2] if share < 1 else ways[0]
    way = st.segmented_control(
        tr("Labels that training may use"),
        ways,
        default=before,
        key=f"budget-{name}",
        help=tr(
            "The others are hidden and only serve to check the result. Rows without a label stay unlabeled."
        ),
    )
    if way == ways[1]:
        entry = SETTINGS["labels_per_class"]
        n = number_field(
            st,
            entry.title,
            1,
            int(entry.high or 1),
            number or 10,
            key=f"perclass-{name}",
            help=help_text(entry),
        )
        return {"labels_per_class": int(n), "labels_fraction": 1.0}
    if way == ways[2]:
        share = st.slider(
            tr("Share of labels in percent"),
            1,
            100,
            round(100 * share) if share < 1 else 10,
            key=f"share-{name}",
        )
        return {"labels_per_class": 0, "labels_fraction": share / 100}
    return {"labels_per_class": 0, "labels_fraction": 1.0}


PROVENANCE = {"licence": tr_later("License")}  # titles that are not the key itself
COUNTS = {  # of a split: key → title, help
    "train": (tr_later("Training rows"), tr_later("The network learns from these.")),
    "validation": (tr_later("Validation rows"), tr_later("Measured during training.")),
    "test": (tr_later("Test rows"), tr_later("Set aside until the end.")),
    "labels_seen": (tr_later("Labels for training"), tr_later("Training may use these labels.")),
    "labels_hidden": (
        tr_later("Hidden labels"),
        tr_later("Hidden from training; used only to check the result."),
    ),
}


def show_about(name: str, dataset: Dataset, source: Source) -> None:
    facts = {
        "Name on the command line": name,
        **{PROVENANCE.get(k, k.capitalize()): v for k, v in dataset.provenance.items()},
    }
    if recipe := dataset.details.get("recipe"):
        facts["Changes"] = ", ".join(name.replace("-", " ") for name in recipe)
    for key, value in facts.items():
        with st.container(horizontal=True, gap="small"):
            st.caption(key, width=150)
            st.text(value)
    for note in dataset.details.get("notes", []):
        st.caption(f":material/info: {plain(note)}")
    aside = dataset.details.get("aside", {})
    if aside:
        st.dataframe([{"Set aside": k, "Why": v} for k, v in aside.items()], hide_index=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = tr("Parquet") if dataset.kind in ("text", "table") else "ZIP"
        file = f"{name}-{dataset.digest[:8]}.{form.lower()}"
        st.download_button(
            tr("Download {form}").format(form=form),
            lambda: datasets.export_dataset(workspace(), name)[1],
            file_name=file,
            icon=":material/download:",
            key="download",
            on_click="ignore",
        )
        if OWN_NAME.fullmatch(name):
            show_own(name, dataset)


def show_own(name: str, dataset: Dataset) -> None:
    """Rename, delete and export a data set of one's own."""
    title = st.text_input(tr("Title"), dataset.title, key=f"title-{name}", max_chars=80)
    if st.button(tr("Rename"), key="rename", icon=":material/edit:"):
        with errors_shown():
            if title == dataset.title:
                raise SettingError(
                    tr("The title is {title!r} already.").format(title=title),
                    remedy=tr("Type another title first."),
                )
            own.rename(workspace(), name, title)
            rerun()
    if st.button(
        tr("Delete"),
        key="delete-data",
        icon=":material/delete:",
        help=tr("It can be restored for seven days. Runs trained on it are kept."),
    ):
        with errors_shown():
            own.delete(workspace(), name)
            st.session_state["just-deleted"] = name
            st.query_params.clear()
            rerun()
