"""Nearest neighbors on the device, and those of maps."""

from __future__ import annotations

from benchmarks.checks.shared import Outcome, Place, judge, not_made


def check_neighbors(place: Place) -> Outcome:
    """PCA and nearest-neighbor accuracy, which are computed where the codes lie."""
    import torch

    from selfsup_core.evaluate.neighbors import knn_accuracy
    from selfsup_core.projection.pca import fit_pca

    generator = torch.Generator().manual_seed(0)
    y = torch.arange(600) % 6
    x = torch.randn(600, 32, generator=generator) + 2 * torch.randn(6, 32, generator=generator)[y]
    accuracy, explained = [], []
    for device in ("cpu", place.device):
        codes, labels = x.to(device), y.to(device)
        accuracy.append(float(knn_accuracy(codes[:200], labels[:200], codes[200:], labels[200:])))
        explained.append(float(fit_pca(codes, 4).explained.sum()))
    gap = max(abs(accuracy[0] - accuracy[1]), abs(explained[0] - explained[1]))
    text = (
        f"5-NN accuracy {accuracy[0]:.3f} and {accuracy[1]:.3f}, PCA explains {explained[0]:.4f} and "
        f"{explained[1]:.4f}"
    )
    return judge(gap <= 0.01, text, difference=gap)


def check_map_neighbors(place: Place) -> Outcome:
    return not_made(
        "nearest neighbors of UMAP and t-SNE are found on the CPU; there is no CUDA code for them"
    )
