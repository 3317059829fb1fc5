"""A map as one HTML file that opens offline: points, colors, cards and the same drawing code as on the page,
nothing from elsewhere.

The drawing code is the modules of `assets/web/scatter`, joined in the order of their imports, which are taken
out with the exports.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.figures.palette import OKABE_ITO
from selfsup_core.figures.space import Legend
from selfsup_core.files import policy_hash, write_bytes
from selfsup_core.places import WEB
from selfsup_core.translation import language, tr

SCATTER = WEB / "scatter"
ENTRY = "plot.js"
IMPORT = re.compile(r"^import [^\"]*\"\./([^\"]*)\"\n?", re.MULTILINE)
MOST_BYTES = 20_000_000
ROOM_FOR_PICTURES = 9_000_000
ROOM_FOR_TEXTS = 6_000_000
SIDE = 28  # pixels of a picture at most
LEVELS = 65_535


def order_modules(name: str = ENTRY) -> list[str]:
    """A module after all that it imports, each once."""
    found: list[str] = []
    for needed in IMPORT.findall((SCATTER / name).read_text("utf-8")):
        found += [module for module in order_modules(needed) if module not in found]
    return [*found, name]


def bundle() -> str:
    """The modules as one script; their names must differ, since they share one scope there."""
    parts = []
    for name in order_modules():
        text = IMPORT.sub("", (SCATTER / name).read_text("utf-8"))
        parts.append(re.sub(r"^export (default )?", "", text, flags=re.MULTILINE))
    return "\n".join(parts)


def shrink(pictures: np.ndarray) -> np.ndarray:
    """(B, H, W[, 3]) bytes → the same with sides of at most `SIDE`, by leaving pixels out."""
    step = -(-max(pictures.shape[1:3]) // SIDE)
    return np.ascontiguousarray(pictures[:, ::step, ::step])


def base64_of(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def policy_of(page: str) -> str:
    """Only the page's own script and style count, and nothing is asked of anyone, whatever a text in it
    says.
    """
    script, style = (
        policy_hash(page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]) for tag in ("script", "style")
    )
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )


def write_html_map(
    path: Path,
    *,
    title: str,
    about: str,
    points: np.ndarray,
    codes: np.ndarray,
    legend: Legend,
    rows: np.ndarray,
    labels: list[str],
    texts: list[str],
    pictures: Callable[[np.ndarray], np.ndarray | None],
) -> int:
    """Bytes of the file. points: (N, 2), codes: (N,) bytes and legend as `questions.color` gives them.

    Raises:
        DataError: even without pictures and texts it would be larger than 20 MB.
    """
    low = points.min(axis=0).astype(float)
    size = float(max((points.max(axis=0) - low).max(), 1e-9))
    numbers = np.rint((points - low) / size * LEVELS).astype("<u2")
    data: dict[str, object] = {
        "low": low.tolist(),
        "size": size,
        "rows": len(points),
        "points": base64_of(numbers),
        "codes": base64_of(codes),
        "legend": legend,
        "numbers": base64_of(rows.astype("<u4")),
        "palette": list(OKABE_ITO),
        "pictures": None,
    }
    first = pictures(rows[:1])
    if first is not None:
        each = shrink(first)[0].nbytes
        if each * len(rows) * 4 / 3 <= ROOM_FOR_PICTURES:
            small = shrink(pictures(rows))  # type: ignore[arg-type]
            data["pictures"] = {"shape": list(small.shape[1:]), "bytes": base64_of(small)}
    names = sorted(set(labels))
    place = {name: i for i, name in enumerate(names)}
    data["labels"], data["label"] = names, base64_of(np.array([place[v] for v in labels], "<u4"))
    letters = max(0, min(300, ROOM_FOR_TEXTS // max(1, 2 * len(rows))))
    data["texts"] = [t[:letters] for t in texts] if letters >= 20 and any(texts) else None
    data["words"] = {
        "row": tr("row {row}"),
        "unlabeled": tr("no label"),
        "selected": tr("{count} selected"),
        "scale": tr("{by}: {low} (dark) to {high} (light)"),
    }
    # A "<" in a text must begin nothing, whatever follows.
    packed = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    page = (SCATTER / "offline.html").read_text("utf-8")
    filled = {
        "LANGUAGE": language(),
        "TITLE": html.escape(title),
        "ABOUT": html.escape(about),
        "MOVE": html.escape(tr("Move")),
        "LASSO": html.escape(tr("Lasso")),
        "NEARER": html.escape(tr("Zoom in")),
        "FARTHER": html.escape(tr("Zoom out")),
        "ALL": html.escape(tr("Show all")),
        "SAVE": html.escape(tr("Selected rows as CSV")),
        "LEGEND": html.escape(tr("Legend")),
        "SCRIPT": bundle(),
        "DATA": packed,
    }
    filled["POLICY"] = policy_of(page.replace("%%SCRIPT%%", filled["SCRIPT"]))
    content = re.sub(rf"%%({'|'.join(filled)})%%", lambda m: filled[m.group(1)], page).encode(
        "utf-8", "replace"
    )
    if len(content) > MOST_BYTES:
        raise DataError(
            tr("The file would have {count:.0f} MB; at most 20 are written.").format(
                count=len(content) / 1e6
            ),
            code="too-large",
            remedy=tr("Draw the map with fewer points (Advanced, Most points)."),
        )
    write_bytes(path, content)
    return len(content)
