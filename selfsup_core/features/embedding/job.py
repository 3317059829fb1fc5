"""One embedding job: distinct texts by their number of tokens, the longest first, batches of equal length."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.features.embedding.config import Job
from selfsup_core.features.embedding.store import Parts
from selfsup_core.pretrained.encoders.catalogue import load_encoder
from selfsup_core.translation import tr

# Characters that are read for each token: words are shorter, and a line of 20 MB must not reach the
# tokenizer.
CHARACTERS = 32
CPU_TOKENS, GPU_TOKENS = 2048, 32_768
LEAST_COSINE = 0.9999
TRIAL_TEXTS = 8
TRIAL_LEAST = (100, 4000)  # distinct texts, tokens: with fewer, a trial costs more than it saves
# A batch of fewer tokens than this takes in texts that are shorter by so little: 7% quicker for 250 posts.
FILL, WASTE = 512, 0.04


@dataclass(frozen=True)
class Progress:
    """Where a job stands.

    Attributes:
        stage: "reading" while texts are cut into tokens, "encoding", or "whole".
        done: texts that have their embedding, of `total`; while reading, texts read.
        seconds_left: estimate, None while nothing is known.
        texts_per_second: of this process; waiting between steps does not count.
        note: which precision was taken and why.
    """

    stage: Literal["reading", "encoding", "whole"]
    done: int
    total: int
    seconds_left: float | None = None
    texts_per_second: float | None = None
    note: str = ""


class TokenTable:
    """Token ids of distinct texts, one after the other.

    Attributes:
        row_of: (N,) number of each text's token ids among the distinct ones; -1 for an empty text.
        times: (U,) texts that share them.
        cut: texts of which not everything is read.
    """

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.seen: dict[bytes, int] = {}
        self.rows: list[int] = []
        self.cut = 0

    def add(self, loaded: Any, texts: list[str], most: int) -> None:
        room = most * CHARACTERS
        read = [clean(text, room) for text in texts]
        filled = [i for i, text in enumerate(read) if text]
        row_of = [-1] * len(texts)
        for i, ids in zip(filled, loaded.tokenize([read[i] for i in filled], most), strict=True):
            array = np.asarray(ids, np.int32)
            self.cut += len(ids) >= most or len(read[i]) >= room
            name = hashlib.blake2b(array.tobytes(), digest_size=16).digest()
            if name not in self.seen:
                self.seen[name] = len(self.parts)
                self.parts.append(array)
            row_of[i] = self.seen[name]
        self.rows += row_of

    def close(self) -> None:
        self.lengths = np.array([len(part) for part in self.parts], np.int64)
        self.row_of = np.array(self.rows, np.int64)
        self.times = np.bincount(self.row_of[self.row_of >= 0], minlength=len(self.parts))
        # The longest first: if memory runs out, it does so at once, and what is left goes faster.
        self.order = np.argsort(-self.lengths, kind="stable")
        # What lies before each place of the order, so that progress costs nothing.
        self.texts_before = np.concatenate([[0], np.cumsum(self.times[self.order])])
        self.tokens_before = np.concatenate([[0], np.cumsum(self.lengths[self.order])])


def clean(text: str, room: int) -> str:
    """What the tokenizer is given: cut, without space around it and without lone surrogates."""
    text = text[: 4 * room].lstrip()[:room].rstrip()
    return text.encode("utf-8", "replace").decode()


class Run:
    """One job on its way."""

    def __init__(self, job: Job, loaded: Any, tokens: TokenTable, device: str, part: Path | None) -> None:
        self.job, self.loaded, self.tokens, self.device = job, loaded, tokens, device
        is_cpu = device.startswith("cpu")
        self.budget = job.config.batch_tokens or (CPU_TOKENS if is_cpu else GPU_TOKENS)
        # On a CPU nearly every batch holds equal lengths, which need no mask. A GPU wants large batches above
        # all.
        self.may_pad = not is_cpu
        self.made = np.zeros((len(tokens.lengths), job.encoder.width), np.float32)
        self.parts = Parts(part, self.made, tokens.order, job)
        self.note, self.seconds, self.texts_here, self.tokens_here = "", 0.0, 0, 0

    def steps(self, threads: int | None) -> Generator[Progress, None, np.ndarray]:
        import torch

        before = torch.get_num_threads()
        if threads:
            torch.set_num_threads(threads)
        try:
            self.note = self.parts.open(self.choose_precision, self.use_precision)
            at = self.parts.done
            while at < len(self.tokens.order):
                began = time.monotonic()
                batch = self.next_batch(at)
                self.made[batch] = self.encode(batch)
                at += len(batch)
                self.texts_here += int(self.tokens.times[batch].sum())
                self.tokens_here += int(self.tokens.lengths[batch].sum())
                spent = time.monotonic() - began
                self.seconds += spent
                self.parts.add(len(batch), spent)
                yield self.progress("encoding")
        finally:
            if threads:
                torch.set_num_threads(before)
            with contextlib.suppress(OSError):  # what is lost is made again
                self.parts.flush()
        return self.made

    def next_batch(self, at: int) -> np.ndarray:
        """Numbers of the distinct texts in the next batch."""
        order, lengths = self.tokens.order, self.tokens.lengths
        most = max(1, self.budget // int(lengths[order[at]]))
        batch = order[at : at + most]
        if self.may_pad:
            return batch
        longest, found = int(lengths[batch[0]]), lengths[batch]
        size = int((found == longest).sum())
        near = int((found >= longest * (1 - WASTE)).sum())
        return batch[: max(size, min(near, FILL // longest))]

    def encode(self, batch: np.ndarray) -> np.ndarray:
        """(B, width), scaled if that is wanted; halves a batch that is too large for a GPU's memory."""
        import torch

        lengths = self.tokens.lengths[batch]
        ids = np.zeros((len(batch), int(lengths.max())), np.int32)
        for row, number in enumerate(batch):
            ids[row, : lengths[row]] = self.tokens.parts[number]
        try:
            found = self.loaded.encode(ids, lengths)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise DataError(
                    tr("The device has too little memory for a single text."),
                    code="out-of-memory",
                    remedy=tr("Lower Tokens per text, or use the CPU."),
                ) from None
            self.budget = max(1, self.budget // 2)
            middle = len(batch) // 2
            return np.concatenate([self.encode(batch[:middle]), self.encode(batch[middle:])])
        if not np.isfinite(found).all():
            raise DataError(
                tr("{title} gave numbers that are not finite.").format(title=self.job.encoder.title),
                code="bad-model",
            )
        return unit(found) if self.job.config.normalize else found

    def choose_precision(self) -> tuple[str, str]:
        """("half" or "full", why): half where a trial of a few texts comes out alike."""
        if self.job.config.precision == "full":
            return "full", tr("32-bit floats, as set.")
        if len(self.tokens.order) < TRIAL_LEAST[0] or self.tokens.lengths.sum() < TRIAL_LEAST[1]:
            return "full", tr("32-bit floats: too few texts to try 16 bits.")
        places = np.linspace(0, len(self.tokens.order) - 1, TRIAL_TEXTS).astype(int)
        sample = self.tokens.order[np.unique(places)]
        full = [self.encode(sample[i : i + 1]) for i in range(len(sample))]
        if not (kind := self.loaded.halve()):
            return "full", tr("32-bit floats: 16 bits are not faster here.")
        try:
            half = [self.encode(sample[i : i + 1]) for i in range(len(sample))]
            least = float((unit(np.concatenate(full)) * unit(np.concatenate(half))).sum(1).min())
        except (RuntimeError, DataError):  # a network that does not take mixed numbers
            least = 0.0
        if least >= LEAST_COSINE:
            return (
                "half",
                tr(
                    "Linear layers in {kind}; cosine to 32-bit floats {least:.6f} or more in a trial of "
                    "{count} texts."
                ).format(kind=kind, least=least, count=len(sample)),
            )
        self.use_precision("full")
        return (
            "full",
            tr(
                "32-bit floats: with {kind} the cosine fell to {least:.6f} in a trial of {count} texts."
            ).format(kind=kind, least=least, count=len(sample)),
        )

    def use_precision(self, precision: str) -> bool:
        """Go on as another process began; False where that is not possible."""
        if precision == "full":
            self.loaded = load_encoder(self.job.encoder, pooling=self.job.config.pooling, device=self.device)
            return True
        return bool(self.loaded.halve())

    def progress(self, stage: Literal["encoding", "whole"]) -> Progress:
        tokens, rows = self.tokens, self.job.rows
        if stage == "whole":
            done, left = rows, 0.0
        else:
            at = self.parts.added
            done = rows - int(tokens.texts_before[-1] - tokens.texts_before[at])
            ahead = int(tokens.tokens_before[-1] - tokens.tokens_before[at])
            left = ahead * self.seconds / max(1, self.tokens_here)
        rate = self.texts_here / self.seconds if self.seconds > 0 else None
        return Progress(stage, done, rows, left, rate, self.note)


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    found: np.ndarray = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return found
