"""The files of an upload → the arrays that are in them, each under its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from selfsup_core.data.importing.anndata import is_anndata, read_anndata
from selfsup_core.data.importing.arrays import Named, label_text, read_idx, read_npy
from selfsup_core.data.importing.binary_sets import read_records
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import without_damaged
from selfsup_core.data.importing.formats import identify
from selfsup_core.data.importing.hdf5 import open_hdf5, read_hdf5
from selfsup_core.data.importing.matlab import read_mat
from selfsup_core.data.importing.sparse import check_dense, dense, make_sparse
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

SPARSE = {"data", "indices", "indptr", "shape", "format"}


@dataclass
class Arrays:
    """What the arrays of an upload are together.

    Attributes:
        x: (N, …) samples; more than two axes are images. labels: class of each, "" for none.
        names: of each sample, from an array of different strings. ids: from one of different numbers.
        parts: (N,) the split that the arrays came with, see `splits.PARTS`.
        columns: name of each column, where they have names.
        offers: arrays that may be the labels, where there are several.
        aside: {array: reason}.
        kinds: what the samples may be read as, the proposal first.
    """

    x: np.ndarray
    labels: list[str] | None = None
    names: list[str] | None = None
    ids: list[str] | None = None
    parts: np.ndarray | None = None
    columns: list[str] | None = None
    offers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ("table",)


def read_members(members: list[Member], made: Arrays, config: ImportConfig) -> list[Named]:
    """Every array that can be read; a pickled one among others is set aside."""
    named: list[Named] = []
    faults: list[tuple[str, DataError]] = []
    for member in members:
        # Arrays of several files are told apart by the files' names.
        prefix = "" if len(members) == 1 else f"{PurePosixPath(member.name).stem.lower()}/"
        form = identify(member.name, member.head())
        try:
            if form == "cifar":
                named += read_records(member, members)
            elif form == "mat":
                named += read_mat(member, prefix, made.aside)
            elif form == "hdf5":
                with open_hdf5(member) as file:
                    if is_anndata(file):
                        named += read_cells(member.name, file, prefix, made, is_alone=len(members) == 1)
                    else:
                        named += read_hdf5(member.name, file, prefix, made.aside)
            else:
                array = read_idx(member) if form == "idx" else read_npy(member)
                named.append(Named(member.name.lower(), array))
        except DataError as error:
            if len(members) > 1 and error.code not in ("pickle-refused", "bad-array"):
                faults.append((member.name, error))
            elif len(members) == 1:
                raise
            made.aside[member.name] = error.message
    if faults and (not named or config.damaged == "refuse"):
        first = faults[0][1]
        first.fix = without_damaged(len(faults), "file") if named else first.fix
        raise first
    return named


def read_cells(name: str, file: Any, prefix: str, made: Arrays, *, is_alone: bool) -> list[Named]:
    """The parts of an open AnnData file; names of genes only where there is one file."""
    cells = read_anndata(name, file)
    made.notes += cells.notes
    made.aside |= {f"{prefix}{part}": reason for part, reason in cells.aside.items()}
    if is_alone:
        made.columns = cells.genes
    names = [] if cells.names is None else [Named(f"{prefix}names", cells.names)]
    about = [Named(f"{prefix}{n.name}", n.array) for n in cells.about]
    return [Named(f"{prefix}x", cells.x), *about, *names]


def read_sparse(members: list[Member]) -> list[Named]:
    """The matrix of `scipy.sparse.save_npz` as a dense array; [] when the members are something else."""
    by_name = {PurePosixPath(member.name).stem: member for member in members}
    if set(by_name) - {"_is_array"} != SPARSE:
        return []
    form = str(label_text(read_npy(by_name["format"]).item()))
    shape = tuple(int(n) for n in read_npy(by_name["shape"]).reshape(-1))
    if len(shape) == 2 and min(shape) > 0:
        check_dense(tr("The sparse matrix"), shape)
    parts = tuple(read_npy(by_name[name]) for name in ("data", "indices", "indptr"))
    return [
        Named(
            tr("sparse matrix"),
            dense(tr("The sparse matrix"), make_sparse(tr("The sparse matrix"), form, parts, shape)),
        )
    ]
