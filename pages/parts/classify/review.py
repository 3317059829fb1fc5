"""After a run with pseudo-labels: label uncertain rows by hand, repeat with other seeds, export."""

from __future__ import annotations

import json
import math
from typing import Any

import streamlit as st

from pages.parts.classify.downloads import show_downloads
from pages.parts.classify.explain import show_why
from pages.parts.classify.labeler import show_said
from pages.parts.classify.splits import ask_for_seeds, watch_group
from pages.parts.shared import routes
from pages.parts.shared.forms import number_field
from pages.parts.shared.go import rerun
from pages.parts.shared.live import assets_path, component
from pages.parts.shared.tables import show_table
from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal, start, workspace
from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.calibration import LEAST_ROWS
from selfsup_core.evaluate.kept import PSEUDO
from selfsup_core.evaluate.tested import read_tested
from selfsup_core.figures.seeds import reliability_figure, seeds_figure
from selfsup_core.figures.standing import sample_sheet
from selfsup_core.pseudo.hand import add_hand_label, count_words, list_hand_labels, read_hand_labels
from selfsup_core.pseudo.objectives.pseudo_labels import PROPOSERS
from selfsup_core.runs.compose import join_hand_labels
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.tasks.parts.labelers import read_said
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted, inline, percent
from selfsup_core.workers.seeds import MOST, Seeds, describe_seeds

KEYS = "1234567890"  # of the first ten classes
MOST_LETTERS = 1500
MOST_LISTED = 50  # labels by hand on the page


keys = component("selfsup_keys", "classify/keys.js")


def show_review(folder: RunFolder) -> None:
    """What can be done after a run, one thing at a time."""
    chosen = st.segmented_control(
        tr("What next"),
        [name for name in NEXT if name != "said" or read_said(folder.path)],
        key="review-next",
        label_visibility="collapsed",
        format_func=lambda name: f"{NEXT[name][1]} {NEXT[name][0]}",
    )
    if chosen:
        NEXT[chosen][2](folder)


@st.fragment
def show_queue(folder: RunFolder) -> None:
    frames = list_frames(folder.frames)
    if not frames:
        st.caption(tr("No round has finished yet."))
        return
    spec = read_spec(folder.spec)
    source = spec.data.source
    with errors_shown():
        frame = read_frame(frame_path(folder.frames, frames[-1]))
        classes = json.loads(read_about(folder.frames / "static.safetensors")["classes"])
        done = read_hand_labels(workspace(), source)
        skipped: set[int] = st.session_state.setdefault(f"skipped-{folder.id}", set())
        rows = [int(row) for row in frame["unsure_rows"]]
        left = [i for i, row in enumerate(rows) if row not in done and row not in skipped]
        st.caption(
            tr(
                "The rows it is least sure of: {count} of {count_2} reviewed; "
                "{count_words} for this data set in all. The next run learns from them, and so does "
                "its twin, the same classifier trained on the given labels alone."
            ).format(count=len(rows) - len(left), count_2=len(rows), count_words=count_words(len(done)))
        )
        if left:
            show_sample(folder.id, source, rows[left[0]])
            st.caption(plain(describe_row(frame, left[0], classes)))
            choose_label(folder, source, rows[left[0]], classes)
            if st.toggle(
                tr("Why?"),
                key="review-why",
                help=tr("What speaks for its predicted class, and the most similar labeled rows."),
            ):
                show_why(folder.id, row=rows[left[0]], epoch=frames[-1])
        else:
            st.markdown(tr("All of them are reviewed."))
        show_hand_labels(source, classes)
        if done and st.button(
            tr("Train again with {count_words}").format(count_words=count_words(len(done))),
            icon=":material/play_arrow:",
            key="review-train",
            type="primary" if not left else "secondary",
        ):
            again = join_hand_labels(workspace(), spec)
            run = start(again, preset=read_state(folder)["preset"], button="review-train")
            st.query_params.from_dict({"do": "pseudo", "run": run})
            rerun()


def describe_row(frame: dict[str, Any], place: int, classes: list[str]) -> str:
    """What the student predicts for a row, and what was proposed where that is another class.

    Args:
        frame: of the newest round. place: of the row in its list of unsure ones.
    """
    label = int(frame["unsure_label"][place])
    proposed, confidence = "", float(frame["unsure_confidence"][place])
    if label >= 0:
        how = (
            tr("without a probability")
            if math.isnan(confidence)
            else tr("{confidence} sure").format(confidence=percent(confidence))
        )
        proposed = f"{classes[label]}, {how}"
    if "unsure_student" not in frame:  # a run of an earlier version
        return f"Proposed: {proposed}." if proposed else ""
    said, sure = int(frame["unsure_student"][place]), float(frame["unsure_student_confidence"][place])
    beside = (
        tr(" The proposers together predict {proposed}.").format(proposed=proposed)
        if proposed and label != said
        else ""
    )
    return tr("The student predicts {classes}, {sure} sure.{beside}").format(
        classes=classes[said], sure=percent(sure), beside=beside
    )


def show_hand_labels(source: str, classes: list[str]) -> None:
    """Labels made by hand, the newest first, each with a button that removes it."""
    made = list_hand_labels(workspace(), source)
    if not made:
        return
    with st.expander(f"{count_words(len(made))}", key="review-hand"):
        for one in made[:MOST_LISTED]:
            name = classes[one["label"]] if one["label"] < len(classes) else str(one["label"])
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    tr("Row {row}: **{name}** {excerpt}").format(
                        row=one["row"], name=plain(name), excerpt=plain(excerpt(source, one["row"]))
                    )
                )
                st.button(
                    tr("Undo"),
                    key=f"review-undo-{one['row']}",
                    icon=":material/undo:",
                    on_click=add_hand_label,
                    args=(workspace(), source, one["row"], None),
                    help=tr("Remove this label."),
                )
        if len(made) > MOST_LISTED:
            st.caption(
                tr("The newest {most_listed}; `pseudo hand {source}` lists all.").format(
                    most_listed=MOST_LISTED, source=source
                )
            )


def excerpt(source: str, row: int) -> str:
    """How a text begins; "" for other samples."""
    x = open_source(source, workspace()).x
    return f"“{x[row][:60]}”" if isinstance(x, Texts) and row < len(x) else ""


def show_sample(run: str, source: str, row: int) -> None:
    """A text, a picture, or a table's row."""
    dataset = open_source(source, workspace())
    with st.container(border=True):
        if isinstance(dataset.x, Texts):
            st.text(dataset.x[row][:MOST_LETTERS])
        elif dataset.kind in ("image", "sound"):
            st.image(
                sample_sheet(dataset.x[row : row + 1], dataset.scale),
                width=220,
                clamp=True,
                alt=tr("Row {row}").format(row=row),
            )
        else:
            show_table(source, dataset, [row], run=run, has_labels=False)


def choose_label(folder: RunFolder, source: str, row: int, classes: list[str]) -> None:
    """A button and a key for each class, or a list when there are more than ten."""

    def keep(label: int) -> None:
        add_hand_label(workspace(), source, row, label, run=folder.id)

    buttons = {"s": "review-skip"}
    with st.container(horizontal=True, key="review-classes"):
        if len(classes) <= len(KEYS):
            # Classes that are digits have their own digit as key.
            named = classes if all(name in KEYS and len(name) == 1 for name in classes) else KEYS
            for number, (name, key) in enumerate(zip(classes, named, strict=False)):
                buttons[key] = f"review-{number}"
                st.button(
                    plain(name),
                    key=f"review-{number}",
                    on_click=keep,
                    args=(number,),
                    shortcut=key,
                    help=tr("Key {key}").format(key=key),
                )
        else:
            chosen = st.selectbox(
                tr("Class"),
                range(len(classes)),
                format_func=lambda c: classes[c],
                key=f"review-class-{row}",
                label_visibility="collapsed",
            )
            st.button(tr("Keep"), key="review-keep", on_click=keep, args=(chosen,), icon=":material/check:")
        if st.button(tr("Skip"), key="review-skip", shortcut="s", help=tr("Key S")):
            st.session_state[f"skipped-{folder.id}"].add(row)
            rerun(scope="fragment")
    if routes.is_mounted:
        keys(key="review-keys", data={"assets": assets_path(), "buttons": buttons})


def show_audit(folder: RunFolder) -> None:
    """Coverage and agreement of the proposers in the newest round; calibration once the run has ended."""
    try:
        about = read_about(folder.path / PSEUDO)
    except FileNotFoundError:
        about = {}
    vote, prior = (json.loads(about.get(name, "{}")) for name in ("vote", "prior"))
    if vote:
        names = [PROPOSERS.get(name, name) for name in vote["names"]]
        rows = [
            {"Proposer": name, "Predicts a class for": share}
            | (
                {
                    tr("Agrees with {other}").format(other=inline(other)): agreed
                    for other, agreed in zip(names, agrees, strict=True)
                }
                if len(names) > 1
                else {}
            )
            for name, share, agrees in zip(names, vote["coverage"], vote["agreement"], strict=True)
        ]
        as_percent = {c: st.column_config.NumberColumn(format="percent") for c in rows[0] if c != "Proposer"}
        st.dataframe(rows, hide_index=True, column_config=as_percent, key="review-vote")
        if len(names) > 1:
            st.caption(
                tr("They predict different classes for {conflicts} of the unlabeled rows.").format(
                    conflicts=percent(vote["conflicts"])
                )
            )
    if prior:
        shown = [
            {"Class": name, "Estimated share": share, "Standard error": error}
            for name, share, error in zip(
                json.loads(about["classes"]), prior["shares"], prior["errors"], strict=True
            )
        ]
        as_percent = {
            c: st.column_config.NumberColumn(format="percent")
            for c in (tr("Estimated share"), tr("Standard error"))
        }
        st.dataframe(shown, hide_index=True, column_config=as_percent, key="review-prior")
        st.caption(
            tr(
                "Shares of the classes among the unlabeled rows, estimated from the "
                "proposals; as reliable as "
                "the probabilities of the proposals."
            )
        )
    found = (read_tested(folder.path) or {}).get("calibration")
    if found and found["rows"] < LEAST_ROWS:
        st.caption(
            tr(
                "Too few validation rows with labels to measure calibration: {rows}, and {least_rows} "
                "are needed."
            ).format(rows=found["rows"], least_rows=LEAST_ROWS)
        )
        return
    if not found or not found["before"]["bins"]:
        st.caption(tr("Calibration is measured at the end of the run, on validation rows with labels."))
        return
    st.plotly_chart(reliability_figure(found), key="review-calibration", config={"displayModeBar": False})
    before = 100 * found["before"]["ece"]
    if "after" not in found:
        st.caption(
            tr(
                "Expected calibration error {before:.1f} points on {rows:,} validation rows. Their "
                "labels are beyond the label budget: they measure this, and no temperature is fitted by them."
            ).format(before=before, rows=found["rows"])
        )
        return
    after = 100 * found["after"]["ece"]
    st.caption(
        tr(
            "Expected calibration error {before:.1f} points on {rows:,} validation rows; "
            "{after:.1f} after all scores are divided by a temperature of {temperature:.2f}, fitted "
            "on the other half of them. On the line, a proposal that is 80% sure is correct in 80 of 100 "
            "cases."
        ).format(before=before, rows=found["rows"] // 2, after=after, temperature=found["temperature"])
    )


def show_seeds(folder: RunFolder) -> None:
    """Mean and range over seeds; their verdict is shown beside the run's."""

    def show(now: Seeds | None) -> None:
        if now and now["runs"]:
            done = tr("{runs} finished").format(runs=counted(now["runs"], "seed")) + (
                tr(", {waiting} running or queued").format(waiting=now["waiting"]) if now["waiting"] else ""
            )
            st.caption(
                tr("{done}. {describe_seeds} The band is one standard deviation.").format(
                    done=done, describe_seeds=describe_seeds(now["same_split"])
                )
            )
            st.plotly_chart(seeds_figure(now), key="review-seeds-figure", config={"displayModeBar": False})
        with st.container(horizontal=True, vertical_alignment="bottom"):
            count = number_field(
                st,
                tr("Number of seeds"),
                2,
                MOST,
                5,
                key="review-seeds-count",
                width=140,
                help=tr("Including this run."),
            )
            if st.button(tr("Train with these seeds"), key="review-seeds-go", icon=":material/play_arrow:"):
                with acting("seeds"):
                    ask_for_seeds(folder, int(count))
                    rerun()
        show_refusal("seeds")

    watch_group(folder, show)


NEXT = {
    "hand": (tr_later("Label by hand"), ":material/back_hand:", show_queue),
    "audit": (tr_later("How good are the proposals?"), ":material/query_stats:", show_audit),
    "said": (tr_later("Answers of the language model"), ":material/chat:", show_said),
    "seeds": (tr_later("Repeat with other seeds"), ":material/casino:", show_seeds),
    "take": (tr_later("Export the labels"), ":material/download:", show_downloads),
}
