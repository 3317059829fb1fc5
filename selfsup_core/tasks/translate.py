"""Translation: a small encoder–decoder learns from sentence pairs, and from back-translations of sentences
that have no source.

A row of the pool shows its target sentence only. A translator of the other direction, which learns from the
labeled pairs in the teacher's epochs, writes a source for it; pairs that it is surest of are kept.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from torch import nn

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import choose_stratified, split_rows
from selfsup_core.evaluate.reading.translating import Written, attend, looking_at, padded, write_rows
from selfsup_core.evaluate.rows import Baseline, Metrics
from selfsup_core.evaluate.translations import Quality, recall_nearest
from selfsup_core.evaluate.words.scenario_words import SCORES, Score
from selfsup_core.features.pair_rows import fit_split, sentences_of
from selfsup_core.features.pairs import make_pair_tokens
from selfsup_core.models import MODELS
from selfsup_core.models.translator import LONGEST
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.translating import Pairs, Translating, TranslatingConfig, pair_loss
from selfsup_core.runs.frames import MOST_LETTERS, FrameStore, as_bytes
from selfsup_core.runs.spec import RunSpec
from selfsup_core.tasks import TASKS, Look, TaskContext
from selfsup_core.tasks.parts.rounds_of_labels import Proposed, RoundsOfLabels, Tested, choose_known
from selfsup_core.tasks.parts.translator_files import write_tokenizer
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from transformers import MarianMTModel

MEASURED = 200  # validation rows that are translated at each epoch
SHOWN = 12  # of them, whose translation and attention are kept
POINTS = 200  # labeled rows on the map beside the measured ones
LISTED = 8  # kept pairs of a frame, and as many that were not kept


@TASKS.register("translate")
class TranslateTask(RoundsOfLabels):
    """Sentence pairs; looked at by translations, attention, kept back-translations and a map of the
    sentences.
    """

    score: ClassVar[Score] = SCORES["translate"]
    baseline_message = tr_later("Measuring what the most similar known sentence's translation is worth.")

    def __init__(self, context: TaskContext) -> None:
        spec, data = context.spec, context.spec.data
        dataset = context.persist(lambda: open_source(data.source, context.workspace, verify=True))
        self.config = cast("TranslatingConfig", spec.objective)
        self.objective = cast("Translating", OBJECTIVES[spec.objective.kind](spec.objective))
        self.sentences = sentences_of(dataset, is_backward=self.config.direction == "backward")
        whole = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
        split, bare, left_out = fit_split(self.sentences, whole)
        labeled = choose_known(dataset, np.setdiff1d(split.train, bare), data)
        pool = np.setdiff1d(split.train, labeled)
        context.say(tr("Building the vocabulary of both languages."))
        self.tokens, notes = make_pair_tokens(
            self.sentences, labeled, pool, vocabulary=cast("Any", spec.model).vocabulary, longest=LONGEST
        )
        context.say(tr("Building the network."))
        self.begin(
            context,
            build(spec, self.tokens.size, spec.seed),
            dataset=dataset,
            labeled=labeled,
            pool=pool,
            tested=split.test,
            helper=build(spec, self.tokens.size, spec.seed + 1) if len(pool) else None,
        )
        source = np.array(self.sentences.source, object)
        source[pool] = ""  # what is hidden is not even there
        self.source = self.tokens.encode(source.tolist()).to(self.device)
        self.target = self.tokens.encode(self.sentences.target).to(self.device)
        self.most = {
            side: min(LONGEST, int((rows[torch.from_numpy(labeled)] != self.tokens.pad).sum(1).max()) + 4)
            for side, rows in (("source", self.source), ("target", self.target))
        }
        y = np.zeros(len(dataset), np.int32) if dataset.y is None else np.asarray(dataset.y)
        self.y, self.classes = y, dataset.classes
        self.measured = np.sort(choose_stratified(split.validation, y, MEASURED, data.split_seed))
        self.shown = self.measured[np.linspace(0, len(self.measured) - 1, SHOWN).astype(int)]
        self.points = np.concatenate([self.measured, labeled[:POINTS]])
        self.quality = Quality(self.sentences.target)
        self.quality.bleu(["-"], ["-"])
        self.notes += [
            *left_out,
            *notes,
            tr("BLEU is computed by sacrebleu: {signature}").format(signature=self.signature),
        ]

    @property
    def signature(self) -> str:
        return self.quality.signature()

    # What the networks learn from

    def batch(self, rows: torch.Tensor) -> Pairs:
        """Of a row of the pool the back-translation is its source."""
        source = self.source[rows]
        if self.proposed:
            written, places = self.proposed.answers["tokens"], self.place[rows]
            width = max(source.shape[1], written.shape[1])
            source = self._widened(source, width)
            is_pool = (places >= 0)[:, None]
            source = torch.where(is_pool, self._widened(written, width)[places.clamp(min=0)], source)
        return self._pairs(source, self.target[rows])

    def helper_batch(self, rows: torch.Tensor) -> Pairs:
        """The other direction."""
        return self._pairs(self.target[rows], self.source[rows])

    def _widened(self, rows: torch.Tensor, width: int) -> torch.Tensor:
        return nn.functional.pad(rows, (0, width - rows.shape[1]), value=self.tokens.pad)

    def _pairs(self, source: torch.Tensor, target: torch.Tensor) -> Pairs:
        pad = self.tokens.pad
        before = torch.full_like(target[:, :1], pad)
        return Pairs(padded(source, pad), torch.cat([before, padded(target, pad)], dim=1))

    # What is proposed and kept

    def propose(self, generator: torch.Generator) -> Proposed:
        """A source for each target of the pool; nats per token say how sure the other translator is of it."""
        written = write_rows(
            cast("MarianMTModel", self.model.helper),
            self.target[torch.from_numpy(self.pool).to(self.device)],
            most=self.most["source"],
            beam=self.config.beam if self.config.back_translation == "beam" else 1,
            generator=generator if self.config.back_translation == "sampled" else None,
        )
        return Proposed(written.score.cpu().numpy(), {"tokens": written.tokens})

    def audit(self, proposed: Proposed) -> Metrics:
        rows = self.pool[proposed.is_kept]
        if len(rows) == 0:
            return {"kept_right": None}
        written = self.tokens.decode(proposed.answers["tokens"].cpu()[torch.from_numpy(proposed.is_kept)])
        truth = [self.sentences.source[row] for row in rows]
        return {
            "kept_right": float(np.mean([one == true for one, true in zip(written, truth, strict=True)])),
            "kept_bleu": Quality(truth).bleu(written, truth),
        }

    # What is seen

    def _write(self, network: nn.Module, rows: np.ndarray, beam: int = 1) -> Written:
        source = self.source[torch.from_numpy(rows).to(self.device)]
        return write_rows(cast("MarianMTModel", network), source, most=self.most["target"], beam=beam)

    def measure(self, network: nn.Module) -> tuple[Metrics, Written]:
        """The likeliest token each time: quick enough for each epoch."""
        written = self._write(network, self.measured)
        found, truth = (
            self.tokens.decode(written.tokens),
            [self.sentences.target[row] for row in self.measured],
        )
        rows = torch.from_numpy(self.measured).to(self.device)
        with looking_at(network):
            loss = pair_loss(network, self._pairs(self.source[rows], self.target[rows]), 0.0)
        metrics: Metrics = {
            "loss": float(loss),
            "bleu": self.quality.bleu(found, truth),
            "chrf": self.quality.chrf(found, truth),
        }
        return metrics, written

    def test(self, network: nn.Module) -> Tested:
        found = self.tokens.decode(self._write(network, self.tested, self.config.beam).tokens)
        truth = [self.sentences.target[row] for row in self.tested]
        return Tested(self.quality.score_of(found, truth), {"chrf": self.quality.chrf(found, truth)})

    def baseline(self) -> Baseline:
        """The translation of the known sentence that is most like the one asked for."""
        known = [self.sentences.source[row] for row in self.labeled]
        nearest = self.labeled[recall_nearest(known, [self.sentences.source[row] for row in self.measured])]
        found = [self.sentences.target[row] for row in nearest]
        truth = [self.sentences.target[row] for row in self.measured]
        return {"memory_bleu": Quality(self.sentences.target).bleu(found, truth)}

    # What is written of an epoch

    def write_static(self, frames: FrameStore) -> None:
        write_tokenizer(self.context.folder, self.tokens)
        labels = (
            self.y[self.points].astype(np.int32) if self.classes else np.full(len(self.points), -1, np.int32)
        )
        arrays = {
            "labels": labels,
            "splits": (np.arange(len(self.points)) < len(self.measured)).astype(np.uint8),
            "rows": self.points.astype(np.int32),
        }
        about = {
            "kind": "text",
            "item_shape": json.dumps([self.tokens.size]),
            "scale": "1",
            "classes": json.dumps(self.classes),
            "columns": "[]",
            "texts": as_json([self.sentences.source[row][:MOST_LETTERS] for row in self.points]),
            "scenario": as_json(
                {
                    "sources": [self.sentences.source[row] for row in self.shown],
                    "references": [self.sentences.target[row] for row in self.shown],
                    "signature": self.signature,
                }
            ),
        }
        frames.write_shared(arrays, about)

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        written: Written = look.view
        places = np.searchsorted(self.measured, self.shown)
        tokens = written.tokens[torch.from_numpy(places)].cpu()
        maps, shapes, pieces = [], [], []
        for row, own in zip(self.shown, tokens, strict=True):
            source = padded(self.source[row : row + 1], self.tokens.pad)
            target = padded(own[None], self.tokens.pad).to(self.device)
            weights = attend(cast("MarianMTModel", self.student), source, target)
            maps.append(as_bytes(weights.cpu().numpy()).ravel())
            shapes.append(list(weights.shape))
            pieces.append([self.tokens.pieces(source[0].tolist()), self.tokens.pieces(target[0].tolist())])
        about = {
            "written": as_json(self.tokens.decode(tokens)),
            "sure": as_json([round(float(written.score[place]), 3) for place in places]),
            "attention_shapes": as_json(shapes),
            "attention_pieces": as_json(pieces),
        }
        arrays = {"attention": np.concatenate(maps)}
        now = self.next or self.proposed
        if now:
            about |= self._list_kept(now)
        frames.write_points(epoch, self._codes(), arrays, about, is_last=is_last)

    def _codes(self) -> np.ndarray:
        """(S, width) mean of what the encoder makes of each sentence's tokens."""
        source = padded(self.source[torch.from_numpy(self.points).to(self.device)], self.tokens.pad)
        mask = (source != self.tokens.pad).long()
        with looking_at(self.student):
            read = (
                cast("Any", self.student)
                .get_encoder()(input_ids=source, attention_mask=mask)
                .last_hidden_state
            )
            mean = (read * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        found: np.ndarray = mean.float().cpu().numpy()
        return found

    def _list_kept(self, now: Proposed) -> dict[str, str]:
        """Some pairs around the border of what is kept, the surest and the least sure ones."""
        order = np.argsort(-now.confidence, kind="stable")
        kept, other = order[now.is_kept[order]], order[~now.is_kept[order]]
        places = np.concatenate([spread(kept, LISTED), spread(other, LISTED)]).astype(int)
        sources = self.tokens.decode(now.answers["tokens"].cpu()[torch.from_numpy(places)])
        rows = self.pool[places]
        pairs = [
            {
                "source": source,
                "target": self.sentences.target[row],
                "score": round(float(now.confidence[place]), 3),
                "is_kept": bool(now.is_kept[place]),
            }
            for source, row, place in zip(sources, rows, places, strict=True)
        ]
        return {
            "pairs": as_json(pairs),
            "true_sources": as_json([self.sentences.source[row] for row in rows]),
        }


def build(spec: RunSpec, size: int, seed: int) -> nn.Module:
    """A translator with weights from a seed. Args: size: tokens."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MODELS[spec.model.kind].build(spec.model, (size,))


def spread(places: np.ndarray, count: int) -> np.ndarray:
    """`count` of them at even distances, the first and the last among them."""
    if len(places) <= count:
        return places
    found: np.ndarray = places[np.linspace(0, len(places) - 1, count).astype(int)]
    return found


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
