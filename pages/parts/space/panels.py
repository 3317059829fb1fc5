"""What the map answers: why points are together, who is near, groups, how true it is, how two maps compare; and acting on it."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one
from pages.parts.shared.forms import widget
from pages.parts.shared.workspace import errors_shown, plain, workspace
from pages.parts.space.ask import again, ask, remember, wish
from selfsup_core.errors import SettingError
from selfsup_core.evaluate.clusters import ClusterConfig
from selfsup_core.figures.standing import picture_sheet
from selfsup_core.inspection.space.layouts import read_rows
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.inspection.space.selections import (
    delete_selection,
    list_selections,
    pack_rows,
    read_selection,
    save_selection,
    unpack_rows,
)
from selfsup_core.projection.config import ABOUT, TITLES
from selfsup_core.settings import list_settings

CLUSTERS = {entry.path: entry for entry in list_settings(ClusterConfig)}
SHOWN_TEXT = 220
MOST_TABLE = 1000


def show_panels(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    """One question at a time."""
    st.session_state.setdefault("space-panel", "why")
    chosen = (
        st.pills(
            "Ask the map",
            list(PANELS),
            key="space-panel",
            format_func=lambda n: f"{PANELS[n][1]} {PANELS[n][0]}",
            label_visibility="collapsed",
        )
        or "why"
    )
    with errors_shown():
        PANELS[chosen][2](asked, about, bits, source)


def frame_of(about: dict[str, Any]) -> int | None:
    """The epoch at which the map is looked at just now."""
    kept = st.session_state.get("space-frame")
    return kept[1] if kept and kept[0] == about["key"] and kept[1] in about["done"] else None


def question(
    asked: dict[str, Any], about: dict[str, Any], tool: str, **values: Any
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return ask(asked["space"], tool, key=about["key"], epoch=frame_of(about), **values)


def show_cards(cards: list[dict[str, Any]], asked: dict[str, Any], about: dict[str, Any]) -> None:
    """Pictures side by side, else a line each."""
    if not cards:
        return
    if asked["data"] in ("image", "sound"):
        _, arrays = question(asked, about, "pictures", places=[c["place"] for c in cards])
        if "pictures" in arrays:
            sheet = picture_sheet(
                arrays["pictures"].reshape(len(cards), -1), arrays["pictures"].shape[1:], columns=len(cards)
            )
            st.image(sheet, width=min(80 * len(cards), 320), clamp=True)
        st.caption(", ".join(f"{plain(c['label']) or 'no label'} (row {c['row']})" for c in cards))
        return
    for card in cards:
        name = f"**{plain(card['label'])}** · " if card["label"] else ""
        far = f" · distance {card['distance']:.3g}" if "distance" in card else ""
        st.markdown(f"{name}{plain(card['text'][:SHOWN_TEXT])} :small[row {card['row']}{far}]")


# Selection


def show_why(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    show_named(about, source)
    if not bits:
        st.markdown(
            "**Select points** with Lasso or Box on a 2-D map, by the legend, or by a search. Then this says what they have in common."
        )
        what = "token" if asked["data"] == "token" else "row of the data"
        st.caption(
            f"Each point is a {what}, here with {about['width']} numbers. {ABOUT[asked['config']['kind']]}"
        )
        return
    st.markdown(f"**{len(unpack_rows(bits)):,} of {about['rows']:,} points**")
    said, arrays = question(asked, about, "why", bits=bits)
    if said["labels"]:
        st.markdown(mix(said["labels"]))
    if said["differences"]:
        st.markdown("**What sets them apart**")
        rows = [{"Effect": d["effect"], "What": d["what"], "Here": d["text"]} for d in said["differences"]]
        effect = st.column_config.ProgressColumn(
            min_value=0.0,
            max_value=1.0,
            format="%.2f",
            width="small",
            help="0: no difference, 1: tells both apart. Of a number |2 AUC − 1|, of a share the difference.",
        )
        st.dataframe(
            rows,
            hide_index=True,
            key="space-why",
            column_config={
                "Effect": effect,
                "Here": st.column_config.TextColumn(
                    help="Of a number the median, of a class its share; then the same of all other points."
                ),
            },
        )
    elif said["count"] < said["of"]:
        st.caption("Neither labels nor numbers set them apart by more than a tenth.")
    if said["words"]:
        st.markdown("**Words** " + " ".join(f":gray-badge[{plain(w['what'])}]" for w in said["words"]))
    if "mean" in arrays:
        mean, rest = st.columns((1, 3), vertical_alignment="center")
        mean.image(
            picture_sheet(arrays["mean"].reshape(1, -1), arrays["mean"].shape[1:], columns=1),
            width=84,
            clamp=True,
        )
        rest.caption("What the decoder makes of their mean code.")
    st.markdown("**Most typical**")
    show_cards(said["typical"], asked, about)
    if said["odd"]:
        st.markdown("**Oddest**")
        show_cards(said["odd"], asked, about)


def mix(labels: dict[str, int]) -> str:
    """ "seven 92 %, one 8 %"."""
    total = sum(labels.values())
    if not total:
        return ""
    largest = sorted(labels.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{plain(name)} {count / total:.0%}" for name, count in largest) + (
        ", …" if len(labels) > 4 else ""
    )


def show_named(about: dict[str, Any], source: str) -> None:
    """Selections that were kept; choosing one puts it on the map and into the address."""
    kept = list_selections(workspace(), source)
    if not kept:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_one(
            st,
            "Kept selections",
            {n: f"{n} ({count:,})" for n, count in kept.items()},
            index=None,
            key=f"space-named-{source}",
            placeholder="choose one",
            help="The same rows in every space over these data. The address then leads to it.",
        )
        if name and st.session_state.get("space-named-taken") != (about["key"], name):
            st.session_state["space-named-taken"] = (about["key"], name)
            rows = read_selection(workspace(), source, name)
            places = np.flatnonzero(np.isin(read_rows(workspace(), about["key"]), rows))
            wish(about["key"], bits=pack_rows(places) if len(places) else "")
            st.session_state["space-taken"] = (about["key"], name)
            st.query_params["pick"] = name
            again()
        if name and st.button(
            "Delete",
            key="space-forget",
            icon=":material/delete:",
            help="Delete the kept selection; the data stay.",
        ):
            delete_selection(workspace(), source, name)
            st.query_params.pop("pick", None)
            again()


# A point


def show_point(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    point = st.session_state.get("space-point") or {}
    if point.get("key") != about["key"]:
        rows = read_rows(workspace(), about["key"])
        st.markdown("**Click a point** on the map, or name its row.")
        row = st.number_input(
            "Row",
            int(rows[0]),
            int(rows[-1]),
            int(rows[0]),
            key="space-row",
            help="Number of the row in the data.",
        )
        places = np.flatnonzero(rows == row)
        if not len(places):
            st.caption("This row is not on the map.")
            return
        place = int(places[0])
    else:
        place = point["place"]
    said, _ = question(asked, about, "neighbors", place=place)
    st.markdown("**The point**")
    show_cards([said["point"]], asked, about)
    facts = {k: v for k, v in said["point"].items() if k not in ("place", "row", "label", "text")}
    if facts:
        st.caption(
            ", ".join(
                f"{plain(str(k))} {v:.4g}" if isinstance(v, float) else f"{plain(str(k))} {plain(str(v))}"
                for k, v in facts.items()
            )
        )
    if not said["found"]:
        return
    st.markdown("**Its nearest in the space itself** (not on the map)")
    st.caption(f"{said['kept']:.0%} of these {len(said['found'])} are also its nearest on the map.")
    if asked["data"] in ("image", "sound"):
        show_cards(said["found"][:8], asked, about)
    table = [
        {
            "Distance": f["distance"],
            "Label": f["label"],
            "Near on the map": f["kept"],
            "Row": f["row"],
            **({"Text": f["text"]} if f["text"] else {}),
        }
        for f in said["found"]
    ]
    st.dataframe(
        table,
        hide_index=True,
        key="space-near",
        column_config={"Distance": st.column_config.NumberColumn(format="%.4g")},
    )
    if st.button("Select them", key="space-near-take", icon=":material/select_all:"):
        wish(about["key"], bits=said["bits"])
        again()


# Search


WAYS = {
    "contains": "Text contains",
    "label": "Label",
    "row": "Row numbers",
    "nearest": "Most like this",
}


def show_search(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    can = can_encode(asked)
    ways = [w for w in WAYS if w != "nearest" or can]
    if asked["data"] in ("image", "sound"):
        ways.remove("contains")
    if st.session_state.get("space-way") not in ways:
        st.session_state["space-way"] = "nearest" if asked["data"] == "text" and can else "label"
    how = st.segmented_control("Search by", ways, key="space-way", format_func=WAYS.get, required=True)
    text, file = "", None
    if how == "nearest" and asked["data"] != "text":
        file = st.file_uploader(
            "A file to place on the map",
            key="space-file",
            type=FILES[asked["data"]],
            help="It is put among the others by the same steps and the same network.",
        )
    else:
        text = st.text_input(
            "Search for", key=f"space-text-{how}", placeholder=PLACEHOLDERS[how or "label"], max_chars=2000
        )
    if not text.strip() and file is None:
        return
    said = search(asked, about, how or "label", text, file)
    st.markdown(f"**{said['count']:,} found.**")
    show_cards(said["first"][: 4 if file else 8], asked, about)
    mark = (about["key"], how, text, getattr(file, "file_id", ""))
    if st.session_state.get("space-searched") != mark:
        st.session_state["space-searched"] = mark
        marks = [{"x": said["point"][0], "y": said["point"][1], "text": "here"}] if said.get("point") else []
        wish(about["key"], bits=said["bits"], marks=marks)
        again()
    if said.get("point"):
        st.caption("The cross marks where it falls on the map; its nearest in the space are selected.")


PLACEHOLDERS = {
    "contains": "letters that occur",
    "label": "name of a class",
    "row": "3, 10-20",
    "nearest": "a rocket that goes to the moon",
}
FILES = {"image": ["png", "jpg", "jpeg", "webp", "bmp"], "sound": ["wav"], "table": ["csv"]}


def can_encode(asked: dict[str, Any]) -> bool:
    return asked["data"] in ("text", "image", "sound", "table") and bool(asked["source"])


def search(asked: dict[str, Any], about: dict[str, Any], how: str, text: str, file: Any) -> dict[str, Any]:
    if file is None:
        return question(asked, about, "search", how=how, text=text)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{Path(file.name).suffix.lower()}"
        path.write_bytes(file.getvalue())
        return question(asked, about, "search", how=how, text=str(path), count=10)[0]


# Groups


def show_groups(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            ["hdbscan", "kmeans"],
            default="hdbscan",
            key="space-method",
            required=True,
            format_func={"hdbscan": "HDBSCAN", "kmeans": "k-means"}.get,
            help=CLUSTERS["method"].description,
        )
        where = st.segmented_control(
            "Where",
            ["map", "space"],
            default="map",
            key="space-where",
            required=True,
            help=f"{CLUSTERS['where'].description} {CLUSTERS['where'].why}",
        )
    path = "least" if method == "hdbscan" else "count"
    size = widget(CLUSTERS[path], 0, key=f"space-groups-{path}")
    if st.button("Find groups", key="space-groups-go", icon=":material/workspaces:", type="primary"):
        with st.spinner("Looking for groups.", show_time=True):
            said, _ = question(asked, about, "clusters", method=method, where=where, **{path: size})
        st.session_state["space-groups"] = (about["key"], frame_of(about), said)
        wish(about["key"], by="cluster")
        again()
    kept = st.session_state.get("space-groups")
    if not kept or kept[:2] != (about["key"], frame_of(about)):
        return
    said = kept[2]
    loners = f", {said['loners']:,} points belong to none" if said["loners"] else ""
    st.markdown(f"**{said['count']} groups**{loners}.")
    if said["agreement"]:
        st.caption(
            f"Against the known labels: adjusted Rand index {said['agreement']['ari']:.2f} (1: the same groups, 0: chance), normalized mutual information {said['agreement']['nmi']:.2f}."
        )
    rows = [
        {"Group": g["name"], "Points": g["size"], "Most frequent label": g["label"]} for g in said["groups"]
    ]
    picked = st.dataframe(
        rows, hide_index=True, key="space-groups-table", on_select="rerun", selection_mode="single-row"
    )
    chosen = picked.selection.rows
    if chosen and st.session_state.get("space-group") != (about["key"], chosen[0]):
        st.session_state["space-group"] = (about["key"], chosen[0])
        wish(about["key"], bits=said["groups"][chosen[0]]["bits"])
        again()
    st.caption("A row selects its group on the map.")


# Trust


def show_trust(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    kept = st.session_state.get("space-trust")
    if kept is None or kept[:2] != (about["key"], frame_of(about)):
        with st.spinner("Comparing neighbors.", show_time=True):
            kept = (about["key"], frame_of(about), question(asked, about, "trust")[0])
        st.session_state["space-trust"] = kept
    said = kept[2]
    columns = st.columns(3)
    columns[0].metric(
        "Trustworthiness",
        f"{said['trustworthiness']:.3f}",
        help="1: nobody is near on the map who is far in the space (Venna and Kaski, 2001).",
    )
    columns[1].metric(
        "Continuity",
        f"{said['continuity']:.3f}",
        help="1: nobody who is near in the space was torn away on the map.",
    )
    columns[2].metric(
        "Kept neighbors",
        f"{said['kept']:.0%}",
        help=f"Of the {said['neighbors']} nearest, how many map and space share.",
    )
    st.markdown(plain(said["text"]))
    if said["asked"] < said["of"]:
        st.caption(f"Measured at {said['asked']:,} of {said['of']:,} points, against all of them.")
    with st.container(horizontal=True):
        if st.button("Color by kept neighbors", key="space-trust-color", icon=":material/palette:"):
            wish(about["key"], by="kept neighbors")
            again()
        if asked["config"]["kind"] in ("umap", "tsne", "random") and st.button(
            "Beside another seed",
            key="space-trust-seed",
            icon=":material/casino:",
            help="The same vectors, another seed: what moves is not in the data.",
        ):
            config = asked["config"] | {"seed": asked["config"].get("seed", 0) + 1}
            open_second(
                asked["space"],
                config,
                asked["epochs"][-1],
                asked["source"],
                f"{TITLES[config['kind']]} with seed {config['seed']}",
            )


# Two maps


def open_second(
    space: str, config: dict[str, Any], epoch: int | None, source: str, title: str, *, not_key: str = ""
) -> None:
    """Begin a second map and show it. Raises SettingError when it is the first one."""
    begun, _ = ask(space, "start", config=config, epoch=epoch)
    if begun["key"] == not_key:
        raise SettingError(
            "This is the map that is shown already.", remedy="Choose another space, epoch or kind of map."
        )
    st.session_state["space-second"] = {
        "key": begun["key"],
        "space": space,
        "source": source,
        "title": title,
        "epoch": begun["epochs"][-1],
    }
    again()


def show_compare(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    if not routes.is_mounted:
        st.caption(
            "Two maps side by side need the app started with `make run`; the numbers are in `space compare`."
        )
        return
    fitting = {
        s["space"]: s for s in list_spaces(workspace()) if s["source"] == asked["source"] and s["source"]
    }
    if not fitting:
        st.caption("There is no other space over these rows.")
        return
    others = [name for name in fitting if name != asked["space"]]
    begin = list(fitting).index(others[0]) if others else 0
    space = choose_one(
        st,
        "Second space",
        {n: other["title"] for n, other in fitting.items()},
        index=begin,
        key="space-other",
        help="Spaces over the same rows: another run, another epoch, the data as they are.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = [k for k in TITLES if k not in ("axes", "code")]
        kind = st.selectbox(
            "Its map",
            kinds,
            index=kinds.index(asked["config"]["kind"]) if asked["config"]["kind"] in kinds else 0,
            key="space-other-kind",
            format_func=TITLES.get,
        )
        epochs = fitting[space]["epochs"]
        epoch = (
            st.select_slider("Its epoch", epochs, epochs[-1], key=f"space-other-epoch-{space}")
            if len(epochs) > 1
            else None
        )
    with st.container(horizontal=True):
        if st.button("Show beside", key="space-beside", icon=":material/splitscreen_right:", type="primary"):
            config = asked["config"] | {"kind": kind, "dimensions": 2}
            at = f", epoch {epoch}" if epoch is not None else ""
            open_second(
                space,
                config,
                epoch,
                asked["source"],
                f"{TITLES[kind]} · {fitting[space]['title']}{at}",
                not_key=about["key"],
            )
        second = st.session_state.get("space-second")
        if (
            second
            and second["source"] == asked["source"]
            and st.button("Close it", key="space-beside-close", icon=":material/close:")
        ):
            st.session_state["space-second"] = None
            again()
    second = st.session_state.get("space-second")
    if not second or second["source"] != asked["source"]:
        st.caption("A selection on one map shows the same rows on the other.")
        return
    job, _ = ask(second["space"], "look", key=second["key"])
    if not job["done"]:
        st.caption("The second map is being drawn; the numbers come when it is there.")
        if st.button("Look again", key="space-compare-again"):
            again()
        return
    said, _ = question(
        asked,
        about,
        "compare",
        other={"space": second["space"], "key": second["key"], "epoch": second["epoch"]},
    )
    number = lambda value: "–" if value is None else f"{value:.3f}"  # noqa: E731
    rows = [
        {
            "Measure": "CKA of the vectors",
            "Value": number(said["cka"]),
            "Means": "1: the same up to turning and scale",
        },
        {
            "Measure": "Procrustes distance of the vectors",
            "Value": number(said["procrustes"]),
            "Means": "0: the same up to turning and scale",
        },
        {
            "Measure": "Procrustes distance of the maps",
            "Value": number(said["procrustes_maps"]),
            "Means": "0: the same picture",
        },
        {
            "Measure": f"Shared among {said['neighbors']} neighbors",
            "Value": number(said["shared"]),
            "Means": "1: the same neighbors",
        },
    ]
    st.dataframe(rows, hide_index=True, key="space-compare")
    st.caption(f"Over {said['rows']:,} rows that both have.")


# Acting


def show_act(asked: dict[str, Any], about: dict[str, Any], bits: str, source: str) -> None:
    count = len(unpack_rows(bits)) if bits else 0
    what = f"the {count:,} selected points" if count else f"all {about['rows']:,} points"
    if count:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Name of the selection", key="space-name-it", max_chars=60, placeholder="strange island"
            )
            if st.button("Keep", key="space-keep", icon=":material/bookmark:", disabled=not name.strip()):
                rows = read_rows(workspace(), about["key"])[unpack_rows(bits)]
                save_selection(workspace(), source, name, rows)
                kept = " ".join(name.split())
                st.session_state["space-taken"] = (about["key"], kept)
                st.query_params["pick"] = kept
                st.toast(f"Kept. The address of this page now leads to “{kept}”.")
        if asked["source"]:
            act_on_data(asked, about, bits, count)
    st.markdown(f"**Take {what} away**")
    take_away(asked, about, bits)
    st.toggle(
        "As a table",
        key="space-table",
        help="The points as rows; the same as the map, for those who cannot see it.",
    )
    if st.session_state.get("space-table"):
        show_table(asked, about, bits)


def act_on_data(asked: dict[str, Any], about: dict[str, Any], bits: str, count: int) -> None:
    st.markdown("**Tell the data**")
    label = st.selectbox(
        "Label",
        about["classes"],
        index=None,
        key=f"space-label-{asked['source']}",
        accept_new_options=True,
        placeholder="a class, or a new name",
        help="For the selected rows.",
    )
    acts = {
        "version": (
            "Label them in a new version",
            ":material/label:",
            "The set stays as it is; a new one with these labels stands beside it.",
            not label,
        ),
        "hand": (
            "Labels for pseudo-label runs",
            ":material/back_hand:",
            "The next run with pseudo-labels on these data learns from them.",
            not label or label not in about["classes"],
        ),
        "leave-out": (
            "Mark as errors: leave them out",
            ":material/delete_sweep:",
            "A new version without these rows.",
            False,
        ),
    }
    for how, (title, icon, help_, is_off) in acts.items():
        if st.button(title, key=f"space-act-{how}", icon=icon, help=help_, disabled=is_off):
            said, _ = question(asked, about, "relabel", bits=bits, label=label or "", how=how)
            st.session_state["space-acted"] = (how, said, about["key"])
    done = st.session_state.get("space-acted")
    if done and done[2] == about["key"]:
        how, said, _ = done
        if how == "hand":
            st.success(
                f"{said['rows']:,} labels are kept; {said['labels']:,} in all for these data.",
                icon=":material/check:",
            )
            st.page_link(
                "pages/classify.py",
                label="Train with them",
                icon=":material/category:",
                query_params={"do": "pseudo", "data": said["source"]},
            )
        else:
            st.success("The new version is there.", icon=":material/check:")
            st.page_link(
                "pages/data.py",
                label="Look at it",
                icon=":material/database:",
                query_params={"data": said["source"]},
            )


KINDS = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": ("NPZ with vectors", "application/octet-stream"),
    "html": ("HTML map", "text/html"),
}


def take_away(asked: dict[str, Any], about: dict[str, Any], bits: str) -> None:
    with st.container(horizontal=True):
        for kind, (title, mime) in KINDS.items():
            mark = (about["key"], frame_of(about), bits, kind)
            kept = st.session_state.get("space-file-made")
            if kept and kept[0] == mark:
                st.download_button(
                    f"Download {title}",
                    kept[1],
                    f"{asked['source'] or 'tokens'}-map.{kind}",
                    mime,
                    key=f"space-take-{kind}",
                    icon=":material/download:",
                    on_click="ignore",
                )
            elif st.button(
                title,
                key=f"space-make-{kind}",
                icon=":material/description:",
                help="The whole map as one page that opens offline."
                if kind == "html"
                else "Row, label, place on the map, numbers.",
            ):
                content = make_file(asked, about, bits, kind)
                st.session_state["space-file-made"] = (mark, content)
                again()


def make_file(asked: dict[str, Any], about: dict[str, Any], bits: str, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / f"map.{kind}")
        if kind == "html":
            by = st.session_state.get("space-by") or ""
            known = question(asked, about, "colors")[0]
            there = [*known["categories"], *known["numbers"], *known["measured"]]
            question(asked, about, "html", target=target, by=by if by in there else "")
        else:
            question(asked, about, "export", target=target, kind=kind, bits=bits)
        return Path(target).read_bytes()


def show_table(asked: dict[str, Any], about: dict[str, Any], bits: str) -> None:
    """The first thousand points; choosing rows selects them on the map."""
    import pyarrow.csv

    table = pyarrow.csv.read_csv(io.BytesIO(make_file(asked, about, bits, "csv")))
    shown = table.slice(0, MOST_TABLE)
    picked = st.dataframe(
        shown,
        hide_index=True,
        key=f"space-table-{about['key']}-{hash(bits)}",
        on_select="rerun",
        selection_mode="multi-row",
        height=320,
    )
    if table.num_rows > MOST_TABLE:
        st.caption(f"The first {MOST_TABLE:,} of {table.num_rows:,} points.")
    if picked.selection.rows and st.button("Select these rows on the map", key="space-table-take"):
        rows = shown.column("row").to_numpy()[picked.selection.rows]
        places = np.flatnonzero(np.isin(read_rows(workspace(), about["key"]), rows))
        remember(about["key"], pack_rows(places))
        wish(about["key"], bits=pack_rows(places))
        again()


PANELS = {
    "why": ("Why together?", ":material/help:", show_why),
    "point": ("A point", ":material/adjust:", show_point),
    "search": ("Search", ":material/search:", show_search),
    "groups": ("Groups", ":material/workspaces:", show_groups),
    "trust": ("Is it true?", ":material/verified:", show_trust),
    "compare": ("Compare", ":material/splitscreen_right:", show_compare),
    "act": ("Act", ":material/ios_share:", show_act),
}
