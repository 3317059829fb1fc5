"""Speech to text: a small network learns letters from transcribed clips, and from pseudo-transcripts of clips
whose transcript is hidden.

A pseudo-transcript is what the student hears in a clip: any letters, or the likeliest known words, which
tells the student something that it does not know itself. It is kept when the transcripts of two noisy views
of the clip agree with each other, and among these the surest ones are. Or a Whisper model writes it, once,
and it is kept when Whisper is sure and, on request, the first network hears the same words.
"""

from __future__ import annotations

import math
from typing import ClassVar, cast

import numpy as np
import torch
from torch import nn

from selfsup_core.augment.speech import hide
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.data.spoken import FRAME_SECONDS, mu_law_of
from selfsup_core.errors import DataError
from selfsup_core.evaluate.reading.known_words import KnownWords, read_known
from selfsup_core.evaluate.reading.transcribing import Aligned, align, hear, read, sureness
from selfsup_core.evaluate.reading.translating import looking_at
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.evaluate.transcripts import count_errors, letter_error_rate, score_of, word_error_rate
from selfsup_core.evaluate.words.scenario_words import SCORES, Score
from selfsup_core.features.letters import Letters
from selfsup_core.features.transcripts import minutes_of, transcripts_of
from selfsup_core.models import MODELS
from selfsup_core.models.modules.transcriber import Transcriber
from selfsup_core.models.transcriber import STRIDE
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.ctc import Clips, Ctc, CtcConfig, ctc_loss
from selfsup_core.runs.frames import FrameStore
from selfsup_core.tasks import TASKS, Look, TaskContext
from selfsup_core.tasks.parts.rounds_of_labels import Proposed, RoundsOfLabels, Tested, choose_known
from selfsup_core.tasks.parts.speech_teacher import SpeechTeacher, ask_teacher
from selfsup_core.tasks.parts.transcriber_files import write_letters
from selfsup_core.tasks.translate import as_json, spread
from selfsup_core.translation import tr

MEASURED = 200  # validation clips that are heard at each epoch
SHOWN = 8  # of them, whose sound, spectrogram and letters are kept
POINTS = 200  # labeled clips on the map beside the measured ones
LISTED = 8  # kept pseudo-transcripts of a frame, and as many that were not kept
LEAST = 2  # clips with words, for training and for validation
NOT_ASKED = 1.0  # of `most_difference`


@TASKS.register("transcribe")
class TranscribeTask(RoundsOfLabels):
    """Transcribed clips; looked at by aligned letters, transcripts, pseudo-transcripts and a map."""

    score: ClassVar[Score] = SCORES["transcribe"]
    teacher: SpeechTeacher | None = None

    def __init__(self, context: TaskContext) -> None:
        spec, data = context.spec, context.spec.data
        dataset = context.persist(lambda: open_source(data.source, context.workspace, verify=True))
        self.config = cast("CtcConfig", spec.objective)
        self.objective = cast("Ctc", OBJECTIVES[spec.objective.kind](spec.objective))
        self.texts = transcripts_of(dataset)
        split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
        is_said = np.array([bool(text) for text in self.texts])
        labeled = choose_known(dataset, split.train[is_said[split.train]], data)
        pool = np.setdiff1d(split.train, labeled)
        validation, tested = (rows[is_said[rows]] for rows in (split.validation, split.test))
        require_words(dataset, labeled, validation)
        known_texts = [self.texts[row] for row in labeled]
        self.letters = Letters.of(known_texts)
        is_closed = self.config.words == "known"
        self.words = KnownWords.of(self.letters, known_texts) if is_closed else None
        if self.config.teacher and len(pool):
            self.teacher = ask_teacher(
                context,
                dataset,
                pool=pool,
                known=labeled,
                known_texts=known_texts,
                only_known=is_closed,
            )
        context.say(tr("Building the network."))
        bands = dataset.item_shape[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed)
            student = MODELS[spec.model.kind].build(spec.model, (bands, self.letters.size))
        self.begin(context, student, dataset=dataset, labeled=labeled, pool=pool, tested=tested)
        self.dataset, self.rate = dataset, int(dataset.details.get("rate", 0))
        self.x = torch.from_numpy(np.array(dataset.x)).to(self.device)
        self.frames = torch.from_numpy(np.array(dataset.extra["frames"], np.int64)).to(self.device)
        known = list(self.texts)
        for row in pool:
            known[row] = ""  # what is hidden is not even there
        self.tokens = self.letters.encode(known).to(self.device)
        chosen = np.random.default_rng(data.split_seed).permutation(validation)
        self.measured = np.sort(chosen[:MEASURED])
        self.shown = spread(self.measured, SHOWN)
        self.points = np.concatenate([self.measured, labeled[:POINTS]])
        silent = int((~is_said).sum())
        if silent:
            self.notes.append(
                tr("{count:,} clips have an empty transcript; they are not scored.").format(count=silent)
            )
        self.notes.append(
            tr("{minutes:.1f} minutes of sound are transcribed, written in {count} letters.").format(
                minutes=minutes_of(dataset, labeled), count=len(self.letters.alphabet)
            )
        )
        self.notes += [self.teacher.note] if self.teacher else []

    # What the networks learn from

    def batch(self, rows: torch.Tensor) -> Clips:
        """Of a row of the pool the pseudo-transcript is its transcript."""
        letters = self.tokens[rows]
        if self.proposed:
            written, places = self.proposed.answers["tokens"], self.place[rows]
            width = max(letters.shape[1], written.shape[1])
            is_pool = (places >= 0)[:, None]
            letters = torch.where(
                is_pool, widened(written, width)[places.clamp(min=0)], widened(letters, width)
            )
        frames, count = self.frames[rows], (letters > 0).sum(dim=1)
        x = self.x[rows, :, : int(frames.max())].float() / 255
        return Clips(x, frames, letters[:, : max(1, int(count.max()))], count)

    # What is proposed and kept

    def _is_due(self) -> bool:
        """Whisper has written once: nothing changes in later rounds."""
        return super()._is_due() and not (self.teacher and self.proposed)

    def _propose_taught(self, teacher: SpeechTeacher) -> Proposed:
        """What Whisper wrote; NaN where the first network, which the student is by now, hears other words."""
        confidence = teacher.confidence.copy()
        if self.config.most_difference < NOT_ASKED:
            own = [
                self.letters.decode(tokens) for tokens in self._read(self._hear(self.student, self.pool))[0]
            ]
            errors = count_errors(own, teacher.texts)
            differ = errors[:, 0] / np.maximum(1, errors[:, 1])
            confidence[differ > self.config.most_difference] = np.nan
        return Proposed(confidence, {"tokens": self.letters.encode(teacher.texts).to(self.device)})

    def propose(self, generator: torch.Generator) -> Proposed:
        """What the student hears in each clip of the pool; NaN where it hears nothing, or another thing in
        each of two noisy views. Or what Whisper wrote of it.
        """
        if self.teacher:
            return self._propose_taught(self.teacher)
        written, confidence = self._read(self._hear(self.student, self.pool))
        texts = [self.letters.decode(tokens) for tokens in written]
        noisy = [self._read(self._hear(self.student, self.pool, generator))[0] for _ in range(2)]
        views = [[self.letters.decode(tokens) for tokens in one] for one in noisy]
        errors = count_errors(*views)
        differ = errors[:, 0] / np.maximum(1, errors[:, 1])
        confidence[(differ > self.config.most_disagreement) | [not text for text in texts]] = np.nan
        width = max((len(tokens) for tokens in written), default=0) or 1
        tokens = torch.zeros((len(written), width), dtype=torch.long)
        for place, one in enumerate(written):
            tokens[place, : len(one)] = torch.tensor(one, dtype=torch.long)
        return Proposed(confidence, {"tokens": tokens.to(self.device)})

    def _read(self, heard: list[np.ndarray]) -> tuple[list[list[int]], np.ndarray]:
        """Letters of each clip, and from 0 to 1 how sure they are: the mean probability of the columns of
        their path, as a geometric mean.
        """
        if self.words is not None:
            written, mean = read_known(heard, self.words)
        else:
            written = [read(log_p, 1) for log_p in heard]
            mean = np.array([sureness(log_p) for log_p in heard])
        return written, np.exp(mean)

    def audit(self, proposed: Proposed) -> Metrics:
        kept = [place for place in np.flatnonzero(proposed.is_kept) if self.texts[self.pool[place]]]
        truth = [self.texts[row] for row in self.pool[kept]]
        if not truth:
            return {"kept_right": None, "kept_word_error_rate": None}
        written = self._written(proposed, np.array(kept))
        right = [one == true for one, true in zip(written, truth, strict=True)]
        return {
            "kept_right": float(np.mean(right)),
            "kept_word_error_rate": word_error_rate(written, truth),
        }

    def _written(self, proposed: Proposed, places: np.ndarray) -> list[str]:
        tokens = proposed.answers["tokens"].cpu()[torch.from_numpy(places)]
        return [self.letters.decode(row) for row in tokens.tolist()]

    # What is seen

    def _hear(
        self, network: nn.Module, rows: np.ndarray, generator: torch.Generator | None = None
    ) -> list[np.ndarray]:
        """Log-probabilities of each clip; of a noisy view where there is a generator."""
        at = torch.from_numpy(rows).to(self.device)
        frames = self.frames[at]
        x = self.x[at, :, : int(frames.max())].float() / 255
        if generator is not None:
            rules = self.config
            x = hide(
                x,
                frames,
                generator,
                seconds=rules.time_mask,
                bands=rules.band_mask,
                noise=rules.noise,
                shift=rules.shift,
            )
        return hear(cast("Transcriber", network), x, frames)[0]

    def measure(self, network: nn.Module) -> tuple[Metrics, list[np.ndarray]]:
        """The likeliest letter each time: quick enough for each epoch."""
        heard = self._hear(network, self.measured)
        found = [self.letters.decode(read(log_p, 1)) for log_p in heard]
        truth = [self.texts[row] for row in self.measured]
        batch = self.batch(torch.from_numpy(self.measured).to(self.device))
        with looking_at(network):
            loss = ctc_loss(network(batch.x, batch.frames), batch)
        metrics: Metrics = {
            "loss": float(loss),
            "word_error_rate": word_error_rate(found, truth),
            "letter_error_rate": letter_error_rate(found, truth),
        }
        return metrics, heard

    def test(self, network: nn.Module) -> Tested:
        heard = self._hear(network, self.tested)
        found = [self.letters.decode(read(log_p, self.config.beam)) for log_p in heard]
        truth = [self.texts[row] for row in self.tested]
        more: Metrics = {"letter_error_rate": letter_error_rate(found, truth)}
        if self.words is not None:  # what the words alone give, without a student
            found_known = [self.letters.decode(tokens) for tokens in read_known(heard, self.words)[0]]
            more["known_words_error_rate"] = word_error_rate(found_known, truth)
        return Tested(score_of(found, truth), more)

    # What is written of an epoch

    def write_static(self, frames: FrameStore) -> None:
        write_letters(self.context.folder, self.letters, self.dataset.item_shape[0], self.rate)
        lengths = self.frames.cpu().numpy()[self.shown].astype(np.int32)
        sounds = [mu_law_of(self.dataset, row) for row in self.shown]
        arrays = {
            "labels": np.full(len(self.points), -1, np.int32),
            "splits": (np.arange(len(self.points)) < len(self.measured)).astype(np.uint8),
            "rows": self.points.astype(np.int32),
            "clip_frames": lengths,
            "clip_spectra": np.array(self.dataset.x[self.shown][:, :, : lengths.max()], np.uint8),
            "clip_sound": np.concatenate(sounds),
            "clip_samples": np.array([len(sound) for sound in sounds], np.int32),
        }
        about = {
            "kind": "text",
            "item_shape": as_json([self.letters.size]),
            "scale": "1",
            "classes": "[]",
            "columns": "[]",
            "texts": as_json([self.texts[row] for row in self.points]),
            "scenario": as_json(
                {
                    "references": [self.texts[row] for row in self.shown],
                    "rate": self.rate,
                    "column_seconds": FRAME_SECONDS,
                    "letter_seconds": STRIDE * FRAME_SECONDS,
                    "teacher": self.teacher.title if self.teacher else "",
                }
            ),
        }
        frames.write_shared(arrays, about)

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        heard = [look.view[place] for place in np.searchsorted(self.measured, self.shown)]
        aligned = [align(log_p) for log_p in heard]
        about = {
            "written": as_json([self.letters.decode(one.token for one in row) for row in aligned]),
            "sure": as_json([round(math.exp(sureness(log_p)), 4) for log_p in heard]),
            "aligned": as_json([[self._placed(one) for one in row] for row in aligned]),
        }
        at = torch.from_numpy(self.points).to(self.device)
        x = self.x[at].float() / 255
        codes = hear(cast("Transcriber", self.student), x, self.frames[at])[1].cpu().numpy()
        now = self.next or self.proposed
        if now:
            about |= self._list_kept(now)
        frames.write_points(epoch, codes, {}, about, is_last=is_last)

    def _placed(self, one: Aligned) -> list[object]:
        """[letter, first column, end, probability] of what a panel draws."""
        return [self.letters.alphabet[one.token - 1], one.start, one.end, round(one.probability, 3)]

    def _list_kept(self, now: Proposed) -> dict[str, str]:
        """Some clips around the border of what is kept, the surest and the least sure ones."""
        order = np.argsort(-np.nan_to_num(now.confidence, nan=-1.0), kind="stable")
        kept, other = order[now.is_kept[order]], order[~now.is_kept[order]]
        places = np.concatenate([spread(kept, LISTED), spread(other, LISTED)]).astype(int)
        # Of Whisper also what cannot be used is shown.
        taught = self.teacher and [self.teacher.written[place] for place in places]
        clips = [
            {
                "text": text,
                "confidence": None if np.isnan(sure := now.confidence[place]) else round(float(sure), 3),
                "is_kept": bool(now.is_kept[place]),
            }
            for text, place in zip(taught or self._written(now, places), places, strict=True)
        ]
        return {
            "clips": as_json(clips),
            "true_transcripts": as_json([self.texts[row] for row in self.pool[places]]),
        }


def widened(tokens: torch.Tensor, width: int) -> torch.Tensor:
    """(B, S) → (B, width), 0 behind the end."""
    return nn.functional.pad(tokens, (0, width - tokens.shape[1]))


def require_words(dataset: Dataset, labeled: np.ndarray, validation: np.ndarray) -> None:
    """Raises DataError: hardly a clip has words."""
    if min(len(labeled), len(validation)) < LEAST:
        raise DataError(
            tr(
                "{title} has {labeled} transcribed clips to learn from and {validation} to measure; at "
                "least {least} of each are needed."
            ).format(title=tr(dataset.title), labeled=len(labeled), validation=len(validation), least=LEAST),
            code="few-transcripts",
            remedy=tr("Add clips with words, or raise Labels known."),
        )
