"""What a person can take away of a run: one list for the page and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.pack import pack_run


@dataclass(frozen=True)
class Offer:
    """A file that can be made of a run.

    Attributes:
        title, about: what a person reads. suffix: of the file's name, after the run's ID.
        make: writes the file; a sentence about it. None where the run's network is needed, which a helper
        process holds (`question`, which answers with the file as the array `file`).
    """

    title: str
    about: str
    suffix: str
    make: Callable[[RunFolder, Path], str] | None = None
    question: str = ""


def make_pack(folder: RunFolder, target: Path) -> str:
    return pack_run(folder, target).say()


def make_report(folder: RunFolder, target: Path) -> str:
    from selfsup_core.export.report import write_report

    return write_report(folder, target).say()


OFFERS: dict[str, Offer] = {
    "report": Offer(
        "Report that replays the run (HTML)",
        "One file that opens in any browser, without the app and without a network: curves, samples and map "
        "under one cursor, results and settings.",
        ".html",
        make_report,
    ),
    "pack": Offer(
        "Whole run (ZIP)",
        "All files of the run. Open it in another studio with “Open a run file” on the Runs page.",
        ".zip",
        make_pack,
    ),
}
