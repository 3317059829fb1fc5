"""QR codes hold the address that was asked for, and refuse what a phone could not read."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from selfsup_core.errors import SettingError
from selfsup_core.export.qr import MOST_BYTES, PNG_SCALE, QUIET, TooLongForQr, qr_png, qr_svg

LINK = "http://192.168.1.20:8501/autoencoder?preset=emoji&set=seed%3D7&hide=advanced"


def squares(content: bytes) -> np.ndarray:
    """(side, side) of the code without its border: True where it is dark."""
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    return picture[PNG_SCALE // 2 :: PNG_SCALE, PNG_SCALE // 2 :: PNG_SCALE][QUIET:-QUIET, QUIET:-QUIET] < 128


def test_a_code_holds_its_address_square_by_square():
    import segno

    expected = np.array([list(row) for row in segno.make_qr(LINK, error="m").matrix], dtype=bool)
    assert np.array_equal(squares(qr_png(LINK)), expected)
    assert not np.array_equal(squares(qr_png(LINK)), squares(qr_png(LINK.replace("7", "8"))))


def test_three_corners_have_the_pattern_that_scanners_look_for():
    found = squares(qr_png(LINK))
    finder = np.ones((7, 7), dtype=bool)
    finder[1:6, 1:6] = False
    finder[2:5, 2:5] = True
    for corner in (found[:7, :7], found[:7, -7:], found[-7:, :7]):
        assert np.array_equal(corner, finder)


def test_an_svg_has_the_same_size_and_nothing_that_runs():
    root = ET.fromstring(qr_svg(LINK))
    side = squares(qr_png(LINK)).shape[0] + 2 * QUIET
    assert root.get("viewBox") == f"0 0 {side} {side}"
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {"svg", "path", "g"}


def test_what_a_phone_cannot_read_is_refused():
    assert qr_svg("http://a/" + "x" * (MOST_BYTES - 9))
    with pytest.raises(TooLongForQr, match=r"1,201 characters.*Copy the link"):
        qr_svg("http://a/" + "x" * (MOST_BYTES - 8))
    with pytest.raises(SettingError, match="no address"):
        qr_png("")
