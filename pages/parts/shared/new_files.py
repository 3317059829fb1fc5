"""Files of new samples on a page: which may be uploaded, and where they lie while they are read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pages.parts.shared.uploader import copy_to
from selfsup_core.translation import tr_later

KINDS = {
    "image": ["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff", "zip"],
    "sound": ["wav", "zip"],
    "table": ["csv", "tsv", "xlsx", "parquet", "jsonl"],
    "text": ["txt", "csv", "tsv"],
}
SAID = {
    "text": tr_later("a text file with one text per line, or a CSV file"),
    "image": tr_later("pictures, or a ZIP file of them"),
    "sound": tr_later("WAV files, or a ZIP file of them"),
    "table": tr_later("a table with the same columns, such as a CSV file"),
}


@contextmanager
def lying(files: list[Any]) -> Iterator[list[str]]:
    """Paths of copies of the uploads, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, file in enumerate(files):
            place = Path(folder) / str(number)
            place.mkdir()
            path = place / (Path(file.name).name or "file")
            copy_to(file, path)
            paths.append(str(path))
        yield paths
