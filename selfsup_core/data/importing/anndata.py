"""AnnData [1] (.h5ad) → cells by genes, what is known of each cell, names of both. Read by h5py.

[1] Virshup et al.: anndata: Annotated data, 2021
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from selfsup_core.data.importing.arrays import Named
from selfsup_core.data.importing.hdf5 import bad_array, own, read_dataset, scalar_text
from selfsup_core.data.importing.sparse import check_dense, dense, make_sparse
from selfsup_core.data.importing.table import check_decoded, unique_names
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

CELL_TYPES = ("type", "label", "annotation", "class", "cluster", "louvain", "leiden")  # likeliest first


@dataclass
class Cells:
    """What an AnnData file holds.

    Attributes:
        x: (cells, genes) float32, those genes that are highly variable where they are marked.
        genes: name of each column. names: of each cell, None where they have none.
        about: columns of words about the cells, the likeliest label first.
        notes: what was decided. aside: {part: reason}.
    """

    x: np.ndarray
    genes: list[str]
    names: np.ndarray | None
    about: list[Named]
    notes: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)


def is_anndata(file: Any) -> bool:
    """Whether an open HDF5 file holds AnnData."""
    return scalar_text(file.attrs.get("encoding-type")) == "anndata" or {"X", "obs", "var"} <= set(file)


def read_anndata(name: str, file: Any) -> Cells:
    """What an open file holds. Raises DataError: no matrix, damaged, or too large."""
    notes: list[str] = []
    aside: dict[str, str] = {}
    matrix = own(file, "X")
    if matrix is None:
        raise DataError(
            tr("{name} has no matrix X.").format(name=name),
            code="no-samples",
            remedy=tr("Store one, as in adata.X = adata.layers['counts']."),
        )
    obs, var = own(file, "obs"), own(file, "var")
    genes, used = choose_genes(var, notes)
    x = read_matrix(name, matrix, used)
    if used is not None:
        genes = genes[used] if genes is not None else None
    columns = (
        [tr("column {i}").format(i=i + 1) for i in range(x.shape[1])] if genes is None else genes.tolist()
    )
    if len(columns) != x.shape[1]:
        raise DataError(
            tr("{name} has {shape:,} genes but {count:,} names of them.").format(
                name=name, shape=x.shape[1], count=len(columns)
            ),
            code="damaged-array",
            remedy=tr("Write it again with adata.write_h5ad."),
        )
    columns, renamed = unique_names(columns)
    names, about = read_about(obs, len(x), aside)
    return Cells(x, columns, names, about, notes + renamed[:3], aside)


def choose_genes(var: Any, notes: list[str]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(names of all genes, (genes,) those that are highly variable or None for all)."""
    names = read_index(var)
    marked = column_of(var, "highly_variable")
    if marked is None or marked.dtype.kind != "b" or not marked.any() or marked.all():
        return names, None
    notes.append(
        tr("{sum:,} of {count:,} genes, which are marked as highly variable, were read.").format(
            sum=marked.sum(), count=len(marked)
        )
    )
    return names, np.flatnonzero(marked)


def read_matrix(name: str, item: Any, used: np.ndarray | None) -> np.ndarray:
    import h5py

    if isinstance(item, h5py.Dataset):
        if item.ndim != 2 or item.dtype.kind not in "biuf":
            raise bad_array(
                tr("X of {shape} {dtype} is not a matrix of numbers").format(
                    shape=item.shape, dtype=item.dtype
                )
            )
        check_dense(
            tr("X of {name}").format(name=name), (item.shape[0], item.shape[1] if used is None else len(used))
        )
        whole = read_dataset("X", item)
        return np.asarray(whole if used is None else whole[:, used], np.float32)
    form = scalar_text(item.attrs.get("encoding-type", item.attrs.get("h5sparse_format", "")))
    shape = tuple(int(n) for n in np.ravel(item.attrs.get("shape", item.attrs.get("h5sparse_shape", ()))))
    held = [own(item, part) for part in ("data", "indices", "indptr")]
    if len(shape) != 2 or any(part is None for part in held):
        raise bad_array(tr("X is not a sparse matrix in the layout of AnnData"))
    if used is None:
        check_dense(tr("X of {name}").format(name=name), shape)
    parts = tuple(read_dataset("X", part) for part in held)
    matrix = make_sparse("X", form.removesuffix("_matrix"), parts, shape)
    return dense(
        tr("X of {name}").format(name=name), matrix if used is None else matrix.tocsc()[:, used].tocsr()
    )


def read_about(obs: Any, rows: int, aside: dict[str, str]) -> tuple[np.ndarray | None, list[Named]]:
    """(names of cells, columns of words about them, the likeliest label first)."""
    import h5py

    names = read_index(obs)
    if names is not None and len(names) != rows:
        aside["obs"] = tr("{count:,} names for {rows:,} cells.").format(count=len(names), rows=rows)
        names = None
    found: list[Named] = []
    if isinstance(obs, h5py.Group):
        for column in [c for c in obs if c not in ("_index", "__categories", index_of(obs))]:
            values = column_of(obs, column)
            if values is None or values.dtype.kind not in "USb" or len(values) != rows:
                aside[f"obs/{column}"] = tr("numbers about the cells, of which none was taken")
            else:
                found.append(Named(f"obs/{column.lower()}", values))
    return names, sorted(found, key=likeness)


def likeness(named: Named) -> int:
    """Place among the columns that may be the label; a column of few words goes before one of many."""
    column = named.name.removeprefix("obs/")
    place = next((i for i, word in enumerate(CELL_TYPES) if word in column), len(CELL_TYPES))
    count = len(np.unique(named.array))
    return place + (20 if count < 2 or count > len(named.array) / 2 else 0)


def index_of(frame: Any) -> str:
    return scalar_text(frame.attrs.get("_index")) or "_index"


def read_index(frame: Any) -> np.ndarray | None:
    """Names of a frame's rows."""
    import h5py

    if not isinstance(frame, h5py.Group):
        return None
    names = own(frame, index_of(frame))
    if not isinstance(names, h5py.Dataset):
        return None
    array = read_dataset("names", names)
    return decoded(array).astype(np.str_) if array.ndim == 1 else None


def decoded(array: np.ndarray) -> np.ndarray:
    """Bytes as strings; anything else as it is."""
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


def column_of(frame: Any, name: str) -> np.ndarray | None:
    """(N,) values of a column: words of a categorical, strings, or numbers; None where it is neither."""
    import h5py

    item = own(frame, name) if isinstance(frame, h5py.Group) else None
    try:
        if isinstance(item, h5py.Group):
            parts = own(item, "codes"), own(item, "categories")
        elif item is not None and own(frame, "__categories") is not None:  # before anndata 0.8
            parts = item, own(own(frame, "__categories"), name)
        else:
            parts = item, None
        if not isinstance(parts[0], h5py.Dataset):
            return None
        values = read_dataset(name, parts[0])
        levels = read_dataset(name, parts[1]) if isinstance(parts[1], h5py.Dataset) else None
    except DataError as error:
        if error.code != "bad-array":
            raise
        return None
    if values.ndim != 1 or len(values) > LIMITS.table_rows:
        return None
    if levels is None:
        return decoded(values)
    if levels.ndim != 1 or values.dtype.kind not in "iu" or (values >= len(levels)).any():
        return None
    words = [*map(str, decoded(levels).tolist()), ""]
    check_decoded(
        tr("The words of {name}").format(name=name),
        4 * max(map(len, words)) * len(values),
        tr("Leave the column out."),
    )
    return np.array(words, np.str_)[np.where(values < 0, len(levels), values).astype(np.int64)]
