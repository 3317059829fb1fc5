"""What a person can take away of a run: one list for the page and the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.environment import without_secrets
from selfsup_core.errors import RunError
from selfsup_core.files import JsonObject, parse_json
from selfsup_core.places import APP
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.pack import pack_run
from selfsup_core.translation import tr, tr_later

SECONDS = 300


@dataclass(frozen=True)
class Offer:
    """A file that can be made of a run.

    Attributes:
        title, about: what a person reads. suffix: of the file's name, after the run's ID.
        make: writes the file; a sentence about it.
        has_card: whether the text of the model card is part of it, which a person may edit.
    """

    title: str
    about: str
    suffix: str
    make: Callable[[RunFolder, Path], str]
    has_card: bool = False


def apart(*words: str, option: str = "") -> Callable[[RunFolder, Path], str]:
    """What writes a file by a command in a process of its own: it needs torch, which no page imports.

    Args:
        words: of the command, such as "runs", "onnx". option: before the file's name, such as "--out".
    """

    def make(folder: RunFolder, target: Path) -> str:
        command = [sys.executable, "-m", "selfsup_core", *words, folder.id, *([option] if option else [])]
        command += [str(target), "--json", "--workspace", str(folder.workspace)]
        try:
            done = subprocess.run(
                command,
                cwd=APP,
                env=without_secrets(),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RunError(
                tr("Writing the file took more than {seconds} seconds, so it was ended.").format(
                    seconds=SECONDS
                ),
                code="too-slow",
                remedy=tr("Use the command line, which has no limit."),
            ) from error
        about = read_answer(done.stdout)
        if said := about.get("error"):
            raise RunError(said["message"], code=said["code"], remedy=said["remedy"])
        if done.returncode or not target.is_file():
            raise RunError(
                tr("The file could not be written."),
                code="no-file",
                remedy=tr("Try again; if that does not help, use the command line, which says more."),
            )
        return str(about.get("said", ""))

    return make


def read_answer(text: str) -> JsonObject:
    try:
        found = parse_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def make_pack(folder: RunFolder, target: Path) -> str:
    return pack_run(folder, target).say()


def make_report(folder: RunFolder, target: Path) -> str:
    from selfsup_core.export.report import write_report

    return write_report(folder, target).say()


def make_metrics(folder: RunFolder, target: Path) -> str:
    from selfsup_core.export.metrics import write_metrics

    return write_metrics(folder, target)


def make_animation(folder: RunFolder, target: Path) -> str:
    from selfsup_core.export.animation import write_animation

    return write_animation(folder, target)


OFFERS: dict[str, Offer] = {
    "report": Offer(
        tr_later("Report that replays the run (HTML)"),
        tr_later(
            "One file that opens in any browser, without the app and without a network: "
            "curves, samples and map "
            "under one cursor, results and settings."
        ),
        ".html",
        make_report,
    ),
    "pack": Offer(
        tr_later("Whole run (ZIP)"),
        tr_later("All files of the run. Open it in another studio with “Open a run file” on the Runs page."),
        ".zip",
        make_pack,
    ),
    "model": Offer(
        tr_later("Model with its card (ZIP)"),
        tr_later(
            "Weights as safetensors, settings and the model card, laid out as on the Hugging "
            "Face Hub. The card "
            "can be edited below."
        ),
        "-model.zip",
        apart("runs", "card", option="--out"),
        has_card=True,
    ),
    "onnx": Offer(
        tr_later("Network (ONNX)"),
        tr_later(
            "For other programs and languages. It is checked against torch before it is "
            "handed out; needs the "
            "packages of requirements-onnx.txt."
        ),
        ".onnx",
        apart("runs", "onnx"),
    ),
    "csv": Offer(
        tr_later("Metrics (CSV)"), tr_later("One row an epoch, for spreadsheets."), ".csv", make_metrics
    ),
    "parquet": Offer(
        tr_later("Metrics (Parquet)"), tr_later("One row an epoch, for programs."), ".parquet", make_metrics
    ),
    "gif": Offer(
        tr_later("Training as a moving picture (GIF)"),
        tr_later("Loss, map and reconstructions, epoch by epoch, for slides and messages."),
        ".gif",
        make_animation,
    ),
    "webm": Offer(
        tr_later("Training as a video (WebM)"),
        tr_later("As the GIF, but smaller, for browsers; needs the package of requirements-video.txt."),
        ".webm",
        make_animation,
    ),
    "mp4": Offer(
        tr_later("Training as a video (MP4)"),
        tr_later("As the GIF, for slides and players; needs the package of requirements-video.txt."),
        ".mp4",
        make_animation,
    ),
    "figures": Offer(
        tr_later("Figures (ZIP)"),
        tr_later(
            "Each figure as a page that works offline; as SVG and PNG too where the package of "
            "requirements-figures.txt and Chromium are installed."
        ),
        "-figures.zip",
        apart("runs", "figures"),
    ),
}
