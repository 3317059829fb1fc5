"""A person's text as token numbers, each with the characters that it stands for.

What looks like a control token ("</s>") is read as the letters that it is; only [MASK] means a gap to a
masked model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from selfsup_core.pretrained.model_folder import CAUSAL
from selfsup_core.translation import join_sentences, tr

MOST_CHARACTERS = 20_000  # cut before a tokenizer sees them: one takes seconds for a long line
MOST_TOKENS = 512
MASK = "[MASK]"
# Their positions begin behind the number of the padding token.
SHIFTED = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "data2vec-text")


@dataclass(frozen=True)
class Encoded:
    """Tokens of a text.

    Attributes:
        ids: with what the model wants around a text.
        before, after: how many of those stand at each end.
        ends: for each token of the text the place, in characters of the text, where it ends; never falls.
        start: the place where the first of them begins.
        note: what was left out, in words, or "".
    """

    ids: list[int]
    before: int
    after: int
    ends: list[int]
    start: int
    note: str

    @property
    def own(self) -> list[int]:
        """Tokens of the text alone."""
        return self.ids[self.before : len(self.ids) - self.after]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """(first, one behind the last) character of each token; spaces that no one claims are the next
        token's.
        """
        return list(zip([self.start, *self.ends[:-1]], self.ends, strict=True)) if self.ends else []


def context_of(model: Any, tokenizer: Any = None) -> int:
    """Tokens that fit into the model's context."""
    config = model.config
    room = int(getattr(config, "max_position_embeddings", 0) or MOST_TOKENS)
    if config.model_type in SHIFTED:
        room -= 2
    stated = getattr(tokenizer, "model_max_length", None) or room
    return max(1, min(room, int(min(stated, 1e9))))


def tokens_and_ends(tokenizer: Any, text: str) -> tuple[list[int], list[int]]:
    """(token numbers, the place where each ends), with no control token among them."""
    plain = {"add_special_tokens": False, "split_special_tokens": True}
    if not tokenizer.is_fast:
        ids = tokenizer(text, **plain)["input_ids"]
        lengths = [len(tokenizer.decode(ids[: i + 1])) for i in range(len(ids))]
        return ids, never_falling(lengths, len(text))
    made = tokenizer(text, return_offsets_mapping=True, **plain)
    return made["input_ids"], never_falling([end for _, end in made["offset_mapping"]], len(text))


def never_falling(ends: list[int], most: int) -> list[int]:
    reached, found = 0, []
    for end in ends:
        reached = min(max(reached, end), most)
        found.append(reached)
    return found


def cut_characters(text: str, *, from_end: bool) -> tuple[str, int, str]:
    """(what stays of a text, where it begins, a note)."""
    if len(text) <= MOST_CHARACTERS:
        return text, 0, ""
    said = (
        tr("The last {most:,} of {count:,} characters.")
        if from_end
        else tr("The first {most:,} of {count:,} characters.")
    )
    note = said.format(most=MOST_CHARACTERS, count=len(text))
    if from_end:
        return text[-MOST_CHARACTERS:], len(text) - MOST_CHARACTERS, note
    return text[:MOST_CHARACTERS], 0, note


def cut_tokens(
    ids: list[int], ends: list[int], room: int, *, from_end: bool
) -> tuple[list[int], list[int], int, str]:
    """(ids, ends, where the first begins, a note) of the first or last `room` tokens."""
    if len(ids) <= room:
        return ids, ends, 0, ""
    said = (
        tr("The last {room} of {count:,} tokens.")
        if from_end
        else tr("The first {room} of {count:,} tokens.")
    )
    note = said.format(room=room, count=len(ids))
    if from_end:
        return ids[-room:], ends[-room:], ends[-room - 1], note
    return ids[:room], ends[:room], 0, note


def encode(
    model: Any, tokenizer: Any, text: str, *, most: int = MOST_TOKENS, from_end: bool = False
) -> Encoded:
    """A text for a causal model; a beginning-of-text token stands before it where the tokenizer has one.

    Of a text with more tokens than `most`, or than the model's context, the first ones stay, or the last
    ones.
    """
    text, offset, note = cut_characters(text, from_end=from_end)
    ids, ends = tokens_and_ends(tokenizer, text)
    begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    room = max(1, min(most, context_of(model, tokenizer)) - len(begin))
    ids, ends, start, cut = cut_tokens(ids, ends, room, from_end=from_end)
    return Encoded([*begin, *ids], len(begin), 0, [offset + e for e in ends], offset + start, cut or note)


def encode_masked(model: Any, tokenizer: Any, text: str, *, most: int = MOST_TOKENS) -> Encoded:
    """A text for a masked model: [MASK] is a gap; the marks of beginning and end around it where the
    tokenizer has them.
    """
    mask = tokenizer.mask_token_id
    text, _, note = cut_characters(text, from_end=False)
    ids: list[int] = []
    ends: list[int] = []
    at = 0
    names = {re.escape(MASK), re.escape(str(tokenizer.mask_token))}
    gaps = [] if mask is None else list(re.finditer("|".join(sorted(names)), text))
    eats_space = bool(gaps and tokenizer.added_tokens_decoder[mask].lstrip)
    for gap in [*gaps, None]:
        part = text[at : gap.start() if gap else len(text)]
        made, places = tokens_and_ends(tokenizer, part.rstrip(" ") if gap and eats_space else part)
        ids += made
        ends += [at + place for place in places]
        if gap:
            ids.append(mask)
            ends.append(gap.end())
            at = gap.end()
    around = tokenizer.cls_token_id, tokenizer.sep_token_id
    begin, end = ([n] if n is not None else [] for n in around)
    room = max(1, min(most, context_of(model, tokenizer)) - len(begin) - len(end))
    ids, ends, start, cut = cut_tokens(ids, ends, room, from_end=False)
    return Encoded([*begin, *ids, *end], len(begin), len(end), ends, start, cut or note)


def note_of(tokenizer: Any, made: Encoded) -> str:
    """What was left out of a text, and what its tokenizer does not know, in words, or ""."""
    unknown = 0 if tokenizer.unk_token_id is None else made.own.count(tokenizer.unk_token_id)
    if not unknown or tokenizer.unk_token_id in (tokenizer.eos_token_id, tokenizer.bos_token_id):
        return made.note
    message = (
        tr("1 token is unknown to this model ({unk_token}): P is that of any unknown token.")
        if unknown == 1
        else tr("{unknown} tokens are unknown to this model ({unk_token}): P is that of any unknown token.")
    )
    said = message.format(unknown=unknown, unk_token=tokenizer.unk_token)
    return join_sentences([made.note, said] if made.note else [said])


def looks_ahead(model: Any) -> bool:
    """Whether a token of a model sees those behind it, too: of masked models and encoders, not of causal
    ones.
    """
    return not type(model).__name__.endswith(CAUSAL)
