"""How a translator writes: the likeliest token each time, drawn tokens, or beam search; and what it looks at.

A translation's score is its log-probability divided by its number of tokens, the end included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from transformers import MarianMTModel

END = 0
ROWS = 256  # sentences that are written at once


@dataclass(frozen=True)
class Written:
    """(B, T) tokens without the first one, `pad` behind the end; (B,) nats per token, at most 0."""

    tokens: torch.Tensor
    score: torch.Tensor


@contextmanager
def looking_at(network: nn.Module) -> Iterator[None]:
    """Without dropout and gradients; afterwards it goes on as it was."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)


def pad_of(network: Any) -> int:
    """The token before a sentence and behind its end."""
    return int(network.config.pad_token_id)


def padded(rows: torch.Tensor, pad: int) -> torch.Tensor:
    """(B, T) tokens without the columns at the end that hold nothing but `pad`."""
    used = (rows != pad).any(dim=0)
    width = int(used.nonzero()[-1]) + 1 if used.any() else 1
    return rows[:, :width]


def write_rows(
    network: MarianMTModel,
    source: torch.Tensor,
    *,
    most: int,
    beam: int = 1,
    generator: torch.Generator | None = None,
) -> Written:
    """(N, S) sentences → their translations, in the same order.

    Args:
        most: tokens of a translation, the end included. beam: 1 takes the likeliest token each time.
        generator: draws the tokens instead.
    """
    pad = pad_of(network)
    # Sentences of like length together: the longest one of a group decides what it costs.
    order = torch.argsort(source.ne(pad).sum(dim=1), stable=True)
    tokens = torch.full((len(source), most), pad, device=source.device)
    score = torch.zeros(len(source), device=source.device)
    for rows in torch.split(order, max(1, ROWS // beam)):
        part = padded(source[rows], pad)
        with looking_at(network):
            found = (
                search(network, part, most=most, beam=beam)
                if beam > 1 and generator is None
                else write(network, part, most=most, generator=generator)
            )
        tokens[rows, : found.tokens.shape[1]] = found.tokens
        score[rows] = found.score
    return Written(padded(tokens, pad), score)


class Decoder:
    """Writes token by token after (B, S) sentences, each `times` times."""

    def __init__(self, network: MarianMTModel, source: torch.Tensor, times: int = 1) -> None:
        from transformers.modeling_outputs import BaseModelOutput

        self.network, self.pad = network, pad_of(network)
        mask = source.ne(self.pad).long()
        read = network.get_encoder()(input_ids=source, attention_mask=mask).last_hidden_state
        self.read = BaseModelOutput(last_hidden_state=read.repeat_interleave(times, dim=0))
        self.mask = mask.repeat_interleave(times, dim=0)
        self.cache: Any = None

    def next(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B,) newest tokens → (B, V) log-probabilities of what follows; never `pad`."""
        found = self.network(
            encoder_outputs=self.read,
            attention_mask=self.mask,
            decoder_input_ids=tokens[:, None],
            past_key_values=self.cache,
            use_cache=True,
        )
        self.cache = found.past_key_values
        logits = found.logits[:, -1].float()
        logits[:, self.pad] = -torch.inf
        return functional.log_softmax(logits, dim=1)

    def reorder(self, rows: torch.Tensor) -> None:
        """Go on with these rows of the batch."""
        self.cache.reorder_cache(rows)


def write(
    network: MarianMTModel, source: torch.Tensor, *, most: int, generator: torch.Generator | None = None
) -> Written:
    """(B, S) → one translation of each: the likeliest token each time, or drawn ones."""
    decoder = Decoder(network, source)
    last = torch.full((len(source),), decoder.pad, device=source.device)
    is_open = torch.ones_like(last, dtype=torch.bool)
    total, count, found = torch.zeros(len(source), device=source.device), torch.zeros_like(last), []
    for _ in range(most):
        log_p = decoder.next(last)
        last = (
            log_p.argmax(dim=1)
            if generator is None
            else torch.multinomial(log_p.exp(), 1, generator=generator)[:, 0]
        )
        chosen = log_p.gather(1, last[:, None])[:, 0]
        total, count = total + torch.where(is_open, chosen, 0.0), count + is_open
        found.append(torch.where(is_open, last, decoder.pad))
        is_open = is_open & (last != END)
        if not is_open.any():
            break
    return Written(torch.stack(found, dim=1), total / count)


def search(network: MarianMTModel, source: torch.Tensor, *, most: int, beam: int) -> Written:
    """(B, S) → the best translation of each that beam search finds; with a beam as wide as there are
    translations, the best one there is.
    """
    decoder, device, rows = Decoder(network, source, beam), source.device, len(source)
    last = torch.full((rows * beam,), decoder.pad, device=device)
    total = torch.full((rows, beam), -torch.inf, device=device)
    total[:, 0] = 0.0  # all begin alike
    path = torch.zeros((rows, beam, 0), dtype=torch.long, device=device)
    best = torch.full((rows,), -torch.inf, device=device)
    answer = torch.full((rows, most), decoder.pad, device=device)
    first = torch.arange(rows, device=device)[:, None] * beam
    for length in range(1, most + 1):
        log_p = decoder.next(last).view(rows, beam, -1)
        sums = total[..., None] + log_p  # (B, beam, V)
        ended, which = (sums[..., END] / length).max(dim=1)
        better = ended > best
        best = torch.where(better, ended, best)
        done = path[torch.arange(rows, device=device), which]  # (B, length − 1)
        answer[better] = decoder.pad
        answer[better, : length - 1] = done[better]
        answer[better, length - 1] = END
        sums[..., END] = -torch.inf
        total, places = sums.flatten(1).topk(beam, dim=1)
        kept, tokens = places // log_p.shape[2], places % log_p.shape[2]
        path = torch.cat(
            [path.gather(1, kept[..., None].expand(-1, -1, length - 1)), tokens[..., None]], dim=2
        )
        # A sum can only fall: divided by the most tokens there may be, it bounds what is still to come.
        if length == most or bool((best >= total[:, 0] / most).all()):
            break
        decoder.reorder((first + kept).flatten())
        last = tokens.flatten()
    # What never ended is cut off.
    cut = (best == -torch.inf) & torch.isfinite(total[:, 0])
    answer[cut, : path.shape[2]] = path[cut, 0]
    best = torch.where(cut, total[:, 0] / path.shape[2], best)
    return Written(padded(answer, decoder.pad), best)


def attend(network: MarianMTModel, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(1, S) sentence and (1, T) translation → (T, S) mean cross-attention of the last layer's heads: what
    was looked at when each token was written.
    """
    pad = pad_of(network)
    before = torch.cat([torch.full_like(target[:, :1], pad), target[:, :-1]], dim=1)
    with looking_at(network):
        found = network(
            input_ids=source,
            attention_mask=source.ne(pad).long(),
            decoder_input_ids=before,
            output_attentions=True,
            use_cache=False,
        )
    weights: torch.Tensor = found.cross_attentions[-1][0].mean(dim=0)
    return weights
