"""MATLAB's .mat files → arrays: versions 4 to 7 by SciPy, 7.3 (HDF5) by h5py.

Structures, objects and functions are left out. A cell array is read where each of its cells is one string.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from selfsup_core.data.importing.arrays import Named
from selfsup_core.data.importing.extras import why
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.formats import HDF5
from selfsup_core.data.importing.hdf5 import (
    bad_array,
    check_some,
    check_storage,
    open_hdf5,
    own,
    read_dataset,
)
from selfsup_core.data.importing.sparse import dense, make_sparse
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

NUMBERS = ("double", "single", "logical", *(f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)))
BYTES = {"double": 8, "single": 4, "logical": 1, "char": 8, "cell": 8}
INNER = ("#refs#", "#subsystem#")  # where version 7.3 keeps what cells and objects refer to


def read_mat(member: Member, prefix: str, aside: dict[str, str]) -> list[Named]:
    """All variables of numbers or strings; samples are brought to the first axis.

    Args:
        prefix: of their names.
        aside: is given {variable: reason} of what is left out.

    Raises:
        DataError: damaged, larger than a data set may be, or it holds none.
    """
    is_hdf5 = HDF5 in (member.head(8), member.head(520)[512:])
    arrays = read_new(member, aside) if is_hdf5 else read_old(member, aside)
    found = [Named(f"{prefix}{name.lower()}", as_vector(array)) for name, array in arrays.items()]
    check_some(member.name, found, aside)
    return samples_first(found)


def read_old(member: Member, aside: dict[str, str]) -> dict[str, np.ndarray]:
    from scipy import io as scipy_io

    data = member.read()
    wanted: list[str] = []
    size = 0
    try:
        for name, shape, kind in scipy_io.whosmat(io.BytesIO(data)):
            if kind not in (*NUMBERS, "char", "cell", "sparse"):
                aside[name] = tr("{name} holds a {kind}, not numbers or strings.").format(
                    name=name, kind=kind
                )
                continue
            count = int(np.prod(shape, dtype=object))
            size += 0 if kind == "sparse" else BYTES.get(kind, 8) * count
            check_decoded(
                tr("The variables of {name}").format(name=member.name),
                size,
                tr("Save only those that are needed."),
            )
            wanted.append(name)
        values = scipy_io.loadmat(io.BytesIO(data), variable_names=wanted)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # SciPy raises many kinds for damaged files
        raise damaged(member, error) from error
    arrays: dict[str, np.ndarray] = {}
    for name in wanted:
        try:
            arrays[name] = plain(name, values[name])
        except (DataError, KeyError) as error:
            if isinstance(error, DataError) and error.code != "bad-array":
                raise
            aside[name] = str(error)
    return arrays


def damaged(member: Member, error: Exception) -> DataError:
    return DataError(
        tr("{name} cannot be read as a MATLAB file ({why}).").format(name=member.name, why=why(error)),
        code="damaged-array",
        remedy=tr("Save it again with save(name, 'X', 'y')."),
    )


def plain(name: str, value: Any) -> np.ndarray:
    """A variable that SciPy has read as numbers or strings. Raises DataError: neither."""
    if hasattr(value, "tocsr"):
        return dense(name, value)
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return strings(name, (cell_text(name, cell) for cell in array.reshape(-1)))
    if array.dtype.kind not in "biufU":
        raise bad_array(
            tr("{name} holds {dtype}; expected real numbers or strings").format(name=name, dtype=array.dtype)
        )
    return array


def cell_text(name: str, cell: Any) -> str:
    array = np.asarray(cell)
    if array.dtype.kind != "U" or array.size > 1:
        raise bad_array(tr("{name} is a cell array of something else than strings").format(name=name))
    return str(array.reshape(-1)[0]) if array.size else ""


def strings(name: str, cells: Iterable[str]) -> np.ndarray:
    texts = list(cells)
    longest = max(map(len, texts), default=0)
    check_decoded(
        tr("The strings of {name}").format(name=name), 4 * longest * len(texts), tr("Save them as CSV.")
    )
    return np.array([text.encode("utf-8", "replace").decode() for text in texts], np.str_)


def read_new(member: Member, aside: dict[str, str]) -> dict[str, np.ndarray]:
    """Version 7.3, whose axes are the other way round in HDF5."""
    import h5py

    arrays: dict[str, np.ndarray] = {}
    size = 0
    with open_hdf5(member) as file:
        for name in [n for n in file if n not in INNER]:
            item = own(file, name)
            try:
                if item is None or "MATLAB_object_decode" in item.attrs:
                    raise bad_array(
                        tr("{name} holds an object or a link, not numbers or strings").format(name=name)
                    )
                arrays[name] = new_sparse(name, item) if isinstance(item, h5py.Group) else new(name, item)
            except DataError as error:
                if error.code != "bad-array":
                    raise
                aside[name] = error.message
                continue
            size += arrays[name].nbytes
            check_decoded(
                tr("The variables of {name}").format(name=member.name),
                size,
                tr("Save only those that are needed."),
            )
    return arrays


def new(name: str, dataset: Any) -> np.ndarray:
    import h5py

    check_storage(name, dataset)
    kind = dataset.attrs.get("MATLAB_class", b"double").decode("ascii", "replace")
    count = int(np.prod(dataset.shape or (), dtype=object))
    check_decoded(
        tr("{name} of {shape}").format(name=name, shape=dataset.shape),
        count * dataset.dtype.itemsize,
        tr("Take a sample."),
    )
    if dataset.attrs.get("MATLAB_empty", 0) or not count:
        raise bad_array(tr("{name} is empty").format(name=name))
    if h5py.check_ref_dtype(dataset.dtype) is h5py.Reference:
        if count > LIMITS.table_rows:
            raise bad_array(tr("{name} has {count:,} cells").format(name=name, count=count))
        refs = dataset[()].reshape(-1)
        return strings(name, (referred(name, dataset.file, ref) for ref in refs))
    if dataset.dtype.kind not in "biuf":
        raise bad_array(
            tr("{name} holds {kind}; expected real numbers or strings").format(name=name, kind=kind)
        )
    values = np.asarray(dataset[()]).T
    if kind == "char":
        return strings(name, (letters(row) for row in np.atleast_2d(values)))
    return values != 0 if kind == "logical" else values


def referred(name: str, file: Any, ref: Any) -> str:
    """The string that a cell refers to."""
    cell = file[ref]
    if cell.attrs.get("MATLAB_class") != b"char":
        raise bad_array(tr("{name} is a cell array of something else than strings").format(name=name))
    if cell.attrs.get("MATLAB_empty", 0):
        return ""
    check_storage(name, cell)
    check_decoded(
        tr("A cell of {name}").format(name=name),
        8 * int(np.prod(cell.shape, dtype=object)),
        tr("Save it as CSV."),
    )
    return letters(np.asarray(cell[()]).reshape(-1))


def letters(codes: np.ndarray) -> str:
    return codes.astype("<u2").tobytes().decode("utf-16-le", "replace").rstrip(" \0")


def new_sparse(name: str, group: Any) -> np.ndarray:
    if "MATLAB_sparse" not in group.attrs:
        raise bad_array(tr("{name} holds a structure, not numbers or strings").format(name=name))
    parts = [own(group, part) for part in ("data", "ir", "jc")]
    if any(part is None for part in parts):
        raise bad_array(tr("{name} is not a sparse matrix").format(name=name))
    data, rows, ends = (read_dataset(name, part).reshape(-1) for part in parts)
    shape = (int(group.attrs["MATLAB_sparse"]), len(ends) - 1)
    matrix = make_sparse(name, "csc", (data, rows.astype(np.int64), ends.astype(np.int64)), shape)
    return dense(name, matrix)


def as_vector(array: np.ndarray) -> np.ndarray:
    """MATLAB has no vectors, only matrices of one row or column."""
    if array.size == 1:
        return array.reshape(())
    return array.reshape(-1) if array.ndim == 2 and 1 in array.shape else array


def samples_first(found: list[Named]) -> list[Named]:
    """Arrays whose last axis alone is as long as a vector beside them, as (32, 32, 3, N), turned."""
    lengths = {len(n.array) for n in found if n.array.ndim == 1}
    return [
        Named(n.name, np.moveaxis(n.array, -1, 0))
        if n.array.ndim > 1 and n.array.shape[-1] in lengths and n.array.shape[0] not in lengths
        else n
        for n in found
    ]
