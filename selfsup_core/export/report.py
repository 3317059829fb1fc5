"""A run as one HTML file that replays it offline: the stage's own code, its frames, results and settings.

Nothing is asked of anyone, whatever a text of the run says: the policy of the page allows its own scripts
only.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core import __version__
from selfsup_core.errors import RunError
from selfsup_core.evaluate.words.glossary import read_words
from selfsup_core.evaluate.words.verdict import describe_run
from selfsup_core.export.bundle import bundle
from selfsup_core.export.metric_titles import metric_title
from selfsup_core.files import MB, finite, policy_hash, write_bytes
from selfsup_core.places import WEB
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state
from selfsup_core.runs.identity import identity_rows
from selfsup_core.runs.spec import known_settings, read_spec, value_at
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import join_sentences, language, recorded, script_texts, tr
from selfsup_core.wording import counted, day, local, sentence
from selfsup_core.workers.live import LiveRuns

MOST_BYTES = 20 * MB
STYLES = ("stage/style.css", "stage/lab.css", "stage/pseudo.css", "stage/views.css", "report/report.css")
PRIVATE = ("owner", "worker", "beat", "group", "part_of", "preset", "tokens", "waits")


@dataclass(frozen=True)
class Report:
    """A report that was written. frames: epochs in it. left_out: epochs that would have made it too large."""

    run: str
    bytes: int
    frames: int
    left_out: int

    def say(self) -> str:
        said = tr("The report of {run} has {bytes:.1f} MB and replays {epochs}.").format(
            run=self.run, bytes=self.bytes / MB, epochs=counted(self.frames, "epoch")
        )
        left = tr("{left_out} more epochs were left out, so that it stays below 20 MB.")
        return join_sentences([said, left.format(left_out=self.left_out)] if self.left_out else [said])


def write_report(folder: RunFolder, target: Path) -> Report:
    """Write the report.

    Raises:
        RunError: the run is at work, or nothing of it has been measured. OSError: the disk is full.
    """
    state = read_state(folder)
    if state["status"] in ACTIVE:
        raise RunError(
            tr("The run {id} is {status}.").format(id=folder.id, status=tr(state["status"])),
            code="run-active",
            remedy=tr("Wait until it has ended, then write the report."),
        )
    epochs = list_frames(folder.frames)
    if not epochs:
        raise RunError(
            tr("Nothing of the run {id} has been measured, so there is nothing to report.").format(
                id=folder.id
            ),
            code="no-frame",
        )
    live = LiveRuns(folder.workspace)
    data: dict[str, Any] = {
        "run": folder.id,
        "task": state.get("task", "autoencoder"),
        "words": read_words(),
        "static": packed(live.shared(folder.id, "static")),
        "thumbnails": None,
        "lang": language(),
        "texts": script_texts(language()),
    }
    if (folder.frames / "thumbnails.safetensors").is_file():
        data["thumbnails"] = packed(live.shared(folder.id, "thumbnails"))
    frames = {epoch: packed(live.frame(folder.id, epoch)) for epoch in epochs}
    plotly = plotly_script()
    script = bundle("report/main.js")
    room = MOST_BYTES - len(plotly) - len(script) - len(data["static"]) - 2 * MB
    if data["thumbnails"] and len(data["thumbnails"]) > room / 2:
        data["thumbnails"] = None  # the card at a point then has no picture
    room -= len(data["thumbnails"] or "")
    kept = thin(epochs, {epoch: len(text) for epoch, text in frames.items()}, room)
    data["frames"] = {str(epoch): frames[epoch] for epoch in kept}
    answer = json.loads(live.snapshot(folder.id))
    shown = {key: value for key, value in answer["state"].items() if key not in PRIVATE}
    # Nothing is decoded here: the network is not in the file.
    shown |= {"can_decode": False, "message": recorded(state["message"]), "is_responding": True}
    data["live"] = answer | {"state": shown, "frames": kept, "early": [], "next": "end-0"}
    content = page(folder, state, data, script, plotly).encode("utf-8", "replace")
    write_bytes(target, content)
    return Report(folder.id, len(content), len(kept), len(epochs) - len(kept))


def packed(blob: bytes) -> str:
    return base64.b64encode(gzip.compress(blob, 6, mtime=0)).decode()


def thin(epochs: list[int], sizes: Mapping[int, int], room: float) -> list[int]:
    """As many epochs as there is room for: every second one, every third, …, with the first and the last."""
    for step in range(1, len(epochs) + 1):
        kept = sorted({*epochs[::step], epochs[-1]})
        if sum(sizes[epoch] for epoch in kept) <= room:
            return kept
    return [epochs[-1]]


def plotly_script() -> str:
    import plotly

    text = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def page(folder: RunFolder, state: Any, data: dict[str, Any], script: str, plotly: str) -> str:
    style = "\n".join((WEB / name).read_text("utf-8") for name in STYLES)
    filled = {
        "LANGUAGE": language(),
        "TITLE": html.escape(state["name"] or folder.id),
        "ABOUT": html.escape(about_line(state)),
        "NO_SCRIPT": html.escape(tr("The replay needs JavaScript. Results and settings are below.")),
        "STYLE": style.replace("</style", "<\\/style"),
        "BODY": body(folder, state),
        # A "<" in a text must begin nothing, whatever follows.
        "DATA": json.dumps(finite(data), ensure_ascii=False).replace("<", "\\u003c"),
        "PLOTLY": plotly,
        "SCRIPT": script,
    }
    # Plotly makes styles of its own, which cannot ask for anything under this policy.
    filled["POLICY"] = (
        f"default-src 'none'; script-src {policy_hash(plotly)} {policy_hash(script)}; style-src "
        "'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    template = (WEB / "report" / "report.html").read_text("utf-8")
    return re.sub(rf"%%({'|'.join(filled)})%%", lambda found: filled[found[1]], template)


def about_line(state: Any) -> str:
    done, total = state["epoch"], state["epochs"]
    is_rounds = state.get("task") == "pseudo"
    return tr("{title}. {done}, {status}. Trained on {day} with SelfSup Studio {version}.").format(
        title=recorded(state["source_title"]) or state["source"],
        done=(tr("{done} of {total} rounds") if is_rounds else tr("{done} of {total} epochs")).format(
            done=done, total=total
        ),
        status=tr(state["status"]),
        day=day(state["created"]),
        version=__version__,
    )


def body(folder: RunFolder, state: Any) -> str:
    """What came out and how it was trained, also without JavaScript."""
    outcome = describe_run(state)
    said = [sentence(outcome), *map(recorded, state["notices"])]
    if verdict := state.get("verdict"):
        said.insert(0, recorded(verdict["text"]))
    if error := state["error"]:
        said.insert(0, join_sentences([recorded(error["message"]), recorded(error["remedy"])]).strip())
    paragraphs = "\n".join(f"<p>{html.escape(text)}</p>" for text in dict.fromkeys(said) if text)
    metrics = [(metric_title(name), number(value)) for name, value in sorted(state["metrics"].items())]
    spec = read_spec(folder.spec)
    settings = [
        (setting.title, setting.say(value_at(spec, path)))
        for path, setting in known_settings(spec).items()
        if path not in ("name", "version") and value_at(spec, path) not in ("", ())
    ]
    rows = [(tr("Device"), state["device"]["label"])] if state["device"] else []
    rows += identity_rows(state.get("identity"))
    origin = f"<details>{summary(tr('Computed from'))}{table(rows)}</details>\n" if rows else ""
    return (
        f"<h2>{html.escape(tr('Results'))}</h2>\n{paragraphs}\n<div class='report-tables'>\n"
        f"<details open>{summary(tr('Metrics at the end'))}{table(metrics)}</details>\n"
        f"<details>{summary(tr('Settings'))}{table(settings)}</details>\n{origin}</div>"
    )


def summary(title: str) -> str:
    return f"<summary>{html.escape(title)}</summary>"


def number(value: object) -> str:
    return local(f"{value:.4g}") if isinstance(value, float) else "–" if value is None else str(value)


def table(rows: Sequence[tuple[str, object]]) -> str:
    lines = (
        f"<tr><th scope='row'>{html.escape(str(name))}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"
