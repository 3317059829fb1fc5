"""Labels by a causal language model, without training: how likely each class's name is after a prompt, or what the model writes.

log P(name | prompt) = Σ ln P(wᵢ | prompt, w₁ … wᵢ₋₁), less the same after a prompt without content, so that a name that is
likely anyway wins nothing by it [1]; softmax over the classes. Written answers are parsed, and one that names no class abstains.
[1] Zhao et al.: Calibrate before use, 2021
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.files import sha256
from selfsup_core.pretrained.zero_shot import ZeroShotConfig, check_classes, make_prompt, parse_label

if TYPE_CHECKING:
    import torch

# Of three that were tried on 60 posts of six topics, the small model named most rightly with this one (77 %; 57 and 48 %).
NAMES = """{labels}

{text}

This text is about"""
EMPTY = "N/A"  # the text without content
CERTAIN = 0.9  # given to a class that the model wrote; the rest is shared by the others
MOST_PROMPT = 900  # tokens; of a longer prompt the end is read

Say = Callable[[str], None]


def name_scores(model: Any, tokenizer: Any, prompt: str, names: Sequence[str]) -> torch.Tensor:
    """(C,) log P(name | prompt) of each name, by the chain rule; the prompt is read once."""
    import torch

    ids = tokenizer(prompt, add_special_tokens=True).input_ids[-MOST_PROMPT:]
    endings = [tokenizer(f" {name}", add_special_tokens=False).input_ids for name in names]
    longest = max(len(ending) for ending in endings)
    with torch.inference_mode():
        start = torch.tensor([ids])
        first = model(input_ids=start, use_cache=True)
        scores: torch.Tensor = (
            first.logits[0, -1].float().log_softmax(dim=0)[torch.tensor([e[0] for e in endings])]
        )
        if longest == 1:
            return scores
        cache = first.past_key_values
        cache.batch_repeat_interleave(len(names))
        padded = torch.tensor([[*ending, *[0] * (longest - len(ending))] for ending in endings])
        mask = torch.ones(len(names), len(ids) + longest - 1, dtype=torch.long)
        rest = model(input_ids=padded[:, :-1], past_key_values=cache, attention_mask=mask).logits
        log_p = rest.float().log_softmax(dim=2)
        # What is padded comes behind a name's last token, so nothing that counts has seen it.
        for i, ending in enumerate(endings):
            for at, token in enumerate(ending[1:]):
                scores[i] += log_p[i, at, token]
    return scores


def calibrated(scores: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """scores (N, C) and empty (C,), both log P → (N, C) probabilities."""
    logits = scores - empty
    logits = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    found: np.ndarray = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def written(
    model: Any, tokenizer: Any, prompt: str, classes: Sequence[str], config: ZeroShotConfig
) -> tuple[int, str]:
    """(class number, or -1 for an answer that names none; the answer) of what the model writes, without chance."""
    import torch

    ids = tokenizer(prompt, add_special_tokens=True).input_ids[-MOST_PROMPT:]
    with torch.inference_mode():
        made = model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            max_new_tokens=config.most_tokens,
            pad_token_id=tokenizer.eos_token_id or 0,
        )
    answer = tokenizer.decode(made[0, len(ids) :], skip_special_tokens=True)
    return parse_label(answer, classes)[0], answer


class Answers:
    """What a model has said of texts before: a line of JSON a text, so that a job that ended early goes on."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.found = path, {}
        if path and path.is_file():
            text = path.read_text("utf-8", errors="replace")
            if text and not text.endswith("\n"):  # a job was killed in the middle of a line
                with open(path, "a", encoding="utf-8") as file:
                    file.write("\n")
            for line in text.splitlines():
                try:
                    entry = json.loads(line)
                    self.found[int(entry["row"])] = entry["said"]
                except (ValueError, KeyError, TypeError):
                    continue

    def add(self, row: int, said: Any) -> None:
        self.found[row] = said
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"row": row, "said": said}, ensure_ascii=False) + "\n")


def mark_of(folder: Path) -> str:
    """Names the model in a folder by its files, their sizes and times, so that other weights are asked anew."""
    files = sorted((*folder.glob("*.safetensors"), *folder.glob("*.json")))
    stamps = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return sha256(json.dumps(stamps).encode())


def kept_path(
    folder: Path, how: str, model: str, data: str, classes: Sequence[str], config: ZeroShotConfig
) -> Path:
    """Where answers lie that depend on these alone."""
    key = json.dumps([how, model, data, list(classes), config.model_dump(mode="json")])
    return folder / f"{sha256(key.encode())}.jsonl"


def zero_shot(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    rows: Sequence[int],
    classes: Sequence[str],
    config: ZeroShotConfig,
    *,
    kept: Path | None = None,
    say: Say = lambda text: None,
) -> np.ndarray:
    """(N, C) probabilities of the classes of N texts, by how likely their names are.

    Args:
        rows: number of each text in its data set, by which answers are kept in the file `kept`.

    Raises:
        SettingError: the names cannot be told apart.
    """
    check_classes(classes)
    store = Answers(kept)
    empty = name_scores(model, tokenizer, make_prompt(EMPTY, classes, config), classes).numpy()
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        if row in store.found:
            continue
        say(f"The language model reads text {at + 1:,} of {len(texts):,}.")
        scores = name_scores(model, tokenizer, make_prompt(text, classes, config), classes)
        store.add(int(row), [round(float(v), 5) for v in scores])
    if not len(rows):
        return np.zeros((0, len(classes)), np.float32)
    return calibrated(np.array([store.found[int(row)] for row in rows]), empty)


def generated(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    rows: Sequence[int],
    classes: Sequence[str],
    config: ZeroShotConfig,
    *,
    kept: Path | None = None,
    say: Say = lambda text: None,
) -> np.ndarray:
    """As `zero_shot`, by what the model writes; rows of NaN where its answer names no class."""
    check_classes(classes)
    store, count = Answers(kept), len(classes)
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        if row in store.found:
            continue
        say(f"The language model answers for text {at + 1:,} of {len(texts):,}.")
        label, answer = written(model, tokenizer, make_prompt(text, classes, config), classes, config)
        store.add(int(row), {"label": label, "answer": answer[:200]})
    return from_labels([store.found[int(row)]["label"] for row in rows], count)


def from_labels(labels: Sequence[int], classes: int) -> np.ndarray:
    """Class numbers, -1 for none → (N, C): .9 for the class, the rest for the others; NaN for none."""
    found = np.full((len(labels), classes), np.nan, np.float32)
    for i, label in enumerate(labels):
        if label >= 0:
            found[i] = (1 - CERTAIN) / max(1, classes - 1)
            found[i, label] = CERTAIN
    return found
