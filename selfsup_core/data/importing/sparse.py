"""Sparse matrices → dense arrays, once it is known that they fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from selfsup_core.data.importing.extras import damage_refused
from selfsup_core.data.importing.table import check_decoded, check_size
from selfsup_core.errors import DataError
from selfsup_core.translation import tr


def make_sparse(name: str, form: str, parts: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> Any:
    """A matrix of SciPy from (data, indices, indptr), checked.

    Raises:
        DataError: another form, too large as a table, or damaged.
    """
    from scipy import sparse

    kinds: dict[str, Callable[..., Any]] = {
        "csr": sparse.csr_matrix,
        "csc": sparse.csc_matrix,
        "bsr": sparse.bsr_matrix,
    }
    if form not in kinds or len(shape) != 2 or min(shape) < 1:
        raise DataError(
            tr("{name} of the format {form!r} and shape {shape} cannot be read.").format(
                name=name, form=form[:20], shape=shape
            ),
            code="bad-array",
            remedy=tr("Save it with scipy.sparse.save_npz(name, matrix.tocsr())."),
        )
    with damage_refused(
        lambda error: DataError(
            tr("{name} is damaged ({error}).").format(name=name, error=str(error)[:100]),
            code="damaged-array",
            remedy=tr("Save it again with scipy.sparse.save_npz."),
        )
    ):
        matrix = kinds[form](parts, shape=shape)
        matrix.check_format(full_check=True)
    return matrix


def check_dense(name: str, shape: tuple[int, ...]) -> None:
    """Raises DataError when a matrix of this shape is too large as a table."""
    check_size(name, *shape)
    check_decoded(
        tr("{name}, as a table,").format(name=name), 4 * shape[0] * shape[1], tr("Leave columns out.")
    )


def dense(name: str, matrix: Any) -> np.ndarray:
    """float32. Raises DataError: too large."""
    check_dense(name, matrix.shape)
    return np.asarray(matrix.astype(np.float32, copy=False).toarray())
