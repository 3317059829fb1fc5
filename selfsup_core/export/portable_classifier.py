"""A trained classifier on its own: classifies new samples, and is written as a folder that can be loaded
anywhere.

A head: classifier.json, head.safetensors. A fine-tuned transformer: a folder in Hugging Face's layout; with
pooling "own" plain transformers loads it as AutoModelForSequenceClassification, else AutoModel gives the
states and head.safetensors holds the layer above them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.export.about import ClassifierAbout, FeaturesAbout
from selfsup_core.export.features import Features
from selfsup_core.export.new_samples import Prediction, Sample
from selfsup_core.export.novelty import far_texts
from selfsup_core.export.reading import Given, read_samples
from selfsup_core.files import parse_yaml, read_json
from selfsup_core.models import MODELS
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

FORMAT = 1
ABOUT, HEAD = "classifier.json", "head.safetensors"
BATCH = 32


@dataclass
class Classifier:
    """A network in evaluation mode and all that it needs for new samples.

    Attributes:
        features: of a head; None for a transformer, which has a tokenizer.
    """

    model: Any
    about: ClassifierAbout
    features: Features | None = None
    tokenizer: Any = None

    @property
    def classes(self) -> list[str]:
        return self.about["classes"]

    def logits(self, items: list[Any]) -> torch.Tensor:
        """Samples (texts, arrays of stored values) → (B, C) float32.

        Raises:
            DataError: as `Features.apply`.
        """
        import torch

        with torch.inference_mode():
            if self.features is not None:
                found: torch.Tensor = self.model(torch.from_numpy(self.features.apply(items))).float()
                return found
            return torch.cat([self._read(items[i : i + BATCH]) for i in range(0, len(items), BATCH)])

    def _read(self, texts: list[str]) -> torch.Tensor:
        import torch

        from selfsup_core.models.modules.heads import Tokens
        from selfsup_core.tasks.parts.classify_inputs import make_encoder, pad_tokens

        padding = self.about["padding"]
        encode = make_encoder(self.tokenizer, self.about["most_tokens"], padding)
        ids, mask = pad_tokens(encode(texts), padding)
        found: torch.Tensor = self.model(Tokens(torch.from_numpy(ids).long(), torch.from_numpy(mask))).float()
        return found

    @property
    def kind(self) -> str:
        """Of its samples: "text", "image", "sound" or "table"."""
        return "text" if self.features is None else self.features.about["kind"]

    @property
    def samples(self) -> FeaturesAbout:
        """How its samples are read."""
        return {"kind": "text"} if self.features is None else self.features.about

    def read(self, given: Sequence[Given], column: str = "") -> list[Sample]:
        """What a person gave; see `read_samples`."""
        return read_samples(self.samples, given, column).samples

    def predict(self, given: Sequence[Given], column: str = "") -> list[Prediction]:
        """What a person gave (see `read_samples`), named as by `name`; rows of a table with their `cells`."""
        return self.predict_samples(self.read(given, column))

    def predict_samples(self, samples: Sequence[Sample]) -> list[Prediction]:
        """As `predict`, of samples that are read already."""
        found = self.name([one.name for one in samples], [one.item for one in samples])
        return [
            {**one, "cells": sample.cells} if sample.cells else one
            for one, sample in zip(found, samples, strict=True)
        ]

    def why_far(self, items: list[Any]) -> list[str]:
        """Of each sample why it is unlike the training rows, so that its class should not be trusted; "" if
        it is not.
        """
        if self.features is not None:
            return self.features.why_far(items)
        return far_texts(self.about["novelty"], items) if self.about.get("novelty") else [""] * len(items)

    def name(self, names: list[str], items: list[Any]) -> list[Prediction]:
        """Samples and what to call them → the class of each."""
        shares = self.logits(items).softmax(dim=1).numpy()
        return [
            {
                "item": name,
                "label": self.classes[int(row.argmax())],
                "probability": float(row.max()),
                "probabilities": {c: float(p) for c, p in zip(self.classes, row, strict=True)},
                "far": far,
            }
            for name, row, far in zip(names, shares, self.why_far(items), strict=True)
        ]


def build_head(about: ClassifierAbout) -> Any:
    network = MODELS[about["network"]["kind"]]
    config = network.config.model_validate(about["network"])
    shape = about.get("shape") or [about["width"]]
    return network.build(config, (*shape, len(about["classes"])))


def save_classifier(found: Classifier, folder: Path) -> None:
    from safetensors.torch import save_file

    from selfsup_core.pretrained.trial import remember

    about, model = found.about.copy(), found.model
    if found.features is not None:
        import torch

        about["features"] = found.features.about
        tensors = {f"model.{k}": v.contiguous() for k, v in model.state_dict().items()}
        tensors |= {
            f"features.{k}": torch.from_numpy(np.ascontiguousarray(v))
            for k, v in found.features.arrays.items()
        }
        if found.features.encoder is not None:
            tensors |= {
                f"encoder.{k}": v.contiguous() for k, v in found.features.encoder.state_dict().items()
            }
        save_file(tensors, folder / HEAD)
    else:
        model.backbone.config.architectures = [type(model.backbone).__name__]
        model.backbone.save_pretrained(folder, safe_serialization=True)
        found.tokenizer.save_pretrained(folder)
        if model.output is not None:
            save_file({k: v.contiguous() for k, v in model.output.state_dict().items()}, folder / HEAD)
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
    remember(folder)


def load_classifier(folder: Path) -> Classifier:
    """What `export_classifier` wrote.

    Raises:
        DataError: a file is missing or damaged.
    """
    about = read_json(folder / ABOUT)
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise DataError(
            tr("{name} does not contain an exported classifier.").format(name=folder.name),
            code="no-classifier",
        )
    try:
        found = cast("ClassifierAbout", about)
        return load_head(folder, found) if "features" in found else load_text(folder, found)
    except DataError:
        raise
    except Exception as error:  # transformers and safetensors raise many kinds
        raise DataError(
            tr("The classifier in {name} could not be loaded: {splitlines}").format(
                name=folder.name,
                splitlines=str(error).splitlines()[0][:300] if str(error) else type(error).__name__,
            ),
            code="bad-model",
        ) from error


def load_head(folder: Path, about: ClassifierAbout) -> Classifier:
    from safetensors.torch import load_file

    tensors = load_file(folder / HEAD)
    kept: dict[str, Weights] = {name: {} for name in ("model", "features", "encoder")}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        kept[part][rest] = value
    model = build_head(about)
    model.load_state_dict(kept["model"])
    features = Features(about["features"], {k: v.numpy() for k, v in kept["features"].items()})
    if kept["encoder"]:
        from selfsup_core.runs.spec import make_spec
        from selfsup_core.tasks.parts.code_of import build_encoder

        spec = make_spec(parse_yaml(about["features"]["encoder_spec"]))
        features.encoder = build_encoder(spec, tuple(about["features"]["item_shape"]), kept["encoder"])
    return Classifier(model.eval().requires_grad_(False), about, features)


def load_text(folder: Path, about: ClassifierAbout) -> Classifier:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

    from selfsup_core.models.modules.heads import TextClassifier
    from selfsup_core.pretrained.trial import require_tried
    from selfsup_core.tasks.parts.backbone import drop_pooler

    require_tried(folder)
    is_own = about["pooling"] == "own"
    safe = {"local_files_only": True, "trust_remote_code": False}
    kind = AutoModelForSequenceClassification if is_own else AutoModel
    backbone = kind.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **safe)
    if not is_own:
        drop_pooler(backbone)
    model = TextClassifier(backbone, about["pooling"], len(about["classes"]), width=about["width"])
    if model.output is not None:  # pooling is not "own"
        model.output.load_state_dict(load_file(folder / HEAD))
    tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    return Classifier(model.eval().requires_grad_(False), about, None, tokenizer)
