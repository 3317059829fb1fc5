"""What is measured and shown of a language model after each epoch: losses on fixed validation windows,
writing, a map.

Only training and validation tokens are looked at; the test part is not used.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfsup_core.features.corpus import Corpus
from selfsup_core.objectives import Objective
from selfsup_core.translation import tr_later

MOST_VALIDATION = 24_000  # tokens looked at after each epoch
VALIDATION_SHARE = 0.3  # of an epoch's tokens: looking costs a third of training, so a tenth of the time
LEAST_WINDOWS = 8
MOST_LOGITS = 20_000_000
MAP_TOKENS = 400
FILLED_TOKENS = 48
# Of a look in the middle of an epoch: tokens written, each of which takes as long as three windows that are
# only read.
GLANCE_WRITTEN, WRITTEN_COST = 24, 3
FILLED_TEXTS = 3
BEGINNING = 40  # characters of a validation text, where no beginning was given
TEMPERATURE = 0.8
KINDS = (
    tr_later("small letter"),
    "capital",
    tr_later("other letter"),
    "digit",
    "mark",
    "space",
    tr_later("control token"),
)
PLAIN, RIGHT, WRONG = 0, 1, 2


@dataclass(frozen=True)
class LanguageView:
    """What one epoch looks like.

    Attributes:
        metrics: val_loss (nats per token), and what follows from it.
        token_loss: (S,) mean nats of each token on the map in the validation text; NaN where it does not
        occur.
        embeddings: (S, W) rows of the input embedding.
        written: a text from scratch, completed: what followed the person's beginning; "" for a masked model.
        filled: for a masked model, texts as lists of [piece, state, hidden token's text, P of the guess].
    """

    metrics: dict[str, float | None]
    token_loss: np.ndarray
    embeddings: np.ndarray
    written: str
    completed: str
    filled: list[list[list[Any]]]


def kind_of(piece: str, *, is_control: bool) -> int:
    """Place in KINDS of a token, by its first character that is not a space."""
    if is_control:
        return 6
    text = piece.strip()
    if not text:
        return 5
    if text[0].isdigit():
        return 3
    if not text[0].isalpha():
        return 4
    return {"Ll": 0, "Lu": 1}.get(unicodedata.category(text[0]), 2)


def windows(length: int, span: int, most: int) -> np.ndarray:
    """Starts of windows of `span` tokens, side by side; when they hold more than `most` tokens, evenly chosen
    ones.
    """
    starts = np.arange(0, max(1, length - span + 1), max(1, span - 1))
    room = max(1, most // span)
    if len(starts) <= room:
        return starts
    found: np.ndarray = starts[np.linspace(0, len(starts) - 1, room).round().astype(int)]
    return found


class LanguageEvaluator:
    """Holds what is the same at every epoch: validation windows, tokens on the map, the beginning to continue
    from.

    Args:
        span: tokens of a window: context + 1 for a causal model, context for a masked one.
        epoch_windows: windows that an epoch trains on; what is looked at after it is a share of that.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        span: int,
        is_masked: bool,
        device: str,
        prompt: str,
        written: int,
        points: int,
        seed: int,
        epoch_windows: int,
    ) -> None:
        import torch

        self.corpus, self.is_masked, self.device, self.seed = corpus, is_masked, device, seed
        self.tokens = torch.from_numpy(corpus.validation.tokens).to(device)
        self.span = min(span, len(corpus.validation.tokens))
        share = max(LEAST_WINDOWS, round(epoch_windows * VALIDATION_SHARE))
        self.most = min(MOST_VALIDATION, share * self.span)
        self.prompt, self.written = prompt or first_words(corpus.texts, is_masked), written
        counts = np.bincount(corpus.train.tokens, minlength=corpus.tokenizer.size)
        most = min(points, MAP_TOKENS, int((counts > 0).sum()))
        self.shown = np.argsort(-counts, kind="stable")[:most]  # token numbers on the map
        controls = set(corpus.tokenizer.fast.all_special_ids)
        self.pieces = corpus.tokenizer.pieces(self.shown)
        self.kinds = np.array(
            [kind_of(p, is_control=int(t) in controls) for p, t in zip(self.pieces, self.shown, strict=True)]
        )

    def batches(self, starts: np.ndarray, vocabulary: int) -> Any:
        """(B, span) token numbers of windows."""
        import torch

        size = max(1, min(64, MOST_LOGITS // (self.span * vocabulary)))
        offsets = torch.arange(self.span, device=self.device)
        for i in range(0, len(starts), size):
            index = torch.from_numpy(starts[i : i + size]).to(self.device)
            yield self.tokens[index[:, None] + offsets].long()

    def measure(
        self, model: Any, objective: Objective[Any], *, times: int = 1, most: int = 0
    ) -> tuple[float, dict[str, float], np.ndarray]:
        """(mean nats per token, the objective's other terms, (V,) mean nats of each token or NaN) on fixed
        windows.

        Args:
            times: how many times as many windows as after an epoch.
            most: tokens, 0 for as many as after an epoch.
        """
        import torch

        starts = windows(len(self.tokens), self.span, (most or self.most) * times)
        generator = torch.Generator(self.device).manual_seed(self.seed)
        vocabulary = model.config.vocab_size
        total = torch.zeros(vocabulary, dtype=torch.float64)
        counts = torch.zeros(vocabulary, dtype=torch.float64)
        others: dict[str, float] = {}
        with torch.inference_mode():
            for batch in self.batches(starts, vocabulary):
                if self.is_masked:
                    terms = objective.step(model, batch, generator)
                    for name, value in terms.items():
                        others[name] = others.get(name, 0.0) + float(value) * len(batch)
                    continue
                logits = model(input_ids=batch[:, :-1], use_cache=False).logits.float()
                wanted = batch[:, 1:].flatten()
                nats = (
                    torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted, reduction="none")
                    .double()
                    .cpu()
                )
                total.index_add_(0, wanted.cpu(), nats)
                counts.index_add_(0, wanted.cpu(), torch.ones_like(nats))
        if self.is_masked:
            means = {name: value / len(starts) for name, value in others.items()}
            return means.pop("loss"), means, np.full(vocabulary, np.nan)
        each = torch.where(counts > 0, total / counts.clamp(min=1), torch.nan)
        return float(total.sum() / counts.sum()), {}, each.numpy()

    def bits_per_character(self, loss: float) -> float:
        """Nats per token → bits per character of the validation text."""
        part = self.corpus.validation
        return loss * len(part.tokens) / max(1, part.characters) / math.log(2)

    @property
    def glance_windows(self) -> int:
        """Windows that a look at the model in the middle of an epoch is worth."""
        if self.is_masked:
            return LEAST_WINDOWS + FILLED_TEXTS + 1
        return LEAST_WINDOWS + WRITTEN_COST * min(GLANCE_WRITTEN, self.written)

    def look(self, model: Any, objective: Objective[Any], *, is_glance: bool = False) -> LanguageView:
        """Look at the model as it is; neither it nor its training changes.

        Args:
            is_glance: in the middle of an epoch: a few windows, and a few tokens after the prompt.
        """
        import torch

        was_training = model.training
        model.eval()
        most = min(self.most, LEAST_WINDOWS * self.span) if is_glance else self.most
        loss, others, each = self.measure(model, objective, most=most)
        metrics: dict[str, float | None] = {"val_loss": loss, **{f"val_{k}": v for k, v in others.items()}}
        metrics["val_token_perplexity"] = math.exp(min(loss, 700.0))
        if not self.is_masked:
            metrics["val_bits_per_character"] = self.bits_per_character(loss)
        with torch.inference_mode():
            table = model.get_input_embeddings().weight[torch.from_numpy(self.shown).to(self.device)]
            embeddings = table.float().cpu().numpy()
            filled = self.fill(model, objective) if self.is_masked else []
        written, completed = ("", "") if self.is_masked else self.write(model, is_glance=is_glance)
        model.train(was_training)
        return LanguageView(metrics, each[self.shown], embeddings, written, completed, filled)

    def write(self, model: Any, *, is_glance: bool = False) -> tuple[str, str]:
        """(a text from scratch, what follows the beginning); the same draws at every epoch.

        Args:
            is_glance: only some tokens after the beginning.
        """
        if not self.written:
            return "", ""
        tokenizer = self.corpus.tokenizer
        end, first = tokenizer.end, self.corpus.train.tokens[:1].tolist()
        scratch = [] if is_glance else self.sample(model, first if end is None else [end], self.written)
        before = tokenizer.encode(self.prompt).tolist() or first
        count = min(GLANCE_WRITTEN, self.written) if is_glance else max(1, self.written // 2)
        completed = self.sample(model, before, count)
        # Decoded together with what came before, so that spaces and split characters come out right.
        whole, known = tokenizer.decode([*before, *completed]), len(tokenizer.decode(before))
        alone = tokenizer.decode([*([] if end is not None else first), *scratch]) if scratch else ""
        return alone, whole[known:]

    def sample(self, model: Any, ids: list[int], count: int) -> list[int]:
        """Tokens that are drawn one after the other; control tokens, which show nothing, are never drawn."""
        import torch

        generator = torch.Generator().manual_seed(self.seed)
        controls = torch.tensor(self.corpus.tokenizer.fast.all_special_ids, dtype=torch.long)
        context = self.span - 1
        made: list[int] = []
        cache, fresh = None, ids[-context:]
        seen = len(fresh)
        with torch.inference_mode():
            for _ in range(count):
                if seen >= context:
                    cache, fresh = None, [*ids, *made][-(context // 2 or 1) :]
                    seen = len(fresh)
                given = torch.tensor([fresh], device=self.device)
                out = model(input_ids=given, past_key_values=cache, use_cache=True)
                logits = out.logits[0, -1].float().cpu() / TEMPERATURE
                logits[controls] = -torch.inf
                made.append(int(torch.multinomial(logits.softmax(dim=0), 1, generator=generator)))
                cache, fresh, seen = out.past_key_values, made[-1:], seen + 1
        return made

    def fill(self, model: Any, objective: Any) -> list[list[list[Any]]]:
        """Validation texts with some tokens hidden, and the model's guesses; then the person's own text."""
        import torch

        tokenizer, mask = self.corpus.tokenizer, objective.mask_token
        own = tokenizer.fast(self.prompt, add_special_tokens=False, split_special_tokens=False)["input_ids"]
        texts = [(own, [i for i, t in enumerate(own) if t == mask])]
        draw = np.random.default_rng(self.seed)
        for text in self.corpus.texts[:FILLED_TEXTS]:
            ids = tokenizer.encode(text[:1000])[:FILLED_TOKENS].tolist()
            hidden = (
                sorted(draw.choice(len(ids), max(1, round(len(ids) * objective.config.share)), replace=False))
                if ids
                else []
            )
            texts.append((ids, [int(i) for i in hidden]))
        found = []
        for ids, hidden in texts:
            ids = ids[: self.span]
            hidden = [i for i in hidden if i < len(ids)]
            if not ids:
                continue
            seen = torch.tensor([ids], device=self.device)
            seen[0, hidden] = mask
            p = model(input_ids=seen).logits[0].float().softmax(dim=-1)
            best = p.max(dim=-1)
            line = [[piece, PLAIN, "", 0.0] for piece in tokenizer.pieces(ids)]
            for i in hidden:
                guess = int(best.indices[i])
                state = WRONG if guess != ids[i] else RIGHT
                wanted = "" if ids[i] == mask else line[i][0]
                line[i] = [
                    tokenizer.decode([guess]),
                    state if wanted else RIGHT,
                    wanted,
                    round(float(best.values[i]), 4),
                ]
            found.append(line)
        return found


def first_words(texts: tuple[str, ...], is_masked: bool) -> str:
    """The beginning of a validation text, up to the end of a word; for a masked model with a hole."""
    text = next((t.strip() for t in texts if t.strip()), "the ")
    cut = len(text) if len(text) <= BEGINNING else text.rfind(" ", BEGINNING // 2, BEGINNING)
    return text[: cut if cut > 0 else BEGINNING] + (" [MASK]" if is_masked else "")
