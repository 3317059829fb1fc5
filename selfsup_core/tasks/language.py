"""Language models: trained from scratch, or a loaded one trained further, on a stream of tokens."""

from __future__ import annotations

import json
import math
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from selfsup_core.data.sources import open_source
from selfsup_core.evaluate.language import KINDS, LanguageEvaluator, LanguageView
from selfsup_core.evaluate.ngrams import ngram_baseline
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.words.language_trouble import find_language_signs
from selfsup_core.features.corpus import Corpus, build_corpus
from selfsup_core.features.tokenizers import TextTokenizer
from selfsup_core.models import MODELS
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.pretrained.trial import remember
from selfsup_core.runs.frames import FrameStore
from selfsup_core.tasks import TASKS, Look, Task, TaskContext
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from selfsup_core.objectives.masked_language import MaskedLanguage
    from selfsup_core.pretrained.models.pretrained_language import PretrainedConfig

MOST_STARTS = 2_000_000  # windows that may be drawn; of longer texts every few tokens one begins
FINAL_TIMES = 5  # times as many validation windows at the end as after an epoch
MOST_VOCABULARY = 60_000  # of a table of pairs


@TASKS.register("language")
class LanguageTask(Task):
    """Windows of tokens; looked at by losses, by what is written, and by a map of the tokens' embeddings."""

    model: PreTrainedModel
    baseline_message = tr_later("Measuring how well counts of tokens and of pairs predict.")

    def __init__(self, context: TaskContext) -> None:
        spec = context.spec
        self.spec, self.choice, self.folder = spec, context.choice, context.folder
        dataset = context.persist(lambda: open_source(spec.data.source, context.workspace, verify=True))
        self.objective = OBJECTIVES[spec.objective.kind](spec.objective)
        self.is_masked = spec.objective.kind == "masked-language"
        self.notes: list[str] = []
        loaded, tokenizer = self._load(context)
        self.corpus: Corpus = build_corpus(
            dataset,
            spec.data,
            tokenizer=tokenizer,
            is_masked=self.is_masked,
            say=context.say,
            kind=getattr(spec.model, "tokenizer", ""),
            vocabulary=getattr(spec.model, "vocabulary", 0),
        )
        tokenizer = self.corpus.tokenizer
        if self.is_masked:
            cast("MaskedLanguage", self.objective).mask_token = tokenizer.fast.mask_token_id
        context.say(tr("Building the network."))
        self.model = (loaded or self._build(tokenizer)).to(self.choice.name)
        self.span = self._span(context)
        train = self.corpus.train.tokens
        self.tokens = torch.from_numpy(train).to(self.choice.name)
        self.offsets = torch.arange(self.span, device=self.choice.name)
        starts = len(train) - self.span + 1
        self.rows = torch.arange(0, starts, -(-starts // MOST_STARTS), device=self.choice.name)
        config = spec.train
        self.evaluator = LanguageEvaluator(
            self.corpus,
            span=self.span,
            is_masked=self.is_masked,
            device=self.choice.name,
            prompt=spec.frames.prompt,
            written=spec.frames.written,
            points=spec.frames.samples,
            seed=spec.seed,
            epoch_windows=config.steps_per_epoch * config.batch_size or len(self.rows),
        )
        self.digest = dataset.digest
        self.notes += self.corpus.notes

    def _load(self, context: TaskContext) -> tuple[Any, TextTokenizer | None]:
        """The network and tokenizer to continue from; (None, None) for one from scratch."""
        if self.spec.model.kind != "pretrained":
            return None, None
        from selfsup_core.tasks.parts.language_loading import load_to_continue

        context.say(tr("Loading the model."))
        model, tokenizer, notes = load_to_continue(
            cast("PretrainedConfig", self.spec.model),
            context.workspace,
            is_masked=self.is_masked,
            seed=self.spec.seed,
        )
        self.notes += notes
        return model, TextTokenizer(tokenizer)

    def _build(self, tokenizer: TextTokenizer) -> Any:
        """A new network with weights from the spec's seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.spec.seed)
            model = MODELS[self.spec.model.kind].build(self.spec.model, (tokenizer.size,))
        for name in ("bos_token_id", "eos_token_id"):
            for config in (model.config, getattr(model, "generation_config", None)):
                if config is not None:
                    setattr(config, name, getattr(tokenizer.fast, name))
        return model

    def _span(self, context: TaskContext) -> int:
        """Tokens of a window, one more than the context for a causal model; less where the text is
        shorter.
        """
        own = int(getattr(self.model.config, "max_position_embeddings", 0) or 512)
        length = min(int(cast("Any", self.spec.model).context), own)  # every language model has one
        wanted = length + (not self.is_masked)
        there = len(self.corpus.train.tokens)
        if there < wanted + 1:
            self.notes.append(
                tr(
                    "The training text has only {there} tokens, less than the context of {length}: "
                    "windows of {value} tokens are used."
                ).format(there=there, length=length, value=max(2, there // 2))
            )
            return max(2, there // 2)
        return wanted

    def values(self, rows: torch.Tensor) -> torch.Tensor:
        """(B,) starts → (B, span) token numbers."""
        return self.tokens[rows[:, None] + self.offsets].long()

    def write_static(self, frames: FrameStore) -> None:
        self._write_model()
        evaluator = self.evaluator
        size = len(evaluator.shown)
        arrays: dict[str, np.ndarray] = {
            "labels": evaluator.kinds.astype(np.int32),
            "splits": np.zeros(size, np.uint8),
            "rows": evaluator.shown.astype(np.int32),
        }
        about = {
            "kind": "text",
            "item_shape": json.dumps([self.corpus.tokenizer.size]),
            "scale": "1",
            "classes": json.dumps(KINDS),
            "columns": "[]",
            "glyphs": json.dumps(evaluator.pieces, ensure_ascii=False),
            "prompt": json.dumps(evaluator.prompt, ensure_ascii=False),
        }
        frames.write_shared(arrays, about)

    def _write_model(self) -> None:
        """Layout and tokenizer in Hugging Face's files, beside which the weights of any epoch can be laid."""
        target = self.folder / "model"
        if target.is_dir():
            return
        temporary: Path = self.folder / f".model.{uuid.uuid4().hex[:8]}.tmp"
        try:
            temporary.mkdir()
            base: Any = self.model
            if hasattr(base, "get_base_model"):
                base = base.get_base_model()
            config = base.config
            config.architectures = [type(base).__name__]
            config.save_pretrained(temporary)
            self.corpus.tokenizer.save(temporary)
            remember(temporary)
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def baseline(self) -> Baseline:
        """Counting alone, for a network from scratch; a loaded one is compared with itself before
        training.
        """
        size = self.corpus.tokenizer.size
        if self.is_masked or self.spec.model.kind == "pretrained" or size > MOST_VOCABULARY:
            return {"vocabulary": size}
        found = ngram_baseline(self.corpus.train.tokens, self.corpus.validation.tokens, size)
        bits = {
            name.replace("_loss", "_bits"): self.evaluator.bits_per_character(value)
            for name, value in found.items()
        }
        return cast("Baseline", {**found, **bits, "vocabulary": size})

    def look(self, terms: dict[str, float]) -> Look:
        view = self.evaluator.look(self.model, self.objective)
        return Look(self.metrics_of(view, terms), view)

    def metrics_of(self, view: LanguageView, terms: dict[str, float]) -> dict[str, float | None]:
        """What was measured, and what follows from the means of the training steps."""
        metrics = dict(view.metrics)
        if "train_loss" in terms:
            metrics["train_token_perplexity"] = math.exp(min(terms["train_loss"], 700.0))
            if not self.is_masked:
                part = self.corpus.train
                share = len(part.tokens) / max(1, part.characters)
                metrics["train_bits_per_character"] = terms["train_loss"] * share / math.log(2)
        return metrics

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        arrays, about = kept_of(look.view)
        frames.write_points(epoch, look.view.embeddings, arrays, about, is_last=is_last)

    @property
    def glance_rows(self) -> int:
        return self.evaluator.glance_windows

    def write_early(self, frames: FrameStore, step: int, terms: dict[str, float]) -> None:
        view = self.evaluator.look(self.model, self.objective, is_glance=True)
        arrays, about = kept_of(view)
        losses = terms | self.metrics_of(view, terms)
        frames.write_early_points(step, view.embeddings, arrays, about, losses)

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        return find_language_signs(row, past, baseline, is_last=is_last)

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """The loss of the best epoch's weights on more of the validation text."""
        from selfsup_core.train.trained import load_trained, trained_state

        last = {k: v.clone() for k, v in trained_state(self.model).items()} if best else None
        if best:
            load_trained(self.model, best)
        self.model.eval()
        try:
            loss, _, _ = self.evaluator.measure(self.model, self.objective, times=FINAL_TIMES)
        finally:
            if last:
                load_trained(self.model, last)
        found: Metrics = {
            "final_val_loss": loss,
            "final_val_token_perplexity": math.exp(min(loss, 700.0)),
        }
        if not self.is_masked:
            found["final_val_bits_per_character"] = self.evaluator.bits_per_character(loss)
        return found


def kept_of(view: LanguageView) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and words of a frame."""
    about = {
        "written": json.dumps(view.written, ensure_ascii=False),
        "completed": json.dumps(view.completed, ensure_ascii=False),
        "filled": json.dumps(view.filled, ensure_ascii=False),
    }
    return {"sample_loss": view.token_loss.astype(np.float32)}, about
