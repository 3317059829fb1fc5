"""k-nearest-neighbor accuracy: how often the majority of the k nearest labeled points has the right class.

[1] Cover, Hart: Nearest neighbor pattern classification, 1967
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def knn_accuracy(
    queries: torch.Tensor,
    query_labels: torch.Tensor,
    references: torch.Tensor,
    reference_labels: torch.Tensor,
    *,
    k: int = 5,
) -> float | None:
    """Share of `queries` (Q, D) whose class is the majority among their k nearest of `references` (R, D).

    Euclidean distance. Among tied classes the one with the nearest voter wins. None when either side is
    empty.
    """
    import torch

    if len(queries) == 0 or len(references) == 0:
        return None
    k = min(k, len(references))
    nearest = torch.cdist(queries.float(), references.float()).topk(k, largest=False).indices
    votes = reference_labels[nearest]  # (Q, k)
    classes = int(max(reference_labels.max(), query_labels.max())) + 1
    # A bonus that only breaks ties: far below one vote, above the bonuses of all farther voters together.
    weights = 1 + 1e-3 * 0.5 ** torch.arange(1, k + 1, device=votes.device)
    counts = torch.zeros(len(queries), classes, device=votes.device)
    counts.scatter_add_(1, votes, weights.expand_as(votes).to(counts.dtype))
    return float((counts.argmax(dim=1) == query_labels).float().mean())
