"""Which Whisper model is meant, and what its folder says of it; nothing is loaded.

Only safetensors, JSON and vocabulary files are read, as of all models' folders.
[1] Radford et al.: Robust speech recognition via large-scale weak supervision, 2022
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core.environment import machine_folder
from selfsup_core.errors import DataError, SettingError
from selfsup_core.files import JsonObject
from selfsup_core.pretrained.hub import HUB, ID, find_fetched
from selfsup_core.pretrained.model_folder import (
    AGAIN,
    architecture_of,
    check_contents,
    is_speech,
    read_config,
)
from selfsup_core.translation import tr

GENERATION = "generation_config.json"
ENGLISH_ONLY = 51864  # tokens of the models that were trained on English alone; the others have more
POSITIONS_A_SECOND = 50
MOST_POSITIONS = 1500  # 30 s, what all known models hear at once
MOST_BANDS = 256
MOST_TOKENS = 4096  # that a model may have places for; known ones have 448
LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")


@dataclass(frozen=True)
class WhisperFacts:
    """What the settings of a Whisper model say.

    Attributes:
        title: for people. bands: of its spectrogram. seconds: of sound that it hears at once.
        most_tokens: places of its transcript. is_multilingual: False where it writes English alone.
        languages: codes, where the folder lists them.
        suppressed: tokens that it never writes; suppressed_first: not as the first one.
    """

    folder: Path
    title: str
    bands: int
    seconds: int
    most_tokens: int
    vocabulary: int
    is_multilingual: bool
    languages: tuple[str, ...]
    suppressed: tuple[int, ...]
    suppressed_first: tuple[int, ...]


def find_whisper(name: str, workspace: Path) -> WhisperFacts:
    """The Whisper model of a folder, or one that was fetched from the Hub.

    Args:
        name: the full path of a folder, or hub:owner/name (or owner/name).

    Raises:
        DataError: there is none, it has not been downloaded, or it is no Whisper model.
    """
    if name.startswith(HUB) or ID.fullmatch(name):
        model_id = name.removeprefix(HUB).partition("@")[0]
        return describe_whisper(find_fetched(model_id, workspace), title=model_id)
    folder = machine_folder(name)
    if not folder.is_absolute() or not folder.is_dir():
        raise DataError(
            tr("There is no folder {name!r} on this machine.").format(name=name[:300]),
            code="no-model",
            remedy=tr(
                "Give the full path of a Whisper model's folder, or hub:owner/name of a downloaded one."
            ),
        )
    return describe_whisper(folder, title=folder.name)


def describe_whisper(folder: Path, *, title: str) -> WhisperFacts:
    """Raises DataError: the folder holds no Whisper model, or its settings are beyond reason."""
    config = check_contents(folder)
    if not is_speech(architecture_of(config)) or config.get("model_type") != "whisper":
        raise DataError(
            tr("{title} is a {architecture}, not a Whisper model.").format(
                title=title, architecture=architecture_of(config)
            ),
            code="not-whisper",
            remedy=tr("Choose a model such as openai/whisper-tiny."),
        )
    places = whole(config, title, "max_source_positions", 1500, MOST_POSITIONS)
    if places % POSITIONS_A_SECOND:
        raise DataError(
            tr("config.json of {title} has {key} {found!r}; expected a multiple of {step}.").format(
                title=title, key="max_source_positions", found=places, step=POSITIONS_A_SECOND
            ),
            code="bad-model",
            remedy=tr(AGAIN),
        )
    vocabulary = whole(config, title, "vocab_size", 0, 4_000_000)
    said = read_config(folder / GENERATION) if (folder / GENERATION).is_file() else {}
    many = said.get("is_multilingual")
    listed = said.get("lang_to_id")
    found = [LANGUAGE.fullmatch(str(key)) for key in listed] if isinstance(listed, dict) else []
    return WhisperFacts(
        folder,
        title,
        bands=whole(config, title, "num_mel_bins", 80, MOST_BANDS),
        seconds=places // POSITIONS_A_SECOND,
        most_tokens=whole(config, title, "max_target_positions", 448, MOST_TOKENS),
        vocabulary=vocabulary,
        is_multilingual=many if isinstance(many, bool) else vocabulary > ENGLISH_ONLY,
        languages=tuple(sorted(match[1] for match in found if match)),
        suppressed=tokens_in(said, config, "suppress_tokens", vocabulary),
        suppressed_first=tokens_in(said, config, "begin_suppress_tokens", vocabulary),
    )


def whole(config: JsonObject, title: str, key: str, default: int, most: int) -> int:
    """A number of a configuration, at least 1. Raises DataError: it is none, or too large."""
    found = config.get(key, default)
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
        raise DataError(
            tr("config.json of {title} has {key} {found!r}; expected 1 to {most:,}.").format(
                title=title, key=key, found=str(found)[:40], most=most
            ),
            code="bad-model",
            remedy=tr(AGAIN),
        )
    return found


def tokens_in(said: JsonObject, config: JsonObject, key: str, vocabulary: int) -> tuple[int, ...]:
    """A list of tokens, of the settings for writing or, as older models have it, of the network's."""
    found: Any = said.get(key, config.get(key))
    listed = found if isinstance(found, list) else []
    return tuple(token for token in listed if isinstance(token, int) and 0 <= token < vocabulary)


def check_language(facts: WhisperFacts, language: str) -> None:
    """Raises SettingError: the model does not know a language; "" is any."""
    if not language:
        return
    known = facts.languages if facts.is_multilingual else ("en",)
    if known and language not in known:
        raise SettingError(
            tr("{title} does not write the language {language!r}; it knows {known}.").format(
                title=facts.title, language=language, known=", ".join(known)
            ),
            remedy=tr("Change Language of the speech (objective.teacher_language)."),
        )
