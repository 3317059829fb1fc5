"""Points of a space as a file: CSV (places on the map, labels and texts; no vectors), Parquet or NPZ (with
vectors). Added again, only the latter two are a data set of vectors.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.files import write_bytes
from selfsup_core.translation import tr

FORMATS = ("csv", "parquet", "npz")
Columns = dict[str, np.ndarray | list[str]]  # (N,) values of each, by its name


def write_points(path: Path, kind: str, columns: Columns, vectors: np.ndarray) -> None:
    """vectors: (N, D).

    Raises:
        SettingError: another kind. OSError: the disk is full.
    """
    if kind not in FORMATS:
        raise SettingError(
            tr("Points are written as {formats}; found {kind!r}.").format(
                formats=", ".join(FORMATS), kind=kind
            )
        )
    buffer = io.BytesIO()
    if kind == "npz":
        arrays = {k: np.array(v, np.str_) if isinstance(v, list) else v for k, v in columns.items()}
        np.savez(buffer, vectors=vectors, **arrays)  # type: ignore[arg-type]  # takes the arrays for its flag
    elif kind == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        flat = pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(vectors, np.float32).ravel()), vectors.shape[1]
        )
        parquet.write_table(pa.table(columns | {"vector": flat}), buffer)
    else:
        lines = (
            [float(str(np.float32(v))) if isinstance(v, float | np.floating) else v for v in values]
            for values in zip(*columns.values(), strict=True)
        )
        buffer.write(csv_bytes(columns, lines))
    write_bytes(path, buffer.getvalue())
