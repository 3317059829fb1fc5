"""Networks that read tokens, for ONNX: language models, classifiers of texts, and the encoder of texts.

Each takes token numbers and their mask, as Hugging Face's own ONNX files do. The tokenizer travels in the
file, as the text `tokenizer` of its properties: `tokenizers.Tokenizer.from_str` reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfsup_core.export.onnx_check import Exportable, of_tokens
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

Found = tuple[Exportable, int, dict[str, str]]


def language_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> Found:
    """The language model of a run: the best epoch unless one is asked for.

    Raises:
        RunError: it has no weights yet. DataError: its files, or the model that it continues, are gone.
    """
    from selfsup_core.tasks.parts.language_loading import load_run_model

    if epoch is None and (best := read_state(folder)["best"]):
        epoch = best["epoch"]
    model, tokenizer, used = load_run_model(folder.workspace, folder.id, epoch)
    context = int(getattr(model.config, "max_position_embeddings", 0) or 512)
    most = min(context, int(getattr(spec.model, "context", context)))
    return wrap_language(model, most), used, {"tokenizer": tokenizer_text(tokenizer)}


def wrap_language(model: Any, most: int) -> Exportable:
    """A causal or masked language model: the logits of the next, or of each, token."""
    from torch import nn

    plain_attention(model)
    more = {"use_cache": False} if getattr(model.config, "use_cache", None) is not None else {}

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor]:
            return (model(input_ids=ids, attention_mask=mask, **more).logits,)

    said = tr("(batch, tokens, vocabulary); of a causal model at each place those of the next token")
    axes = {"token_logits": {0: "batch", 1: "tokens"}}
    return of_tokens(Whole().eval(), most, {"token_logits": said}, int(model.config.vocab_size), axes)


def wrap_text_classifier(model: Any, most: int) -> Exportable:
    """A `TextClassifier` without LoRA: the classes of whole texts."""
    from torch import nn

    from selfsup_core.models.modules.heads import Tokens

    plain_attention(model.backbone)

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits = self.model.logits(Tokens(ids, mask))
            return logits, logits.softmax(dim=1)

    outputs = {"logits": "(batch, classes)", "probabilities": tr("(batch, classes), which sum to 1")}
    return of_tokens(Whole().eval(), most, outputs, int(model.backbone.config.vocab_size))


def wrap_text_encoder(body: Any, most: int) -> Exportable:
    """A `TextBody`: the code of whole texts."""
    from torch import nn

    from selfsup_core.models.modules.heads import pool

    network = body.backbone
    if hasattr(network, "merge_and_unload"):
        network = network.merge_and_unload()
    plain_attention(network)

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor]:
            states = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
            return (pool(states, mask, "mean"),)

    return of_tokens(Whole().eval(), most, {"code": "(batch, K)"}, int(network.config.vocab_size))


def plain_attention(network: Any) -> None:
    """Attention written out in products and a softmax: what the faster kinds do cannot be traced."""
    network.set_attn_implementation("eager")


def tokenizer_text(tokenizer: Any) -> str:
    """A fast tokenizer as JSON; "" of any other."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return str(backend.to_str()) if backend is not None else ""
