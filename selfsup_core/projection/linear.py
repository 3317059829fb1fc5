"""Maps that are linear in the vectors: PCA, random projection, own axes, the numbers themselves.

points = (x − mean) axesᵀ, so a new row is placed by the same line.
[1] Johnson, Lindenstrauss: Extensions of Lipschitz mappings into a Hilbert space, 1984 (random projection)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr


@dataclass(frozen=True)
class Linear:
    """mean: (D,), axes: (K, D); explained: share of the variance that is seen, None where axes are not
    orthonormal.
    """

    mean: np.ndarray
    axes: np.ndarray
    explained: float | None = None

    def place(self, x: np.ndarray) -> np.ndarray:
        """(B, D) → (B, K)."""
        found: np.ndarray = ((x - self.mean) @ self.axes.T).astype(np.float32)
        return found


def pad(axes: np.ndarray, dimensions: int) -> np.ndarray:
    """(k, D) → (K, D), with zeros where the data have too few directions."""
    return np.pad(axes, ((0, dimensions - len(axes)), (0, 0)))


def fit_axes(x: np.ndarray, dimensions: int) -> Linear:
    """PCA."""
    import torch

    from selfsup_core.projection.pca import fit_pca

    pca = fit_pca(torch.from_numpy(np.ascontiguousarray(x, np.float32)), dimensions)
    return Linear(pca.mean.numpy(), pad(pca.components.numpy(), dimensions), float(pca.explained.sum()))


def random_axes(x: np.ndarray, dimensions: int, seed: int) -> Linear:
    """Gaussian directions, which keep distances on average."""
    axes = np.random.default_rng(seed).normal(size=(dimensions, x.shape[1])) / np.sqrt(x.shape[1])
    return Linear(x.mean(axis=0), axes.astype(np.float32))


def plain_axes(x: np.ndarray, dimensions: int) -> Linear:
    """The numbers as they are. Raises SettingError when there are more than the map has."""
    if x.shape[1] > dimensions:
        raise SettingError(
            tr("A map of {dimensions} numbers cannot show {shape} as they are.").format(
                dimensions=dimensions, shape=x.shape[1]
            ),
            remedy=tr("Choose PCA, or a network with a code of 2 or 3 numbers."),
        )
    width = x.shape[1]
    return Linear(np.zeros(width, np.float32), pad(np.eye(width, dtype=np.float32), dimensions))


def own_axes(x: np.ndarray, ends: list[tuple[np.ndarray, np.ndarray] | None], dimensions: int) -> Linear:
    """Axes from the mean of some rows to the mean of others, each made orthogonal to those before; the rest
    by PCA of what is left. 0 is the first mean and 1 the second one.

    Args:
        ends: for each axis (row numbers A, row numbers B), or None.

    Raises:
        SettingError: an end has no rows, or both means are the same.
    """
    axes: list[np.ndarray] = []
    scaled: list[np.ndarray] = []
    begin = x.mean(axis=0).astype(np.float64)
    for index, pair in enumerate(ends):
        if pair is None:
            continue
        if not all(len(rows) for rows in pair):
            raise SettingError(
                tr("The {value} axis: one of its ends has no point on this map.").format(value="xyz"[index])
            )
        a, b = (x[rows].mean(axis=0).astype(np.float64) for rows in pair)
        if not axes:
            begin = a
        direction = b - a
        for other in axes:
            direction = direction - (direction @ other) * other
        size = np.linalg.norm(direction)
        if size <= 1e-9 * max(1.0, float(np.linalg.norm(b - a))) or size == 0:
            raise SettingError(
                tr(
                    "The {value} axis: both ends have the same mean, or it is parallel to another axis."
                ).format(value="xyz"[index])
            )
        axes.append(direction / size)
        scaled.append(direction / size**2)
    rest = x.astype(np.float64) - begin
    unitary = np.array(axes).reshape(-1, x.shape[1])
    rest -= (rest @ unitary.T) @ unitary
    scale = 1.0 / float(np.linalg.norm(scaled[0])) if scaled else 1.0
    missing = dimensions - len(axes)
    if missing:
        more = fit_axes(rest.astype(np.float32), min(missing, x.shape[1])).axes
        scaled += [axis / scale for axis in more.astype(np.float64)]
    return Linear(begin.astype(np.float32), pad(np.array(scaled, np.float32), dimensions))
