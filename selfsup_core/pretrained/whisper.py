"""A Whisper model in memory: 16 kHz sound → log-mel spectrogram → the likeliest token each time.

log P(text) = Σ ln P(token | tokens before it, sound); what is written ends with the token that says so, or
when there are more tokens than anybody says in that time.
[1] Radford et al.: Robust speech recognition via large-scale weak supervision, 2022
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.pretrained.loading import load_errors
from selfsup_core.pretrained.model_folder import AGAIN
from selfsup_core.pretrained.trial import SAFE, require_tried
from selfsup_core.pretrained.whisper_folder import WhisperFacts
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

RATE = 16_000
MOST_WRITTEN = 224  # tokens of a clip, half of the places that known models have
SPARE_TOKENS, TOKENS_A_SECOND = 10, 12  # nobody says more; a model that repeats itself writes on and on
START, END, PLAIN, WRITE = "<|startoftranscript|>", "<|endoftext|>", "<|notimestamps|>", "<|transcribe|>"
CONTROL = re.compile(r"<\|.*\|>")


@dataclass(frozen=True)
class Heard:
    """What was written of a clip.

    Attributes:
        probability: geometric mean of its tokens' probabilities, the end included.
        is_whole: False where it did not come to an end.
    """

    text: str
    probability: float
    is_whole: bool


def to_16_khz(wave: np.ndarray, rate: int) -> np.ndarray:
    """(samples,) int16 at any rate → float32 from −1 to 1 at 16 kHz."""
    from scipy.signal import resample_poly

    values = wave.astype(np.float32) / 32768
    if rate != RATE:
        step = math.gcd(rate, RATE)
        values = resample_poly(values, RATE // step, rate // step)
    return np.clip(values, -1, 1).astype(np.float32)


class Whisper:
    """Raises DataError: weights or tokens are missing, or the folder fails its trial."""

    def __init__(
        self,
        facts: WhisperFacts,
        *,
        language: str = "",
        device: str = "cpu",
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        import torch
        from transformers import AutoTokenizer, WhisperFeatureExtractor, WhisperForConditionalGeneration

        require_tried(facts.folder, say)
        self.facts, self.device = facts, device
        loader: Any = WhisperForConditionalGeneration
        extractor: Any = WhisperFeatureExtractor
        with load_errors(facts.folder):
            self.tokenizer: Any = AutoTokenizer.from_pretrained(facts.folder, **SAFE)
            model, about = loader.from_pretrained(
                facts.folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **SAFE
            )
        # The output layer is the table of tokens itself.
        if missing := sorted(key for key in about["missing_keys"] if key != "proj_out.weight"):
            raise DataError(
                tr("{title} lacks weights of a Whisper model: {missing}.").format(
                    title=facts.title, missing=missing[0]
                ),
                code="bad-model",
                remedy=tr(AGAIN),
            )
        self.model: Any = model.eval().requires_grad_(False).to(device)
        # Its own settings are not asked: a folder's could ask for an endless spectrogram.
        self.extractor = extractor(feature_size=facts.bands, chunk_length=facts.seconds)
        self.end = self._token(END)
        self.prefix = [self._token(START)]
        if facts.is_multilingual:
            self.languages = self._languages(language)
            self.suffix = [self._token(WRITE), self._token(PLAIN)]
        else:
            self.languages, self.suffix = [], [self._token(PLAIN)]
        self.most = min(MOST_WRITTEN, facts.most_tokens - len(self.prefix) - len(self.suffix) - 1)
        self.never, self.not_first = self._forbidden()

    def _token(self, name: str) -> int:
        found = self.tokenizer.convert_tokens_to_ids(name)
        unknown = self.tokenizer.unk_token_id
        is_there = isinstance(found, int) and (found != unknown or name == self.tokenizer.unk_token)
        if not is_there or found >= self.facts.vocabulary:
            raise DataError(
                tr("The tokenizer of {title} has no {name}, which a Whisper model has.").format(
                    title=self.facts.title, name=name
                ),
                code="bad-model",
                remedy=tr(AGAIN),
            )
        return int(found)

    def _languages(self, language: str) -> list[int]:
        """Tokens of the languages that may be heard."""
        from transformers.models.whisper.tokenization_whisper import LANGUAGES

        if language:
            return [self._token(f"<|{language}|>")]
        there = self.tokenizer.get_vocab()
        codes = self.facts.languages or LANGUAGES
        found = [there[f"<|{code}|>"] for code in codes if f"<|{code}|>" in there]
        return [token for token in found if token < self.facts.vocabulary] or [self._token("<|en|>")]

    def _forbidden(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(V,) bools: what is never written, and what not at first: control tokens, and times."""
        import torch

        never = torch.zeros(self.facts.vocabulary, dtype=torch.bool)
        controls = [t for t, name in enumerate_tokens(self.tokenizer) if CONTROL.fullmatch(name)]
        never[[token for token in (*controls, *self.facts.suppressed) if token < len(never)]] = True
        never[self._token(PLAIN) :] = True  # times come behind it, and not all tokenizers list them
        never[self.end] = False
        first = never.clone()
        first[list(self.facts.suppressed_first)] = True
        if bool(first.all()):
            raise DataError(
                tr("The settings of {title} leave no token that it may write.").format(
                    title=self.facts.title
                ),
                code="bad-model",
                remedy=tr(AGAIN),
            )
        return never.to(self.device), first.to(self.device)

    def write(self, waves: Sequence[np.ndarray]) -> list[Heard]:
        """Float32 clips at 16 kHz, none longer than the model hears at once → what is said in each."""
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        made = self.extractor(list(waves), sampling_rate=RATE, return_tensors="pt")
        bounds = [
            min(self.most, SPARE_TOKENS + math.ceil(TOKENS_A_SECOND * len(wave) / RATE)) for wave in waves
        ]
        with torch.inference_mode():
            states = self.model.get_encoder()(made["input_features"].to(self.device)).last_hidden_state
            encoded = BaseModelOutput(last_hidden_state=states)
            tokens, log_p = self._search(encoded, self._begin(encoded), max(bounds))
        return [self._read(*one) for one in zip(tokens.tolist(), log_p.tolist(), bounds, strict=True)]

    def _begin(self, encoded: Any) -> torch.Tensor:
        """(B, P) tokens that say what to do; the language is the likeliest one of each clip."""
        import torch

        rows = len(encoded.last_hidden_state)
        start = torch.tensor([self.prefix] * rows, device=self.device)
        parts = [start]
        if self.languages:
            known = torch.tensor(self.languages, device=self.device)
            logits = self.model(encoder_outputs=encoded, decoder_input_ids=start).logits[:, -1]
            parts.append(known[logits[:, known].argmax(dim=1)][:, None])
        parts.append(torch.tensor([self.suffix] * rows, device=self.device))
        return torch.cat(parts, dim=1)

    def _search(self, encoded: Any, ids: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, S) tokens, each the likeliest, and their log-probabilities among those that may be written."""
        import torch

        cache, tokens, log_p = None, [], []
        ended = torch.zeros(len(ids), dtype=torch.bool, device=self.device)
        for step in range(most):
            out = self.model(
                encoder_outputs=encoded, decoder_input_ids=ids, past_key_values=cache, use_cache=True
            )
            cache = out.past_key_values
            forbidden = self.never if step else self.not_first
            values = out.logits[:, -1].float().masked_fill(forbidden, -torch.inf).log_softmax(dim=1)
            best, token = values.max(dim=1)
            tokens.append(token)
            log_p.append(best)
            ended |= token == self.end
            if bool(ended.all()):
                break
            ids = token[:, None]
        return torch.stack(tokens, dim=1), torch.stack(log_p, dim=1)

    def _read(self, tokens: list[int], log_p: list[float], bound: int) -> Heard:
        length = tokens.index(self.end) if self.end in tokens else len(tokens)
        is_whole = length < min(bound, len(tokens))
        counted = log_p[: length + 1] if is_whole else log_p[:bound]
        mean = sum(counted) / len(counted)
        if not math.isfinite(mean):  # its weights are no numbers
            return Heard("", 0.0, is_whole=False)
        text = self.tokenizer.decode(tokens[: min(length, bound)], skip_special_tokens=True)
        return Heard(text.strip(), math.exp(mean), is_whole)


def enumerate_tokens(tokenizer: Any) -> list[tuple[int, str]]:
    """(number, name) of what was added to the words of a tokenizer."""
    return [(int(token), str(added)) for token, added in tokenizer.added_tokens_decoder.items()]
