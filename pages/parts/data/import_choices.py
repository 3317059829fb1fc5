"""The choices of an import, where the files leave them open: layout, columns, labels, how a file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import streamlit as st

from pages.parts.shared.forms import help_text, number_field
from pages.parts.shared.go import rerun
from selfsup_core.data.importing.config import ImportConfig, Role
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr, tr_later, tr_values

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from selfsup_core.data.details import TableFound
    from selfsup_core.data.importing.plan import ImportPlan

ABOUT = {entry.path: entry for entry in list_settings(ImportConfig)}
ROLE_NAMES = [str(role) for role in get_args(Role)]
KIND_NAMES = {
    "image": tr_later("Images"),
    "table": tr_later("Table"),
    "text": tr_later("Texts"),
    "sound": tr_later("Sounds"),
}
UNITS = ["lines", "paragraphs", "files"]


def choose_values(plan: ImportPlan, mark: str) -> dict[str, object]:
    """Name and, by kind, size or length."""
    columns = st.columns(4)
    values: dict[str, object] = {
        "name": columns[0].text_input(tr("Name"), plan["title"][:80], key=f"name-{mark}", max_chars=80)
    }
    if plan["kind"] == "image":
        sizes = sorted({28, 32, 64, plan["size"]})
        values["size"] = columns[1].selectbox(
            tr("Image size"),
            sizes,
            sizes.index(plan["size"]),
            key=f"size-{mark}",
            format_func=lambda size: f"{size} × {size}",
            help=help_text(ABOUT["size"]),
        )
        if plan["form"] == "image":
            colors = ["gray", "color"]
            values["color"] = columns[2].selectbox(
                tr("Color"),
                colors,
                int(plan["color"]),
                key=f"color-{mark}",
                help=help_text(ABOUT["color"]),
            )
            values["fit"] = columns[3].selectbox(
                tr("Images that are not square"),
                ABOUT["fit"].choices,
                key=f"fit-{mark}",
                help=help_text(ABOUT["fit"]),
            )
    values |= choose_layout(plan, mark)
    if plan["form"] == "txt":
        values["unit"] = columns[1].selectbox(
            ABOUT["unit"].title,
            UNITS,
            UNITS.index(plan["unit"]),
            key=f"unit-{mark}",
            format_func=ABOUT["unit"].titles.get,
            help=help_text(ABOUT["unit"]),
        )
    if plan["kind"] == "sound":
        values["seconds"] = number_field(
            columns[1],
            tr("Length, s"),
            0.05,
            30.0,
            float(max(0.05, plan["seconds"])),
            key=f"seconds-{mark}",
            help=help_text(ABOUT["seconds"]),
        )
    if plan.get("found", {}).get("pairs"):
        choose_languages(columns[1], plan["found"], mark)
    if "columns" in plan:
        kinds = ["table", "text", "image"] if "pixels" in plan else ["table", "text"]
        values["kind"] = columns[3].selectbox(
            tr("Kind"),
            kinds,
            kinds.index(plan["kind"]),
            key=f"kind-{mark}",
            format_func=tr_values(KIND_NAMES).get,
            help=tr("Text: the model learns from one column. Images: each row holds the pixels of one."),
        )
    return values


def choose_languages(place: DeltaGenerator, found: TableFound, mark: str) -> None:
    """Which two languages of a translation memory are taken; another choice reads the file again."""

    def take() -> None:
        reading = st.session_state.get(f"reading-{mark}", {})
        st.session_state[f"reading-{mark}"] = reading | {"languages": st.session_state[f"languages-{mark}"]}

    pairs = found["pairs"]
    place.selectbox(
        ABOUT["languages"].title,
        list(pairs),
        list(pairs).index(found["pair"]),
        key=f"languages-{mark}",
        format_func=lambda pair: f"{pair.replace(', ', ' → ')} ({pairs[pair]:,})",
        on_change=take,
        help=tr("From which language to which; beside it, how many units have both."),
    )


def choose_layout(plan: ImportPlan, mark: str) -> dict[str, object]:
    """Where classes come from, the given split, and how arrays and transparent images are read: what the
    files leave open.
    """
    open_choices: list[tuple[str, list[str]]] = []
    offers = plan.get("offers", {})
    # Folders that are classes leave nothing to choose; names of files and boxes do.
    has_choice = bool(set(offers) - {"first"}) or (bool(offers) and not any(plan["classes"]))
    if has_choice:
        open_choices.append(("classes", ["auto", *offers, "none"]))
    if plan.get("parts"):
        open_choices.append(("splits", list(ABOUT["splits"].choices)))
    if len(plan.get("kinds", ())) > 1:
        open_choices.append(("kind", ["auto", *plan["kinds"][1:]]))
    if plan.get("transparent"):
        open_choices.append(("background", list(ABOUT["background"].choices)))
    if plan.get("volumes"):
        open_choices.append(("slices", list(ABOUT["slices"].choices)))
    if plan.get("label_arrays"):
        open_choices.append(("label", ["", *plan["label_arrays"], "-"]))
    if plan["form"] == "npy" and len(plan.get("shape", ())) > 1:
        open_choices.append(("transpose", list(ABOUT["transpose"].choices)))
    if not open_choices:
        return {}
    values: dict[str, object] = {}
    places = st.columns(4)
    for number, (name, choices) in enumerate(open_choices):
        titles = dict(ABOUT[name].titles)
        if name == "kind":
            titles = tr_values(KIND_NAMES | {"auto": KIND_NAMES[plan["kind"]]})
        if name == "label":
            titles = {"": tr("Automatic"), "-": tr("None")}
        values[name] = places[number % 4].selectbox(
            ABOUT[name].title,
            choices,
            key=f"{name}-{mark}",
            format_func=lambda choice, titles=titles: titles.get(choice, choice),
            help=help_text(ABOUT[name]),
        )
    return values


def choose_columns(plan: ImportPlan, mark: str) -> dict[str, object]:
    """The table of columns with their roles; only changed roles are handed on."""
    rows = [
        {
            tr("Column"): c["name"],
            tr("Role"): c["role"],
            tr("Why"): c["reason"],
            tr("Missing"): c["missing"],
            tr("Examples"): ", ".join(c["examples"])[:120],
        }
        for c in plan["columns"]
    ]
    edited = st.data_editor(
        rows,
        key=f"columns-{mark}",
        hide_index=True,
        width="stretch",
        height=min(420, 38 + 35 * len(rows)),
        disabled=[tr("Column"), tr("Why"), tr("Examples"), tr("Missing")],
        column_config={tr("Role"): st.column_config.SelectboxColumn(options=ROLE_NAMES, required=True)},
    )
    changed = {
        row[tr("Column")]: row[tr("Role")]
        for row, c in zip(edited, plan["columns"], strict=True)
        if row[tr("Role")] != c["role"]
    }
    return {"roles": changed}


def choose_labels(plan: ImportPlan, mark: str) -> dict[str, object]:
    """What is to be decided of the label's values: which mean none, and what becomes of several in a row."""
    values: dict[str, object] = {}
    places = iter(st.columns(3))
    if plan.get("doubtful"):
        chosen = next(places).multiselect(
            ABOUT["unlabeled"].title,
            plan["doubtful"],
            key=f"unlabeled-{mark}",
            help=help_text(ABOUT["unlabeled"]),
            placeholder=tr("Only blank cells"),
        )
        values["unlabeled"] = ", ".join(chosen)
    if plan.get("labels"):
        titles = ABOUT["several"].titles
        values["several"] = next(places).selectbox(
            ABOUT["several"].title,
            ABOUT["several"].choices,
            key=f"several-{mark}",
            format_func=lambda choice: titles.get(choice, choice),
            help=help_text(ABOUT["several"]),
        )
        against = next(places).selectbox(
            ABOUT["against"].title,
            plan["labels"],
            None,
            key=f"against-{mark}",
            help=help_text(ABOUT["against"]),
            placeholder=tr("None"),
        )
        values["against"] = against or ""
    has_label = any(c["role"] == "label" for c in plan.get("columns", []))
    if (offered := plan.get("found", {}).get("one_hot")) and not has_label:
        label = next(places).selectbox(
            tr("Columns of 0 and 1"),
            offered,
            None,
            key=f"one-hot-{mark}",
            format_func=lambda one: tr("{replace} as one label").format(replace=one.replace("|", ", ")),
            help=tr("Each row has exactly one of these columns set to 1: together they may be the class."),
            placeholder=tr("Numbers"),
        )
        values["label"] = label or ""
    return values


def choose_beside(plan: ImportPlan, mark: str) -> dict[str, object]:
    """Which column of the tables beside images or sounds holds the class."""
    choices = ["-", *plan["beside"]]
    label = st.selectbox(
        ABOUT["label"].title,
        choices,
        choices.index(plan["label"] or "-"),
        key=f"label-{mark}",
        format_func=lambda name: tr("None") if name == "-" else name,
        help=help_text(ABOUT["label"]),
    )
    return {"label": "" if label == (plan["label"] or "-") else label}


def show_reading(plan: ImportPlan, mark: str, is_text: bool) -> None:
    """How the file is read, for when a guess is wrong; changing it looks at the file again.

    Args:
        is_text: whether its ending leaves open if its lines are rows of a table or texts.
    """
    found = plan.get("found", {})
    if plan["form"] == "txt":
        found = {"encoding": plan["encoding"]}
    if not set(found) & {"delimiter", "encoding", "sheets"}:
        return
    with st.popover(tr("How the file is read"), icon=":material/tune:"):
        reading: dict[str, object] = {}
        if "delimiter" in found:
            names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blanks"}
            choices = list(names) if found["delimiter"] in names else [*names, found["delimiter"]]
            reading["delimiter"] = st.selectbox(
                tr("Delimiter"),
                choices,
                choices.index(found["delimiter"]),
                key=f"delimiter-{mark}",
                format_func=lambda d: names.get(d, d),
            )
            header = st.toggle(tr("First row names the columns"), found["header"], key=f"header-{mark}")
            reading["header"] = "yes" if header else "no"
        if is_text and "encoding" in found:
            titles = ABOUT["lines"].titles
            now = "text" if plan["form"] == "txt" else "table"
            reading["lines"] = st.selectbox(
                ABOUT["lines"].title,
                ["table", "text"],
                ["table", "text"].index(now),
                key=f"lines-{mark}",
                format_func=lambda choice: titles.get(choice, choice),
                help=help_text(ABOUT["lines"]),
            )
            if reading["lines"] != now:
                reading.pop("delimiter", None)
                reading.pop("header", None)
        if "encoding" in found:
            reading["encoding"] = st.text_input(tr("Encoding"), found["encoding"], key=f"encoding-{mark}")
        if "sheets" in found:
            reading["sheet"] = st.selectbox(
                ABOUT["sheet"].title,
                found["sheets"],
                found["sheets"].index(found["sheet"]),
                key=f"sheet-{mark}",
                help=help_text(ABOUT["sheet"]),
            )
            header = st.toggle(tr("First row names the columns"), found["header"], key=f"header-{mark}")
            reading["header"] = "yes" if header else "no"
        same = all(
            reading[key] == value
            for key, value in (
                ("delimiter", found.get("delimiter")),
                ("encoding", found.get("encoding")),
                ("sheet", found.get("sheet")),
                ("lines", "text" if plan["form"] == "txt" else "table"),
            )
            if key in reading
        ) and reading.get("header") in (None, "yes" if found.get("header") else "no")
        if st.button(tr("Read again"), key=f"again-{mark}"):
            if same:
                st.caption(tr("Nothing has changed: the files are already read like this."))
            else:
                # What was left out to mend a refusal stays left out.
                earlier = st.session_state.get(f"reading-{mark}", {})
                mended = {key: earlier[key] for key in ("only", "damaged", "columns") if key in earlier}
                st.session_state[f"reading-{mark}"] = mended | reading
                rerun()
