"""Graphs of nearest neighbors on disk: what one map has found is used by the next one of the same vectors."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from selfsup_core.files import sha256, write_bytes
from selfsup_core.inspection.space.base import Space

GRAPHS = "graphs"
KEPT_GRAPHS = 20

Graph = tuple[np.ndarray, np.ndarray]  # (N, k) rows, (N, k) distances


def graph_path(
    workspace: Path, space: Space, epoch: int | None, rows: np.ndarray, metric: str, k: int
) -> Path:
    mark = [space.name, space.digest(epoch), sha256(rows.tobytes()), metric, k]
    return workspace / "layouts" / GRAPHS / f"{sha256(json.dumps(mark).encode())[:24]}.npz"


def read_graph(path: Path) -> Graph | None:
    try:
        with np.load(path, allow_pickle=False) as found:
            return found["rows"], found["distances"]
    except (OSError, ValueError, KeyError, EOFError):
        return None


def write_graph(path: Path, graph: Graph) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, rows=graph[0], distances=graph[1])
    write_bytes(path, buffer.getvalue())
    old = sorted(path.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
    for one in old[KEPT_GRAPHS:]:
        one.unlink(missing_ok=True)
