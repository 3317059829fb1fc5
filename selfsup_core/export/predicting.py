"""A run on new samples: codes, reconstructions, classes with probabilities, anomaly scores, whatever the run
was trained for. Files are read with an import's checks and prepared as the training data were.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.export.about import FeaturesAbout
from selfsup_core.export.features import Features, fit_features
from selfsup_core.export.new_samples import Sample
from selfsup_core.export.novelty import LIMIT, far_texts, nearest
from selfsup_core.export.portable_classifier import Classifier
from selfsup_core.export.predicted import Predicted
from selfsup_core.export.read_apart import read_apart
from selfsup_core.export.reading import Given
from selfsup_core.runs.folder import RunFolder, open_run
from selfsup_core.runs.spec import RunSpec, read_spec, task_of
from selfsup_core.translation import tr

BATCH = 256
MOST_REFERENCE = 2000  # training rows with which new samples are compared
LEAST_HELD_OUT = 50  # validation rows, below which their 99th percentile says too little


class Predictor(ABC):
    """A run's network at an epoch, with all that new samples need.

    Attributes:
        reading: how samples are read.
    """

    def __init__(self, folder: RunFolder, task: str, epoch: int, reading: FeaturesAbout) -> None:
        self.folder, self.task, self.epoch, self.reading = folder, task, epoch, reading

    @property
    def kind(self) -> str:
        return self.reading["kind"]

    def predict(self, given: Sequence[Given], column: str = "") -> Predicted:
        """What the run makes of texts and files.

        Args:
            given: texts as they were typed, and paths of files. column: with the texts of a table; "" finds
            it.

        Raises:
            DataError: a file cannot be read, or is none of this kind.
        """
        read = read_apart(self.reading, given, column, self.folder.workspace)
        made = self.apply(read.samples)
        made.notes.extend(read.notes)
        return made

    @abstractmethod
    def apply(self, samples: Sequence[Sample]) -> Predicted:
        """What the run makes of samples that are read already."""

    def begin(self, samples: Sequence[Sample], far: list[str], **more: Any) -> Predicted:
        names, cells = [one.name for one in samples], [one.cells for one in samples]
        return Predicted(self.folder.id, self.epoch, self.task, self.kind, names, cells, far, **more)


class ClassifierPredictor(Predictor):
    """Classes with probabilities."""

    def __init__(self, folder: RunFolder, task: str, epoch: int, classifier: Classifier) -> None:
        super().__init__(folder, task, epoch, classifier.samples)
        self.classifier = classifier

    def apply(self, samples: Sequence[Sample]) -> Predicted:
        items = [one.item for one in samples]
        parts = [self.classifier.logits(items[at : at + BATCH]).softmax(dim=1) for at in starts(items)]
        shares = np.concatenate([part.numpy() for part in parts])
        far = self.classifier.why_far(items)
        return self.begin(samples, far, classes=self.classifier.classes, probabilities=shares)


class NetworkPredictor(Predictor):
    """Codes and an anomaly score; reconstructions where the network decodes.

    The score of an autoencoder is the mean squared error of its reconstruction, that of an encoder that
    learned from views the distance of the code to the nearest of up to 2,000 training rows' codes.
    """

    def __init__(self, folder: RunFolder, spec: RunSpec, task: str, epoch: int | None) -> None:
        from selfsup_core.data.sources import open_source
        from selfsup_core.data.splits import split_rows
        from selfsup_core.export.onnx_file import build
        from selfsup_core.export.run_classifier import put_weights, run_weights
        from selfsup_core.features.batches import category_groups, leave_out
        from selfsup_core.objectives import OBJECTIVES
        from selfsup_core.pretrained.models.text_encoder import TextEncoderConfig

        self.spec = spec
        self.dataset = open_source(spec.data.source, folder.workspace)
        self.shape = network_shape(folder)
        groups = category_groups(self.dataset) if self.dataset.kind == "table" else ()
        weights, used = run_weights(folder, epoch)
        self.model = put_weights(build(spec, self.shape, groups), weights)
        self.objective = OBJECTIVES[spec.objective.kind](spec.objective)
        self.most_tokens = spec.model.most_tokens if isinstance(spec.model, TextEncoderConfig) else 0
        self.features = self._features(folder)
        super().__init__(folder, task, used, self.features.about)
        data, y = spec.data, None if self.dataset.y is None else np.asarray(self.dataset.y)
        split = split_rows(self.dataset, validation=data.validation, test=data.test, seed=data.split_seed)
        if data.leave_out:
            split = leave_out(split, y, self.dataset.classes, data.leave_out)
        train, held = self.rows(split.train), self.rows(split.validation)
        self.reference: np.ndarray | None = None
        self.limit: float | None = None
        if self.task == "autoencoder":
            self.limit = float(np.quantile(self.rebuild(train)[2], LIMIT))
            return
        self.reference = self.codes(train)
        if len(held) >= LEAST_HELD_OUT:
            self.limit = float(np.quantile(nearest(self.codes(held), self.reference), LIMIT))

    def _features(self, folder: RunFolder) -> Features:
        if not self.most_tokens:
            return fit_features(self.dataset, self.spec.data, folder.workspace)
        from selfsup_core.export.run_classifier import text_novelty

        return Features({"kind": "text", "novelty": text_novelty(self.spec, folder.workspace)})

    def rows(self, rows: np.ndarray) -> list[Any]:
        """Up to 2,000 rows of the data, spread over those that are given, as new samples come."""
        step = -(-len(rows) // MOST_REFERENCE) or 1
        return [self.dataset.x[int(row)] for row in np.sort(rows[::step])]

    def values(self, items: Sequence[Any]) -> Any:
        """(B, D) as the network is given them."""
        import torch

        if self.most_tokens:
            from selfsup_core.pretrained.text_body import token_rows

            return token_rows(list(items), self.most_tokens)
        return torch.from_numpy(self.features.apply(list(items)))

    def codes(self, items: Sequence[Any]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            parts = [self.model.encode(self.values(items[at : at + BATCH])).float() for at in starts(items)]
        found: np.ndarray = torch.cat(parts).numpy()
        return found

    def rebuild(self, items: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(N, K) codes, (N, D) reconstructions and (N,) their mean squared errors."""
        import torch

        from selfsup_core.evaluate.autoencoder import rebuild

        found = []
        with torch.inference_mode():
            for at in starts(items):
                x = self.values(items[at : at + BATCH])
                code = self.model.encode(x)
                generator = torch.Generator().manual_seed(self.spec.seed)
                made = rebuild(self.model, self.objective, x, code, generator)
                found.append((code.float(), made.float(), (made - x).square().mean(dim=1).float()))
        codes, rebuilt, errors = (torch.cat(part).numpy() for part in zip(*found, strict=True))
        return codes, rebuilt, errors

    def apply(self, samples: Sequence[Sample]) -> Predicted:
        items = [one.item for one in samples]
        far = self.features.why_far(items)
        if self.reference is not None:
            codes = self.codes(items)
            return self.begin(
                samples,
                far,
                codes=codes,
                scores=nearest(codes, self.reference),
                score=tr("Distance of the code to that of the nearest training sample"),
                limit=self.limit,
            )
        codes, made, errors = self.rebuild(items)
        about = self.features.about
        shape = (-1, *about["item_shape"]) if about["kind"] in ("image", "sound") else None
        return self.begin(
            samples,
            far,
            codes=codes,
            rebuilt=made.reshape(shape) if shape else self.features.restore(made),
            inputs=self.features.apply(items).reshape(shape) if shape else None,
            columns=list(about.get("columns", [])),
            scores=errors,
            score=tr("Mean squared error of the reconstruction"),
            limit=self.limit,
        )


class LanguagePredictor(Predictor):
    """Of each text how likely it is, and a code: the mean of the last layer's states over its tokens."""

    def __init__(self, folder: RunFolder, spec: RunSpec, epoch: int | None) -> None:
        from selfsup_core.export.run_classifier import text_novelty
        from selfsup_core.runs.folder import read_state
        from selfsup_core.tasks.parts.language_loading import load_run_model

        best = read_state(folder)["best"]
        wanted = best["epoch"] if epoch is None and best else epoch
        self.model, self.tokenizer, used = load_run_model(folder.workspace, folder.id, wanted)
        self.is_masked = spec.objective.kind == "masked-language"
        self.novelty = text_novelty(spec, folder.workspace)
        super().__init__(folder, "language", used, {"kind": "text"})

    def apply(self, samples: Sequence[Sample]) -> Predicted:
        texts = [str(one.item) for one in samples]
        read = [self.read(text) for text in texts]
        width = next((len(code) for code, _, _ in read if code is not None), 0)
        codes = np.stack([np.full(width, np.nan, np.float32) if one is None else one for one, _, _ in read])
        perplexity, bits = (np.array([row[at] for row in read], np.float64) for at in (1, 2))
        return self.begin(
            samples,
            far_texts(self.novelty, texts) if self.novelty else [""] * len(texts),
            codes=codes,
            perplexity=perplexity,
            scores=bits,
            score=tr("Bits per character: how surprising the text is"),
        )

    def read(self, text: str) -> tuple[np.ndarray | None, float, float]:
        """(code, perplexity, bits per character) of a text; NaN where there is none."""
        import torch

        from selfsup_core.evaluate.reading.encoding import encode, encode_masked
        from selfsup_core.evaluate.reading.masked import read_masked
        from selfsup_core.evaluate.reading.writing import read_text

        made = (encode_masked if self.is_masked else encode)(self.model, self.tokenizer, text)
        if not made.own:
            return None, np.nan, np.nan
        reader = read_masked if self.is_masked else read_text
        said = reader(self.model, self.tokenizer, text).summary()
        with torch.inference_mode():
            states = self.model(torch.tensor([made.ids]), output_hidden_states=True).hidden_states[-1][0]
        code = states[made.before : len(made.ids) - made.after].float().mean(dim=0).numpy()
        numbers = (said["perplexity"], said["bits_per_character"])
        return code, *(np.nan if value is None else float(value) for value in numbers)


def starts(items: Sequence[Any]) -> range:
    return range(0, len(items), BATCH)


def network_shape(folder: RunFolder) -> tuple[int, ...]:
    """Shape of what the network is given. Raises RunError: the run has not started yet."""
    from selfsup_core.errors import RunError
    from selfsup_core.runs.frames import read_about

    try:
        found: list[int] = json.loads(read_about(folder.frames / "static.safetensors")["item_shape"])
    except (OSError, KeyError) as error:
        raise RunError(
            tr("The run {id} has not started yet.").format(id=folder.id), code="no-weights"
        ) from error
    return tuple(found)


def load_predictor(workspace: Path, run: str, epoch: int | None = None) -> Predictor:
    """A run's network for new samples.

    Args:
        run: as in `open_run`. epoch: the kept one nearest to it; the best, or the newest, unless given.

    Raises:
        RunError: no such run, or it has no weights yet. DataError: its data, whose training rows say how
        samples are scaled, or its model are gone.
    """
    from selfsup_core.export.run_classifier import load_run

    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    task = task_of(spec)
    if task == "language":
        return LanguagePredictor(folder, spec, epoch)
    if task in ("autoencoder", "views"):
        return NetworkPredictor(folder, spec, task, epoch)
    classifier, used = load_run(workspace, folder.id, epoch)
    return ClassifierPredictor(folder, task, used, classifier)


def predict(
    workspace: Path, run: str, given: Sequence[Given], *, epoch: int | None = None, column: str = ""
) -> Predicted:
    """What a run makes of new samples. Raises as `load_predictor` and `Predictor.predict`."""
    if not given:
        raise DataError(tr("There are no samples in what was given."), code="no-samples")
    return load_predictor(workspace, run, epoch).predict(given, column)
