"""Labels by a causal language model, without training: how likely each class's name is after a prompt, or
what the model writes.

log P(name | prompt) = Σ ln P(wᵢ | prompt, w₁ … wᵢ₋₁), less the same after a prompt without content, so that a
name that is likely anyway wins nothing by it [1]; softmax over the classes. Written answers are parsed, and
one that names no class abstains; of one that does, the probability is that of the class's name at its place
in the answer, as a share of that of all classes' names.
[1] Zhao et al.: Calibrate before use, 2021
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.files import MOST_LINES, read_file, sha256
from selfsup_core.pretrained.zero_shot import ZeroShotConfig, check_classes, make_prompt, parse_label
from selfsup_core.pseudo.vote import by_name
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

# Of three that were tried on 60 posts of six topics, the small model named most correctly with this one (77%;
# 57 and 48%).
NAMES = """{classes}

{text}

This text is about"""
EMPTY = "N/A"  # the text without content
FORMAT = 2  # of the kept answers
MOST_ANSWER = 400  # characters of an answer that are kept
MOST_PROMPT = 900  # tokens; of a longer prompt the end is read

Say = Callable[[str], None]


def context_of(model: Any) -> int:
    """Tokens that the model reads at once."""
    return int(getattr(model.config, "max_position_embeddings", 0) or MOST_PROMPT)


def prompt_ids(model: Any, tokenizer: Any, prompt: str, room: int) -> list[int]:
    """The prompt's tokens, or the last of them that leave room for so many more in the model's context."""
    most = max(1, min(MOST_PROMPT, context_of(model) - room))
    ids: list[int] = tokenizer(prompt, add_special_tokens=True).input_ids[-most:]
    return ids


def name_scores(
    model: Any, tokenizer: Any, prompt: str, names: Sequence[str], *, space: str = " "
) -> torch.Tensor:
    """(C,) log P(name | prompt) of each name, by the chain rule; the prompt is read once.

    Raises:
        SettingError: a name is longer than the model's context.
    """
    import torch

    endings = [tokenizer(f"{space}{name}", add_special_tokens=False).input_ids for name in names]
    longest = max(len(ending) for ending in endings)
    if longest >= context_of(model):
        raise SettingError(
            tr(
                "The longest class name has {longest} tokens; the language model reads {context_of} at once."
            ).format(longest=longest, context_of=context_of(model)),
            remedy=tr("Use shorter names, or a model with a longer context."),
        )
    ids = prompt_ids(model, tokenizer, prompt, longest)
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


class Said(TypedDict):
    """What a model said of a text.

    Attributes:
        label: class number, or -1. answer: its own words. reason: why there is no label, or "".
        p: (C,) probabilities of the classes; None where the model gives none.
    """

    label: int
    answer: str
    reason: str
    p: list[float] | None


def written(model: Any, tokenizer: Any, prompt: str, config: ZeroShotConfig) -> str:
    """What the model writes, without chance; it ends where the model's context does."""
    import torch

    ids = prompt_ids(model, tokenizer, prompt, config.most_tokens)
    new = max(1, min(config.most_tokens, context_of(model) - len(ids)))
    with torch.inference_mode():
        made = model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            max_new_tokens=new,
            pad_token_id=tokenizer.eos_token_id or 0,
        )
    answer: str = tokenizer.decode(made[0, len(ids) :], skip_special_tokens=True)
    return answer


def answered(model: Any, tokenizer: Any, prompt: str, classes: Sequence[str], config: ZeroShotConfig) -> Said:
    """A written answer, the class that it names, and how likely the classes' names were at that place.

    An answer whose class is not the most likely one there stays open: model and answer do not agree.
    """
    answer = written(model, tokenizer, prompt, config)
    label, reason = parse_label(answer, classes)
    if label < 0:
        return {"label": -1, "answer": answer, "reason": reason, "p": None}
    at = answer.casefold().find(classes[label].casefold())
    before, like = (answer[:at], answer[at:]) if at >= 0 else ("", "")
    space = " " if before.endswith(" ") or not before else ""
    names = [styled(name, like) for name in classes]
    scores = name_scores(model, tokenizer, prompt + before.rstrip(" "), names, space=space)
    p = scores.double().softmax(dim=0).tolist()
    best = max(range(len(p)), key=p.__getitem__)
    if best != label:
        reason = tr("The answer names {classes!r}, but {classes_2!r} is more likely.").format(
            classes=classes[label], classes_2=classes[best]
        )
        label = -1
    return {"label": label, "answer": answer, "reason": reason, "p": [round(v, 5) for v in p]}


def styled(name: str, like: str) -> str:
    """A name with a capital where the answer wrote one, so that all classes are compared in the same
    spelling.
    """
    if like[:1].isupper():
        return name.upper() if like[: len(name)].isupper() and len(name) > 1 else name[:1].upper() + name[1:]
    return name[:1].lower() + name[1:] if like[:1].islower() else name


class Answers:
    """What a model has said of texts before: a line of JSON per text, so that a job that ended early
    continues.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.found = path, {}
        if path and path.is_file():
            text = read_file(path, MOST_LINES).decode("utf-8", "replace")
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


class Pace:
    """How fast texts are answered, and how long the rest takes."""

    def __init__(self, left: int) -> None:
        self.left, self.done, self.start = left, 0, time.monotonic()

    def count(self, texts: int = 1) -> None:
        self.done += texts

    def said(self) -> str:
        """ ", 1.2 texts/s, about 40 s left" once it is known."""
        seconds = time.monotonic() - self.start
        if not self.done or seconds <= 0:
            return ""
        rate = self.done / seconds
        return tr(", {rate:,.2g} texts/s, about {left:,.0f} s left").format(
            rate=rate, left=(self.left - self.done) / rate
        )


def mark_of(folder: Path) -> str:
    """Names the model in a folder by its files, their sizes and times, so that other weights are asked
    again.
    """
    files = sorted((*folder.glob("*.safetensors"), *folder.glob("*.json")))
    stamps = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return sha256(json.dumps(stamps).encode())


def kept_path(
    folder: Path, how: str, model: str, data: str, classes: Sequence[str], config: ZeroShotConfig
) -> Path:
    """Where answers lie that depend on these alone."""
    key = json.dumps([FORMAT, how, model, data, list(classes), config.model_dump(mode="json")])
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
        SettingError: the names cannot be distinguished.
    """
    check_classes(classes)
    store = Answers(kept)
    pace = Pace(sum(int(row) not in store.found for row in rows))
    empty = name_scores(model, tokenizer, make_prompt(EMPTY, classes, config), classes).numpy()
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        if row in store.found:
            continue
        say(
            tr("The language model reads text {at:,} of {count:,}{said}.").format(
                at=at + 1, count=len(texts), said=pace.said()
            )
        )
        scores = name_scores(model, tokenizer, make_prompt(text, classes, config), classes)
        store.add(int(row), [round(float(v), 5) for v in scores])
        pace.count()
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
    store = Answers(kept)
    pace = Pace(sum(int(row) not in store.found for row in rows))
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        if row in store.found:
            continue
        say(
            tr("The language model answers for text {at:,} of {count:,}{said}.").format(
                at=at + 1, count=len(texts), said=pace.said()
            )
        )
        found = answered(model, tokenizer, make_prompt(text, classes, config), classes, config)
        store.add(int(row), {**found, "answer": found["answer"][:MOST_ANSWER]})
        pace.count()
    return from_said([store.found[int(row)] for row in rows], len(classes))


def from_said(said: Sequence[Said], classes: int) -> np.ndarray:
    """(N, C) probabilities; rows of NaN where there is no label, and `by_name` where the model gives no
    probabilities.
    """
    found = np.full((len(said), classes), np.nan, np.float32)
    for i, entry in enumerate(said):
        if entry["label"] >= 0:
            found[i] = by_name(entry["label"], classes) if entry["p"] is None else entry["p"]
    return found
