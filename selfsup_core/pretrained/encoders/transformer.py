"""A transformer in Hugging Face's layout as sentence encoder: mean, first or last of its tokens' last states.

In half precision only the linear layers are: sums, softmax and normalization stay float32, which keeps the
cosine to the full result at .99996 or more for MiniLM, where half precision throughout had .9999.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.pretrained.model_folder import unreadable
from selfsup_core.translation import tr


class WordPieces:
    """The tokenizer of a folder; control tokens that someone typed are read as plain text."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        try:
            if (folder / "tokenizer.json").is_file():
                self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            else:
                from transformers import AutoTokenizer

                self.tokenizer = AutoTokenizer.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                ).backend_tokenizer
            self.tokenizer.no_padding()
            self.tokenizer.encode_special_tokens = True
        except Exception as error:  # tokenizers raises bare Exceptions
            raise unreadable(folder, "tokenizer", error) from error
        words = self.tokenizer.get_vocab(with_added_tokens=True)
        # Tokenizers of bytes know everything and have no such token.
        unknown = (words.get(name) for name in ("[UNK]", "<unk>"))
        self.unknown: int | None = next((i for i in unknown if i is not None), None)
        self.special = self.tokenizer.num_special_tokens_to_add(is_pair=False)

    def tokenize(self, texts: list[str], most: int) -> list[list[int]]:
        self.tokenizer.enable_truncation(max(most, self.special + 1))
        return [found.ids for found in self.tokenizer.encode_batch_fast(texts)]


class Transformer:
    """Loads the network into float32.

    Raises:
        DataError: a file is damaged, weights are missing, or the width is not what config.json says.
    """

    def __init__(self, folder: Path, width: int, pooling: str, device: str) -> None:
        import torch
        from transformers import AutoModel

        self.words = WordPieces(folder)
        self.tokenize = self.words.tokenize
        self.folder, self.width, self.pooling, self.device = folder, width, pooling, device
        try:
            self.model, info = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
        except Exception as error:  # transformers raises many kinds
            raise unreadable(folder, "network", error) from error
        # An unused head may be missing; a missing layer would be filled with random weights.
        missing = sorted(key for key in info["missing_keys"] if "pooler" not in key)
        if missing:
            raise DataError(
                tr("{name} lacks {count} of its weights, the first one {missing}.").format(
                    name=folder.name, count=len(missing), missing=missing[0]
                ),
                code="bad-model",
            )
        self.model.eval().requires_grad_(False).to(device)

    def encode(self, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        import torch

        tokens = torch.from_numpy(ids.astype(np.int64)).to(self.device)  # (B, T)
        ends = torch.from_numpy(lengths.astype(np.int64)).to(self.device)
        # Without padding no mask is needed, and attention takes its quick way.
        is_padded = int(lengths.min()) < ids.shape[1]
        mask = (torch.arange(ids.shape[1], device=self.device) < ends[:, None]) if is_padded else None
        with torch.inference_mode():
            more = {} if mask is None else {"attention_mask": mask.long()}
            states = self.model(input_ids=tokens, **more).last_hidden_state.float()  # (B, T, D)
            if self.pooling == "cls":
                found = states[:, 0]
            elif self.pooling == "last":
                found = states[torch.arange(len(ends), device=self.device), ends - 1]
            elif mask is None:
                found = states.mean(dim=1)
            else:
                found = (states * mask[:, :, None]).sum(dim=1) / ends[:, None]
        if found.shape[1] != self.width:
            raise DataError(
                tr("{name} gives {shape} numbers per text; its config.json says {width}.").format(
                    name=self.folder.name, shape=found.shape[1], width=self.width
                ),
                code="bad-model",
            )
        made: np.ndarray = found.cpu().numpy()
        return made

    def halve(self) -> str:
        dtype = half_type(self.device)
        if dtype is None:
            return ""
        halve_linear(self.model, dtype)
        return str(dtype).removeprefix("torch.")


def half_type(device: str) -> Any:
    """The 16-bit floats that this device multiplies quicker than 32-bit ones, or None."""
    import torch

    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device != "cpu":
        return None
    # Without these instructions bfloat16 is emulated, and slower than float32.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    has = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return torch.bfloat16 if has else None


def halve_linear(model: Any, dtype: Any) -> None:
    """Put linear layers with 16-bit weights in place of a network's own, throughout."""
    import torch

    class HalfLinear(torch.nn.Module):
        def __init__(self, full: Any) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(full.weight.to(dtype), requires_grad=False)
            self.bias = None
            if full.bias is not None:
                self.bias = torch.nn.Parameter(full.bias.to(dtype), requires_grad=False)

        def forward(self, x: Any) -> Any:
            return torch.nn.functional.linear(x.to(dtype), self.weight, self.bias)

    def replace(module: Any) -> None:
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear:
                setattr(module, name, HalfLinear(child))
            else:
                replace(child)

    replace(model)
