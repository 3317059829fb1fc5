"""What a classifier is given of a row: fixed features on the device, or tokens of a text, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split, split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.features.batches import leave_out, prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.models.modules.heads import Standardize, Tokens
from selfsup_core.tasks.parts.code_of import take_encoder
from selfsup_core.translation import tr

ENCODED = 2048  # rows at once
FITTED_ROWS = 20_000  # training rows whose mean and deviation are taken
TOKENIZED = 256  # texts at once
LETTERS_A_TOKEN = 50  # what comes after so many letters for each token is not read at all


class Inputs(Protocol):
    """Rows of a data set as a network wants them.

    Attributes:
        y: (N,) true classes, -1 where there is none, or None.
        cost: about how many tokens a row has; 0 for features, which cost next to nothing.
    """

    dataset: Dataset
    split: Split
    y: np.ndarray | None
    notes: list[str]
    item_shape: tuple[int, ...]
    columns: tuple[str, ...]
    cost: int

    def add(self, rows: np.ndarray) -> None:
        """Make these rows ready."""

    def x(self, rows: torch.Tensor) -> Any:
        """(B,) row numbers on the device → what the network is given."""

    def order(self, rows: np.ndarray) -> np.ndarray:
        """Places of `rows` in the order in which they are processed fastest."""


class FeatureInputs:
    """TF-IDF, embeddings, pixels or columns, in [0, 1]."""

    cost = 0

    def __init__(
        self,
        dataset: Dataset,
        config: DataConfig,
        device: str,
        workspace: Path,
        say: Callable[[str], None],
        *,
        folder: Path | None = None,
    ) -> None:
        self.dataset, self.device = dataset, device
        self.data = prepare(dataset, config, device, workspace=workspace, progress=say)
        self.split, self.y = self.data.split, self.data.y
        self.item_shape, self.columns = self.data.item_shape, self.data.columns
        self.width = self.data.width
        self.notes = [self.data.note] if self.data.note else []
        self.codes: torch.Tensor | None = None
        if config.code_of and folder:
            say(tr("Encoding all rows."))
            self._take_codes(workspace, folder, config)

    def _take_codes(self, workspace: Path, folder: Path, config: DataConfig) -> None:
        """The features become the code of another run's encoder, made once for all rows."""
        if len(self.item_shape) < 2 or self.dataset.kind not in ("image", "sound"):
            raise SettingError(
                tr("The code of a run can stand for images and sounds only; {title} holds {kind}s.").format(
                    title=self.dataset.title, kind=self.dataset.kind
                ),
                remedy=tr("Leave Code of a run (data.code_of) empty."),
            )
        encoder, note = take_encoder(workspace, folder, config, self.item_shape)
        encoder = encoder.to(self.device)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(self.dataset), ENCODED):
                rows = torch.arange(start, min(start + ENCODED, len(self.dataset)), device=self.device)
                parts.append(encoder.encode(self.data.values(rows)).float())
        self.codes = torch.cat(parts).clone()
        self.width = self.codes.shape[1]
        self.item_shape, self.columns = (self.width,), ()
        self.notes.append(note)

    def add(self, rows: np.ndarray) -> None:
        """All rows are there."""

    def x(self, rows: torch.Tensor) -> torch.Tensor:
        return self.data.values(rows) if self.codes is None else self.codes[rows]

    def order(self, rows: np.ndarray) -> np.ndarray:
        return np.arange(len(rows))

    def fit(self, standardize: Standardize, scaling: str = "columns") -> None:
        """Mean and deviation of the training rows; labels play no part, so rows without one count too.

        Args:
            scaling: "columns", or "whole" for one number, by which values have a mean square of 1.
        """
        train = self.split.train
        rows = train[:: -(-len(train) // FITTED_ROWS)]
        x = self.x(self.data.rows(rows))
        if scaling == "whole":
            size = x.square().mean().sqrt()
            standardize.fit(torch.zeros_like(x[0]), size.expand_as(x[0]))
            return
        deviation, mean = torch.std_mean(x, dim=0, correction=0)
        standardize.fit(mean, deviation)


class TextInputs:
    """Token numbers, cut at the most tokens; a batch is padded to its longest text only.

    Args:
        tokenizer: of transformers; it puts its own control tokens around a text, those inside stay text.
        padding: token number that fills up a batch; the network is told to look away.
    """

    columns: tuple[str, ...] = ()

    def __init__(
        self, dataset: Dataset, config: DataConfig, device: str, *, tokenizer: Any, most: int, padding: int
    ) -> None:
        if not isinstance(dataset.x, Texts):
            raise DataError(
                tr("A text classifier needs texts; {title} holds {kind}s.").format(
                    title=dataset.title, kind=dataset.kind
                ),
                code="no-texts",
                remedy=tr("Use a classifier on fixed features (model.kind = head)."),
            )
        self.dataset, self.device, self.padding, self.cost = dataset, device, padding, most
        self.item_shape: tuple[int, ...] = (most,)
        self.split = split_rows(
            dataset, validation=config.validation, test=config.test, seed=config.split_seed
        )
        self.y = None if dataset.y is None else np.array(dataset.y)
        if config.leave_out:
            self.split = leave_out(self.split, self.y, dataset.classes, config.leave_out)
        self.encode = make_encoder(tokenizer, most, padding)
        self.ids: list[np.ndarray] = []
        self.place = np.full(len(dataset), -1)
        self.notes: list[str] = []

    def add(self, rows: np.ndarray) -> None:
        fresh = np.unique(rows[self.place[rows] < 0])
        self.place[fresh] = len(self.ids) + np.arange(len(fresh))
        for start in range(0, len(fresh), TOKENIZED):
            self.ids += self.encode([self.dataset.x[int(r)] for r in fresh[start : start + TOKENIZED]])
        self.lengths = np.array([len(ids) for ids in self.ids])
        tokens, _ = pad_tokens(self.ids, self.padding)
        self.tokens = torch.from_numpy(tokens).to(self.device)  # (R, T) int32
        self.on_device = torch.from_numpy(self.place).to(self.device)
        self.ends = torch.from_numpy(self.lengths).to(self.device)

    def x(self, rows: torch.Tensor) -> Tokens:
        place = self.on_device[rows]
        ends = self.ends[place]
        # Waits for the device, which costs far less than the padding of all rows to one length.
        width = int(ends.max())
        mask = torch.arange(width, device=self.device) < ends[:, None]
        return Tokens(self.tokens[place, :width].long(), mask.long())

    def order(self, rows: np.ndarray) -> np.ndarray:
        return np.argsort(self.lengths[self.place[rows]], kind="stable")


def make_encoder(tokenizer: Any, most: int, padding: int) -> Callable[[list[str]], list[np.ndarray]]:
    """Texts → token numbers of each, at least one and at most `most`, the tokenizer's own control tokens
    included.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.encode_special_tokens = True  # a "[SEP]" in someone's text is five letters
    backend.enable_truncation(max(most, backend.num_special_tokens_to_add(is_pair=False) + 1))

    def encode(texts: list[str]) -> list[np.ndarray]:
        found = backend.encode_batch_fast([text[: most * LETTERS_A_TOKEN] for text in texts])
        return [np.array(one.ids or [padding], np.int32) for one in found]

    return encode


def pad_tokens(ids: list[np.ndarray], padding: int) -> tuple[np.ndarray, np.ndarray]:
    """Token numbers of texts → (B, T) filled up behind, and (B, T) 1 where a token is."""
    lengths = np.array([len(one) for one in ids])
    mask = np.arange(lengths.max()) < lengths[:, None]
    tokens = np.full(mask.shape, padding, np.int32)
    tokens[mask] = np.concatenate(ids)
    return tokens, mask.astype(np.int64)


def scaled(inputs: FeatureInputs, rows: np.ndarray, dataset: Dataset, config: DataConfig) -> np.ndarray:
    """(R,) rows → (R, D) features by which similar rows are found; columns and embeddings are brought to one
    scale.
    """
    parts = [
        inputs.x(torch.from_numpy(part.astype(np.int64)).to(inputs.device)).cpu().numpy()
        for part in np.array_split(rows, max(1, len(rows) // 4096))
    ]
    x = np.concatenate(parts)
    if dataset.kind == "table" or (dataset.kind == "text" and config.text_features == "embeddings"):
        x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-6)
    return x
