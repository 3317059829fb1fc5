"""The header is read as the format's own library writes it; what is none is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from selfsup_core.safetensors_header import read_header, read_metadata

BLOB = save({"x": np.zeros((2, 3), np.float32), "n": np.arange(4)}, metadata={"epoch": "3"})


def test_names_shapes_and_texts(tmp_path: Path):
    (tmp_path / "a.safetensors").write_bytes(BLOB)
    for source in (BLOB, tmp_path / "a.safetensors"):
        header = read_header(source)
        assert {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"} == {
            "x": [2, 3],
            "n": [4],
        }
        assert read_metadata(source) == {"epoch": "3"}
    assert read_metadata(save({"x": np.zeros(1)})) == {}


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x01",
        (2**63).to_bytes(8, "little") + b"{}",
        (99).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{x",
        (30).to_bytes(8, "little") + b"\xff" * 30,
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
    ],
    ids=["empty", "short", "huge", "cut", "list", "no-json", "no-text", "deep"],
)
def test_what_is_no_header_is_refused(blob: bytes):
    with pytest.raises(ValueError, match=r"header|JSON|Expecting|codec|double quotes"):
        read_header(blob)
