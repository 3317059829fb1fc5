"""The figures of a run as files: HTML that works offline, and by kaleido, which drives Chromium, SVG and PNG.

Without kaleido (`requirements-figures.txt`) or a browser, HTML is written, and it is said why the others are
not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup_core.errors import DataError, RunError, SettingError, StudioError
from selfsup_core.export.predicted import zip_of
from selfsup_core.export.run_figures import draw_figures
from selfsup_core.files import MB, write_bytes, write_folder
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr
from selfsup_core.wording import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

HTML = "html"
STILL = ("svg", "png")
FORMATS = (HTML, *STILL)
SCRIPT = "plotly.min.js"  # beside the pages, once for all of them
WIDTH, HEIGHT = 900, 500
SHARP = 2  # pixels of a PNG to one of the figure
SECONDS = 240.0  # that the browser may take for all figures, beside a training run


@dataclass(frozen=True)
class FiguresWritten:
    """What was written. left_out: why SVG and PNG were not, or ""."""

    run: str
    epoch: int
    figures: list[str]
    formats: list[str]
    bytes: int
    left_out: str = ""

    def say(self) -> str:
        said = tr("{figures} of epoch {epoch} as {formats}, {size:.1f} MB.").format(
            figures=counted(len(self.figures), "figure"),
            epoch=self.epoch,
            formats=", ".join(one.upper() for one in self.formats),
            size=self.bytes / MB,
        )
        return f"{said} {self.left_out}".strip()


def write_figures(
    folder: RunFolder, target: Path, epoch: int | None = None, formats: Sequence[str] | None = None
) -> FiguresWritten:
    """Write a new folder, or a ZIP file where the name ends so.

    Args:
        formats: some of FORMATS; None takes all that can be written here.

    Raises:
        SettingError: a format is unknown. DataError: the target already exists. RunError: nothing has been
        measured, or the browser fails. StudioError: kaleido is not installed. OSError: the disk is full;
        nothing is left.
    """
    unknown = [one for one in formats or () if one not in FORMATS]
    if unknown:
        raise SettingError(
            tr("Figures are written as {formats}; found {unknown!r}.").format(
                formats=", ".join(FORMATS), unknown=unknown[0]
            )
        )
    if target.exists():
        raise DataError(
            tr("{name} already exists.").format(name=target.name),
            code="exists",
            remedy=tr("Choose another name."),
        )
    figures, used = draw_figures(folder, epoch)
    wanted = list(dict.fromkeys(formats or FORMATS))
    left_out, files = "", dict[str, bytes]()
    if still := [one for one in wanted if one in STILL]:
        try:
            files |= draw_still(figures, still)
        except StudioError as error:
            if formats:
                raise
            left_out, wanted = str(error), [HTML]
    if HTML in wanted:
        files |= draw_pages(figures)
    if target.suffix.lower() == ".zip":
        write_bytes(target, zip_of({name: partial(bytes, content) for name, content in files.items()}))
        size = target.stat().st_size
    else:
        write_folder(target, files)
        size = sum(len(content) for content in files.values())
    return FiguresWritten(folder.id, used, list(figures), wanted, size, left_out)


def draw_pages(figures: dict[str, go.Figure]) -> dict[str, bytes]:
    """A page for each figure, and the script that they share; nothing is fetched from elsewhere."""
    from plotly.offline import get_plotlyjs

    files = {SCRIPT: get_plotlyjs().encode()}
    for name, figure in figures.items():
        page = figure.to_html(include_plotlyjs="directory", full_html=True, config={"displaylogo": False})
        files[f"{name}.html"] = page.encode()
    return files


def draw_still(figures: dict[str, go.Figure], formats: Sequence[str]) -> dict[str, bytes]:
    """SVG and PNG of each figure, drawn by one browser.

    Raises:
        StudioError: kaleido or a browser is missing. RunError: the browser fails, or takes too long.
    """
    try:
        import kaleido
    except ImportError as error:
        raise StudioError(
            tr("SVG and PNG need the package {name}, which is not installed.").format(name="kaleido"),
            code="missing-package",
            remedy=tr("Install it with `pip install -r requirements-figures.txt`."),
        ) from error

    async def draw() -> dict[str, bytes]:
        found = {}
        async with kaleido.Kaleido(n=1, timeout=SECONDS) as browser:
            for name, figure in figures.items():
                for form in formats:
                    found[f"{name}.{form}"] = await browser.calc_fig(figure, opts=options(figure, form))
        return found

    try:
        return asyncio.run(asyncio.wait_for(draw(), SECONDS))
    except Exception as error:  # of kaleido, choreographer and the browser, each of many kinds
        if type(error).__name__ == "ChromeNotFoundError":
            raise StudioError(
                tr("SVG and PNG need Chromium or Chrome, which was not found."),
                code="missing-browser",
                remedy=tr("Install it, or name it in the environment variable BROWSER_PATH."),
            ) from error
        raise RunError(
            tr("The browser that draws SVG and PNG failed ({name}).").format(name=type(error).__name__),
            code="no-figure",
            remedy=tr("Write HTML, and save pictures from there."),
        ) from error


def options(figure: go.Figure, form: str) -> dict[str, Any]:
    layout = figure.layout
    scale = SHARP if form == "png" and layout.width is None else 1  # pictures of pixels are sharp already
    return {"format": form, "width": layout.width or WIDTH, "height": layout.height or HEIGHT, "scale": scale}
