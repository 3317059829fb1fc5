"""The transformer below a text classifier: loaded, pinned to what it was at the run's start, and made ready
to train.

Frozen weights are in no checkpoint, so a run can only go on while its model is still the one that it began
with.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from typing_extensions import TypedDict

from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.files import read_checked
from selfsup_core.models.modules.heads import TextClassifier
from selfsup_core.pretrained.encoders.catalogue import POOLINGS
from selfsup_core.pretrained.encoders.folder import pooling_of
from selfsup_core.pretrained.language_models import prepare
from selfsup_core.pretrained.loading import load_errors
from selfsup_core.pretrained.lora import add_lora
from selfsup_core.pretrained.model_folder import CAUSAL, check_folder
from selfsup_core.pretrained.models.text_classifier import TextClassifierConfig, model_name
from selfsup_core.pretrained.trial import SAFE, require_tried
from selfsup_core.runs.folder import WORKING, open_run, read_state
from selfsup_core.tasks.parts.language_loading import RUN
from selfsup_core.translation import tr

FILE = "base.json"
OUTPUT_DEVIATION = 0.02  # of the new layer's first weights, as BERT has it


class BackboneAbout(TypedDict, total=False):
    """base.json: of which model the network is. epoch: of a run. digest: of the weights."""

    source: str
    epoch: int | None
    digest: str


@dataclass
class Backbone:
    """A network of states, its tokenizer, and what they are.

    Attributes:
        model: transformers' network without an output layer, in float32.
    """

    model: Any
    tokenizer: Any
    pooling: str
    about: BackboneAbout
    notes: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        config = self.model.config
        return int(getattr(config, "hidden_size", 0) or config.d_model)

    @property
    def padding(self) -> int:
        found = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id)
        return int(next((number for number in found if number is not None), 0))

    def most_tokens(self, wanted: int) -> int:
        """Tokens that it can read of a text, as many as wanted at most."""
        config = self.model.config
        most = int(getattr(config, "max_position_embeddings", 0) or wanted)
        if "roberta" in str(getattr(config, "model_type", "")):
            most -= 2  # its positions begin behind the padding's number
        return min(most, wanted)


def quiet(text: str) -> None:
    """A progress callback that does nothing."""


def load_backbone(
    config: TextClassifierConfig, workspace: Path, folder: Path, say: Callable[[str], None] = quiet
) -> Backbone:
    """The model that a run's settings name; of another run, the epoch that was taken when this one began.

    Args:
        folder: the run's; what its `base.json` says is held to.
        say: told in words what takes its time.

    Raises:
        DataError, RunError: it is not there, may not be loaded, or is no longer what it was.
    """
    pinned = read_checked(folder / FILE, BackboneAbout) or BackboneAbout()
    if config.source.startswith(RUN):
        found = load_run(config, workspace, pinned.get("epoch"))
    else:
        found = load_from_folder(config, workspace, say)
    found.about["digest"] = weights_digest(found.model)
    if pinned and pinned.get("digest") != found.about["digest"]:
        raise DataError(
            tr("{source} is no longer the model that this run was started with.").format(
                source=config.source
            ),
            code="other-model",
            remedy=tr("Restore the old one, or start a new run."),
        )
    return found


def load_run(config: TextClassifierConfig, workspace: Path, epoch: int | None) -> Backbone:
    """The network of a masked or causal run of one's own."""
    from selfsup_core.tasks.parts.language_loading import load_run_model

    run, _, asked = config.source.removeprefix(RUN).partition("@")
    source = open_run(workspace, run)
    if epoch is None and read_state(source)["status"] in WORKING:
        raise RunError(
            tr("The run {id} is still running, so its model still changes.").format(id=source.id),
            code="at-work",
            remedy=tr("Wait until it ends, or stop it."),
        )
    if epoch is None and asked:
        epoch = int(asked)
    model, tokenizer, used = load_run_model(workspace, run, epoch)
    auto = "last" if type(model).__name__.endswith(CAUSAL) else "mean"
    return Backbone(
        model.base_model,
        tokenizer,
        auto if config.pooling == "auto" else config.pooling,
        {"source": config.source, "epoch": used},
        [tr("It continues from epoch {used} of run {id}.").format(used=used, id=source.id)],
    )


def load_from_folder(config: TextClassifierConfig, workspace: Path, say: Callable[[str], None]) -> Backbone:
    """A built-in model, a fetched one, or a folder."""
    from transformers import AutoModel, AutoTokenizer

    folder = prepare(model_name(config.source), workspace, say)
    architecture = str((check_folder(folder).get("architectures") or [""])[0])
    require_tried(folder, say)
    auto = "last" if architecture.endswith(CAUSAL) else pooling_of(folder) or "mean"
    with load_errors(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, **SAFE)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model, about = AutoModel.from_pretrained(
                folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **SAFE
            )
    # A pooler may be missing: it begins untrained where it is used. A layer that is missing would be random.
    if missing := sorted(key for key in about["missing_keys"] if "pooler" not in key):
        raise DataError(
            tr("{name} lacks {count} of its weights, the first one {missing}.").format(
                name=folder.name, count=len(missing), missing=missing[0]
            ),
            code="bad-model",
        )
    pooling = auto if config.pooling == "auto" else config.pooling
    return Backbone(model, tokenizer, pooling, {"source": config.source, "epoch": None})


def weights_digest(model: Any) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.contiguous().cpu().numpy())
    return digest.hexdigest()


def make_classifier(
    backbone: Backbone, config: TextClassifierConfig, classes: tuple[str, ...], seed: int
) -> TextClassifier:
    """The network to train, on the CPU: new weights from the seed, what stays frozen.

    Raises:
        SettingError: pooling is "own" and the architecture has no classifier.
        DataError: it has no layer for LoRA.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = add_output(backbone, config, classes)
        if config.tuning == "lora":
            with_lora(model, config.lora_rank)
            trained, frozen = (
                sum(p.numel() for p in model.parameters() if p.requires_grad == is_trained)
                for is_trained in (True, False)
            )
            backbone.notes.append(
                tr(
                    "LoRA trains {trained:,} weights, including those of the new layer; the other {frozen:,} "
                    "weights are frozen."
                ).format(trained=trained, frozen=frozen)
            )
    return model


def add_output(backbone: Backbone, config: TextClassifierConfig, classes: tuple[str, ...]) -> TextClassifier:
    base = backbone.model.train().requires_grad_(True)
    width, dropout = backbone.width, config.dropout
    if backbone.pooling == "own":
        return TextClassifier(
            own_classifier(backbone, classes), "own", len(classes), width=width, dropout=dropout
        )
    assert backbone.pooling in POOLINGS
    drop_pooler(base)
    model = TextClassifier(base, backbone.pooling, len(classes), width=width, dropout=dropout)
    assert model.output is not None
    torch.nn.init.normal_(model.output.weight, std=OUTPUT_DEVIATION)
    torch.nn.init.zeros_(model.output.bias)
    return model


def drop_pooler(base: Any) -> None:
    """BERT's own layer behind the first token is used by its own classifier only."""
    if "add_pooling_layer" in inspect.signature(type(base).__init__).parameters:
        base.pooler = None


def own_classifier(backbone: Backbone, classes: tuple[str, ...]) -> Any:
    """The architecture's own network for sequences' classes, above these weights."""
    from transformers import AutoModelForSequenceClassification

    base = backbone.model
    config = base.config
    config.id2label = dict(enumerate(classes))
    config.label2id = {name: number for number, name in enumerate(classes)}
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = backbone.padding
    try:
        own: Any = AutoModelForSequenceClassification.from_config(config)
    except ValueError as error:
        raise SettingError(
            tr("The architecture {model_type} has no classifier of its own.").format(
                model_type=config.model_type
            ),
            remedy=tr("Set Pooling (model.pooling) to mean, first token or last token."),
        ) from error
    own.base_model.load_state_dict(base.state_dict(), strict=False)
    return own.float().train().requires_grad_(True)


def with_lora(model: TextClassifier, rank: int) -> None:
    """Additions to the linear layers of the transformer; the new output layer is trained whole."""
    if model.pooling != "own":
        model.backbone = add_lora(model.backbone, rank)
        return
    prefix = model.backbone.base_model_prefix
    setattr(model.backbone, prefix, add_lora(getattr(model.backbone, prefix), rank))


def merge_lora(model: TextClassifier) -> None:
    """Add LoRA's products to the weights, so that a plain transformer is left."""
    if model.pooling != "own":
        if hasattr(model.backbone, "merge_and_unload"):
            model.backbone = model.backbone.merge_and_unload()
        return
    prefix = model.backbone.base_model_prefix
    inner = getattr(model.backbone, prefix)
    if hasattr(inner, "merge_and_unload"):
        setattr(model.backbone, prefix, inner.merge_and_unload())
