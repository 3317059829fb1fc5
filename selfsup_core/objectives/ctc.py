"""Connectionist temporal classification: learn letters from a transcript that does not say when each is
heard.

loss = −ln Σ_paths ∏ₜ P(πₜ) over all paths π of letters and blanks that read as the transcript once repeats
are merged and blanks left out [1]; in nats, divided by the transcript's letters. While it trains, stretches
of time and bands of the spectrogram are hidden [2]: a noisy student that must agree with a teacher that
heard all of it [3], and that may know which words there are [4].
[1] Graves et al.: Connectionist temporal classification, 2006
[2] Park et al.: SpecAugment, 2019
[3] Park et al.: Improved noisy student training for automatic speech recognition, 2020
[4] Kahn, Lee, Hannun: Self-training for end-to-end speech recognition, 2020
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.in_rounds import InRounds, InRoundsConfig
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.transcriber import Heard


class CtcConfig(InRoundsConfig):
    """Transcribe, and write pseudo-transcripts for what has none."""

    kind: Literal["ctc"] = setting("ctc", "Sum over all alignments of the letters.", title="Objective")
    words: Literal["any", "known"] = setting(
        "any",
        "What pseudo-transcripts are made of. Any: whatever letters are heard; known: only words that are in "
        "the known transcripts.",
        title="Words of pseudo-transcripts",
        titles={"any": tr_later("Any"), "known": tr_later("Known")},
        why="What is misspelled cannot be right. Only for speech whose words are all known, as digits are.",
    )
    most_disagreement: float = setting(
        0.1,
        "Largest word error rate between the transcripts of two noisy views of a clip; where they differ "
        "more, the pseudo-transcript is not kept.",
        title="Largest disagreement",
        why="What a network hears differently each time is often wrong; 0.1 is the value of distil-whisper.",
        ge=0.0,
        le=1.0,
    )
    teacher: str = setting(
        "",
        "Whisper model that transcribes the other clips, once, before training: the full path of its folder, "
        "or hub:owner/name of one that was downloaded. Empty: the run's own first network.",
        title="Whisper model as the teacher",
        why="A model that was trained on thousands of hours hears more than a network that has learned from "
        "minutes.",
        max_length=1000,
    )
    teacher_language: str = setting(
        "",
        "Language that Whisper writes, as its code: en, zh, de. Empty: it decides for each clip.",
        title="Language of the speech",
        why="In short clips the language is hard to tell: name it where it is known.",
        pattern=r"^([a-z]{2,3})?$",
    )
    most_difference: float = setting(
        1.0,
        "Largest word error rate of what the first network hears against Whisper's transcript; where they "
        "differ more, it is not kept. 1: the first network is not asked.",
        title="Largest difference from Whisper",
        why="A good Whisper needs no second opinion. A weak one does: of what the smallest model could write "
        "of the spoken digits 58% were right, and all of what the first network heard too (0.2).",
        ge=0.0,
        le=1.0,
    )
    time_mask: float = setting(
        0.05,
        "Longest stretch of time that is hidden, in seconds; two in each clip.",
        title="Hidden time, s",
        why="About a letter: a longer one hides letters that nothing else tells of.",
        ge=0.0,
        le=2.0,
    )
    band_mask: int = setting(
        3, "Most neighboring bands that are hidden; twice in each clip.", title="Hidden bands", ge=0, le=16
    )
    noise: float = setting(
        0.02,
        "Strength of the noise on the spectrogram, whose values go from 0 to 1.",
        title="Noise",
        ge=0.0,
        le=0.5,
    )
    shift: int = setting(
        1,
        "Bands by which a clip is moved up or down at most: a higher or lower voice.",
        title="Voice shift",
        why="The voices of the validation and test rows are new ones.",
        ge=0,
        le=8,
    )
    beam: int = setting(
        8,
        "Transcripts that beam search follows at once, for test rows and your own sound; 1 takes the "
        "likeliest letter each time.",
        title="Beam",
        ge=1,
        le=64,
    )


@dataclass(frozen=True)
class Clips:
    """x: (B, bands, T) in [0, 1]; frames: (B,) columns of each; letters: (B, S) tokens from 1, 0 behind the
    end; count: (B,) of them.
    """

    x: torch.Tensor
    frames: torch.Tensor
    letters: torch.Tensor
    count: torch.Tensor


@OBJECTIVES.register("ctc")
class Ctc(InRounds[CtcConfig]):
    """Predict the letters that are heard."""

    Config = CtcConfig
    networks = ("transcriber",)
    task = "transcribe"

    def learn(self, network: nn.Module, batch: Clips, generator: torch.Generator) -> dict[str, torch.Tensor]:
        from selfsup_core.augment.speech import hide

        x = batch.x
        if network.training:
            rules = self.config
            x = hide(
                x,
                batch.frames,
                generator,
                seconds=rules.time_mask,
                bands=rules.band_mask,
                noise=rules.noise,
                shift=rules.shift,
            )
        return {"loss": ctc_loss(network(x, batch.frames), batch)}


def ctc_loss(heard: Heard, batch: Clips) -> torch.Tensor:
    """Mean nats per letter; a transcript that is too long for its clip counts 0."""
    from torch.nn import functional

    return functional.ctc_loss(
        heard.log_p.transpose(0, 1),
        batch.letters,
        heard.frames,
        batch.count,
        zero_infinity=True,
    )
