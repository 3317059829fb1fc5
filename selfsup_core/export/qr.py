"""An address as a QR code, to be scanned from a projector: SVG or PNG.

QR codes after ISO/IEC 18004, drawn by segno.
"""

from __future__ import annotations

import io
from typing import Any

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

MOST_BYTES = 1_200  # beyond, the squares are too small for a phone at the back of a room
QUIET = 4  # squares of white around the code, which the standard asks for
PNG_SCALE = 12  # pixels a square


class TooLongForQr(SettingError):
    """The address has more characters than a readable QR code holds."""

    code = "too-long-for-qr"


def qr_svg(text: str) -> bytes:
    """Black on white in both themes: many scanners do not read a code in light on dark.

    Raises:
        TooLongForQr: more than `MOST_BYTES`. SettingError: there is no text.
    """
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=QUIET, dark="#000", light="#fff", omitsize=True, svgclass=None)
    return out.getvalue()


def qr_png(text: str) -> bytes:
    """As `qr_svg`, with 12 pixels a square."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=QUIET, scale=PNG_SCALE, dark="#000", light="#fff")
    return out.getvalue()


def _code(text: str) -> Any:
    import segno

    if not text:
        raise SettingError(tr("There is no address to make a QR code of."), code="empty-qr")
    size = len(text.encode())
    if size > MOST_BYTES:
        raise TooLongForQr(
            tr(
                "The address has {size:,} characters; a QR code that phones can read has at most "
                "{most_bytes:,}."
            ).format(size=size, most_bytes=MOST_BYTES),
            remedy=tr("Copy the link instead, or share fewer changed settings."),
        )
    return segno.make_qr(text, error="m" if size <= MOST_BYTES // 2 else "l")
