"""HDF5 → arrays. No link leads out of the file, no filter is loaded, and sizes are checked before reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from selfsup_core.data.importing.arrays import Named
from selfsup_core.data.importing.extras import load_reader, why
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

FILTERS = (1, 2, 3, 4, 5, 6, 32000)  # those that HDF5 and h5py have built in; others load a library
MOST_ITEMS = 10_000
BLOCK = 10_000  # strings that are read at once
KERAS = ("layer_names", "keras_version", "model_config")


@contextmanager
def open_hdf5(member: Member) -> Iterator[Any]:
    """An h5py file. What goes wrong while it is read is a DataError. Raises DataError."""
    h5py = load_reader(member.name, "h5py", instead=tr("save its arrays with numpy.savez"))
    try:
        # From memory, which is quicker than from a stream of Python, and no file beside it is looked for.
        with h5py.File.in_memory(member.read()) as file:
            yield file
    except (DataError, MemoryError):
        raise
    except Exception as error:  # damaged files raise many kinds
        raise DataError(
            tr("{name} cannot be read as HDF5 ({why}).").format(name=member.name, why=why(error)),
            code="damaged-array",
            remedy=tr("Write it again, or save its arrays with numpy.savez."),
        ) from error


def read_hdf5(name: str, file: Any, prefix: str, aside: dict[str, str]) -> list[Named]:
    """All arrays of numbers or strings, by their path in an open file.

    Args:
        name: of the file. prefix: of the arrays' names.
        aside: is given {path: reason} of what is left out.

    Raises:
        DataError: damaged, larger than a data set may be, or it holds none.
    """
    if any(key in file.attrs for key in KERAS) or "model_weights" in file:
        raise DataError(
            tr("{name} holds a Keras model, not data.").format(name=name),
            code="unknown-format",
            remedy=tr("Give the arrays that it was trained on."),
        )
    found: list[Named] = []
    size = 0
    for path, dataset in each_dataset(file, aside):
        try:
            array = read_dataset(path, dataset)
        except DataError as error:
            if error.code != "bad-array":
                raise
            aside[path] = error.message
            continue
        size += array.nbytes
        check_decoded(
            tr("The arrays of {name}").format(name=name), size, tr("Keep only the arrays that are needed.")
        )
        found.append(Named(f"{prefix}{path.lower()}", array))
    check_some(name, found, aside)
    return found


def check_some(name: str, found: list[Named], aside: dict[str, str]) -> None:
    if not found:
        why = f" ({next(iter(aside.values()))})" if aside else ""
        raise DataError(
            tr("{name} holds no array of numbers or strings{why}.").format(name=name, why=why),
            code="no-samples",
            remedy=tr("Save samples and labels as plain arrays."),
        )


def each_dataset(group: Any, aside: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """(path, dataset) of all that a group holds itself; links are left out. Each is visited once."""
    import h5py

    seen: set[int] = set()
    left: list[tuple[str, Any]] = [("", group)]
    while left:
        path, item = left.pop(0)
        address = h5py.h5o.get_info(item.id).addr
        if address in seen:
            continue
        seen.add(address)
        if len(seen) > MOST_ITEMS:
            raise DataError(
                tr("{value} holds more than {most_items:,} arrays and groups.").format(
                    value=group.name or "The file", most_items=MOST_ITEMS
                ),
                code="too-many-items",
                remedy=tr("Join the samples into one array."),
            )
        if isinstance(item, h5py.Dataset):
            yield path, item
            continue
        for name in list(item):
            inner = own(item, name)
            called = f"{path}/{name}" if path else name
            if inner is None:
                aside[called] = tr("a link, which is not followed")
            elif isinstance(inner, h5py.Group | h5py.Dataset):
                left.append((called, inner))


def own(group: Any, name: str) -> Any:
    """What a group holds under a name itself; None where there is nothing, or a link to another place or
    file.
    """
    import h5py

    key = name.encode("utf-8", "surrogateescape")
    if not group.id.links.exists(key) or group.id.links.get_info(key).type != h5py.h5l.TYPE_HARD:
        return None
    return group[name]


def read_dataset(path: str, dataset: Any) -> np.ndarray:
    """The values of a dataset: numbers, or strings.

    Raises:
        DataError: another type, parts in other files, an unknown filter, or too large.
    """
    import h5py

    check_storage(path, dataset)
    count, kind = int(np.prod(dataset.shape or (), dtype=object)), dataset.dtype.kind
    text = h5py.check_string_dtype(dataset.dtype)
    if dataset.shape is None or (kind not in "biufS" and text is None):
        what = "records" if dataset.dtype.names else "nothing" if dataset.shape is None else "objects"
        raise bad_array(tr("{path} holds {what}; expected numbers or strings").format(path=path, what=what))
    check_decoded(
        tr("{path} of {shape}").format(path=path, shape=dataset.shape),
        count * dataset.dtype.itemsize,
        tr("Take a sample."),
    )
    if text is None:
        return np.asarray(dataset[()])
    if dataset.ndim != 1:
        raise bad_array(
            tr("{path} of {shape} holds strings; expected one a row").format(path=path, shape=dataset.shape)
        )
    cells: list[str] = []
    longest = 1
    for start in range(0, count, BLOCK):
        block = dataset.asstr(errors="replace")[start : start + BLOCK].tolist()
        cells += block
        longest = max(longest, *map(len, block))
        check_decoded(
            tr("The strings of {path}").format(path=path),
            4 * longest * count,
            tr("Take a sample, or save them as CSV."),
        )
    return np.array(cells, np.str_)


def check_storage(path: str, dataset: Any) -> None:
    """Raises DataError where the values lie in another file, or would be unpacked by a loaded library."""
    if dataset.external or dataset.is_virtual:
        raise bad_array(tr("{path} keeps its values in another file").format(path=path))
    made = dataset.id.get_create_plist()
    used = [made.get_filter(i)[0] for i in range(made.get_nfilters())]
    if odd := [code for code in used if code not in FILTERS]:
        raise bad_array(
            tr("{path} is packed by filter {odd}, which is not built into HDF5 (gzip is)").format(
                path=path, odd=odd[0]
            )
        )
    # A chunk is unpacked as a whole.
    chunk = int(np.prod(dataset.chunks or (), dtype=object)) * dataset.dtype.itemsize
    check_decoded(tr("A chunk of {path}").format(path=path), chunk, tr("Write it in smaller chunks."))


def bad_array(said: str) -> DataError:
    return DataError(
        f"{said}.", code="bad-array", remedy=tr("Save plain arrays of numbers or strings, packed by gzip.")
    )


def scalar_text(value: Any) -> str:
    """An attribute as text; "" where it is something else."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
