"""Questions with their passages as a reader takes them: tokens, and what its frozen layers make of them, kept
where there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from selfsup_core.data.questions import Asked
from selfsup_core.evaluate.reading.answering import Span, read_states
from selfsup_core.features.windows import Read, Reading
from selfsup_core.objectives.spans import Questions
from selfsup_core.pretrained.text_body import minilm_tokenizer
from selfsup_core.translation import tr

MOST_BYTES = 400e6  # of what is kept
WIDER = 8  # windows are filled up to a multiple of so many tokens


class ReaderRows:
    """The rows of a run.

    Args:
        rows: all of them, those that were made up last. used: numbers of those that will be read.
        network: whose frozen layers read them. most: tokens of a window.
    """

    def __init__(
        self, rows: Sequence[Asked], used: np.ndarray, network: nn.Module, *, most: int, device: str
    ) -> None:
        self.rows, self.device = rows, device
        reading = Reading(minilm_tokenizer().backend_tokenizer, most)
        numbers = used.tolist()
        found = reading.read([rows[row].question for row in numbers], [rows[row].passage for row in numbers])
        self.read: dict[int, Read] = dict(zip(numbers, found, strict=True))
        self.answer: dict[int, tuple[int, int]] = {
            row: one.place(rows[row].start, rows[row].end) for row, one in self.read.items()
        }
        self.notes: list[str] = []
        if windowed := sum(len(one.starts) > 1 for one in found):
            self.notes.append(
                tr(
                    "{count:,} questions have a passage longer than {most} tokens; it is read in windows."
                ).format(count=windowed, most=most)
            )
        self.place: dict[tuple[int, int], int] = {}
        windows = [(row, window) for row, one in self.read.items() for window in range(len(one.starts))]
        lengths = [self.read[row].length for row, _ in windows]
        width: Any = int(getattr(network, "width"))  # noqa: B009  (of a SpanReader)
        self.kept: list[torch.Tensor] = []
        if 4 * width * sum(lengths) <= MOST_BYTES:
            # Those of like length together; which ones is a matter of the data alone, so that a resumed run
            # computes the same to the last bit.
            order = np.argsort(lengths, kind="stable").tolist()
            for start in range(0, len(order), 32):
                part = [windows[place] for place in order[start : start + 32]]
                states, mask, is_passage = self._compute(part, network)
                for one, state, there, inside in zip(part, states, mask, is_passage, strict=True):
                    size = int(there.sum())
                    self.place[one] = len(self.kept)
                    self.kept.append(torch.cat([state[:size], inside[:size, None].float()], dim=1))

    def _compute(
        self, windows: Sequence[tuple[int, int]], network: nn.Module
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        read = [(self.read[row], window) for row, window in windows]
        longest = max(one.length for one, _ in read)
        return read_states(network, read, -(-longest // WIDER) * WIDER, self.device)

    def states(
        self, windows: Sequence[tuple[int, int]], network: nn.Module
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(row, window) → (W, T, D) of the frozen layers, (W, T) what is there, (W, T) what is of the
        passage.
        """
        if not self.kept:
            return self._compute(windows, network)
        parts = [self.kept[self.place[one]] for one in windows]
        width = max(len(part) for part in parts)
        made = torch.zeros((len(parts), width, parts[0].shape[1]), device=self.device)
        mask = torch.zeros((len(parts), width), dtype=torch.bool, device=self.device)
        for place, part in enumerate(parts):
            made[place, : len(part)] = part
            mask[place, : len(part)] = True
        return made[:, :, :-1], mask, made[:, :, -1] > 0

    def batch(self, rows: Sequence[int], network: nn.Module) -> Questions:
        """Of each row the window that holds its answer best."""
        windows, ends = [], []
        for row in rows:
            one, (first, last) = self.read[row], self.answer[row]
            window = one.window_of((first + last) // 2)
            start = one.starts[window]
            stop = min(last, start + one.size - 1, len(one.tokens) - 1)
            ends.append((one.head + max(first - start, 0), one.head + stop - start))
            windows.append((row, window))
        states, mask, is_passage = self.states(windows, network)
        at = torch.tensor(ends, device=self.device)
        return Questions(states, mask, is_passage, at[:, 0], at[:, 1])

    def whole(
        self, rows: Sequence[int], network: nn.Module
    ) -> tuple[list[Read], torch.Tensor, torch.Tensor, torch.Tensor]:
        """All windows of the rows, as `evaluate.reading.answering.point` takes them."""
        read = [self.read[row] for row in rows]
        windows = [
            (row, window) for row, one in zip(rows, read, strict=True) for window in range(len(one.starts))
        ]
        return read, *self.states(windows, network)

    def cut(self, row: int, span: Span) -> str:
        """The text of a span in a row's passage."""
        return self.read[row].cut(self.rows[row].passage, span.first, span.last)
