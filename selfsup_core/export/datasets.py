"""A data set as a file: Parquet for texts and tables, a ZIP with a folder for each class for images and
sounds.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import load_dataset
from selfsup_core.data.library.own import folder_of
from selfsup_core.data.spoken import TRANSCRIPT, has_transcripts, wave_of
from selfsup_core.data.texts import Texts
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.pseudo.hand import read_hand_labels


def export_dataset(workspace: Path, name: str) -> tuple[str, bytes]:
    """(file name, content): texts and tables as Parquet, images and sounds as a ZIP with folder = class.

    Labels that were made by hand are in it, over given ones.
    """
    dataset = load_dataset(folder_of(workspace, name))
    labels = dataset.label_names()
    for row, number in read_hand_labels(workspace, name).items():
        labels[row] = dataset.classes[number]
    mark = f"{name}-{dataset.digest[:8]}"
    buffer = io.BytesIO()
    if dataset.kind in ("text", "table"):
        import pyarrow as pa
        from pyarrow import parquet

        if isinstance(dataset.x, Texts):
            columns = {"text": pa.array(list(dataset.x), pa.large_string())}
        else:
            columns = {c: np.asarray(dataset.x[:, i]) for i, c in enumerate(dataset.columns)}
        if dataset.y is not None:
            columns[free_name("label", columns)] = pa.array([label or None for label in labels])
        parquet.write_table(pa.table(columns), buffer)
        return f"{mark}.parquet", buffer.getvalue()
    from PIL import Image

    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        lines = []
        said = dataset.extra[TRANSCRIPT] if has_transcripts(dataset) else None
        for row in range(len(dataset)):
            folder = re.sub(r"[^\w\- ]", "_", labels[row]) or "unlabeled"
            picture = io.BytesIO()
            if dataset.kind == "sound":
                from scipy.io import wavfile

                file = f"{folder}/{row:06d}.wav"
                wavfile.write(picture, int(dataset.details["rate"]), wave_of(dataset, row))
            else:
                file = f"{folder}/{row:06d}.png"
                values = np.round(np.asarray(dataset.x[row], np.float32) * dataset.scale * 255)
                Image.fromarray(values.astype(np.uint8)).save(picture, "PNG")
            archive.writestr(file, picture.getvalue())
            lines.append((file, str(said[row]) if said is not None else labels[row]))
        head = ("file", TRANSCRIPT if said is not None else "label")
        archive.writestr("labels.csv", csv_bytes(head, lines))
        archive.writestr("about.json", json.dumps(dataset.provenance, ensure_ascii=False))
    return f"{mark}.zip", buffer.getvalue()


def free_name(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name
