"""t-SNE by openTSNE: Barnes–Hut for few points, interpolation (FIt-SNE) for many, started from PCA.

[1] van der Maaten, Hinton: Visualizing data using t-SNE, JMLR 2008
[2] Linderman et al.: Fast interpolation-based t-SNE for improved visualization of single-cell RNA-seq data,
Nature Methods 2019
[3] Poličar, Stražar, Zupan: openTSNE, 2019
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 750
EXAGGERATED = 250  # first steps
EVERY = 10


def tsne(
    x: np.ndarray,
    dimensions: int,
    *,
    perplexity: float,
    metric: str,
    steps: int,
    seed: int,
    start: np.ndarray | None = None,
    say: Callable[[np.ndarray, int, int], None] | None = None,
) -> np.ndarray:
    """x: (N, D) → (N, K).

    Args:
        start: a map to begin from, such as that of the epoch before; else PCA. say: told every 10 steps; what
            it raises ends the work.
    """
    from openTSNE import TSNE

    steps = steps or STEPS
    early = EXAGGERATED if start is None and steps > EXAGGERATED else 0

    before = (0, 0)

    def told(done: int, _error: float, layout: np.ndarray) -> None:
        # openTSNE counts each of its two phases from 0.
        nonlocal before
        if done < before[1]:
            before = (before[0] + before[1], 0)
        before = (before[0], done)
        if say:
            say(np.asarray(layout, np.float32), min(before[0] + done, steps), steps)

    if start is not None:
        # openTSNE wants a start with a deviation of .0001 on the first axis.
        initial = (start - start.mean(axis=0)) / max(float(start[:, 0].std()), 1e-12) * 1e-4
    else:
        initial = "pca"
    model = TSNE(
        n_components=dimensions,
        perplexity=min(perplexity, max(1.0, (len(x) - 1) / 3)),
        metric=metric,
        initialization=initial,
        n_iter=steps - early,
        early_exaggeration_iter=early,
        random_state=seed,
        n_jobs=1,
        callbacks=told,
        callbacks_every_iters=EVERY,
        negative_gradient_method="bh" if dimensions == 3 or len(x) < 10_000 else "fft",
    )
    return np.array(model.fit(np.ascontiguousarray(x, np.float64)), np.float32)
