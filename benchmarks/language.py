"""A character GPT of nanoGPT's recipe for a CPU: a whole recorded run beside a bare loop of the same network.

Recipe: 4 layers, 4 heads, 128 wide, context 64, batch 12, 2,000 steps, no dropout, AdamW (1e-3, betas .9/.99,
decay .1), warm-up 100, cosine to a tenth, gradients clipped at 1. Text: a megabyte of newsgroups posts as one
running text, the last tenth for validation. CPU seconds are compared, which other work on the machine
disturbs less than the clock.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.size import sized
from benchmarks.table import Row, left_out
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.sources import SOURCES, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.language import windows
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.tasks.language import LanguageTask
from selfsup_core.workers.session import Session
from selfsup_core.workers.worker import Worker

CHARACTERS, STEPS = sized(1_000_000, 20_000), sized(2000, 6)
SMALLER = sized({}, {"train.steps_per_epoch": 6, "frames.written": 5})
COLUMNS = ("bare_ms", "step_over_bare", "whole_over_bare", "val_loss", "bare_val_loss", "bigram_loss")


def text_of(workspace: Path) -> None:
    posts, parts, total = open_source("newsgroups", workspace).x, [], 0
    for post in posts:
        parts.append(post)
        total += len(post) + 1
        if total >= CHARACTERS:
            break
    text = "\n".join(parts)[:CHARACTERS]
    details = {"rows": 1, "shape": [], "is_running": True}
    dataset = Dataset(id="my-mb", kind="text", title="A megabyte", x=Texts.pack([text]), details=details)
    save_dataset(dataset, workspace / "datasets" / "my-mb")


def whole_loss(model: Any, tokens: torch.Tensor, context: int) -> float:
    """Nats a character on all validation windows side by side."""
    starts = windows(len(tokens), context + 1, 2**62)
    offsets, total, count = torch.arange(context + 1), 0.0, 0
    model.eval()
    with torch.inference_mode():
        for i in range(0, len(starts), 64):
            batch = tokens[torch.from_numpy(starts[i : i + 64])[:, None] + offsets].long()
            logits = model(input_ids=batch[:, :-1], use_cache=False).logits
            wanted = batch[:, 1:].flatten()
            total += float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted, reduction="sum"))
            count += wanted.numel()
    return total / count


def bare(task: LanguageTask, seed: int) -> tuple[float, float]:
    """(CPU seconds a step, validation loss) of a plain loop with a fresh network of the same kind."""
    config, span = task.spec.train, task.span
    model = task._build(task.corpus.tokenizer)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)
    tokens, offsets = task.tokens, torch.arange(span)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    began = time.process_time()
    for step in range(STEPS):
        done = (step - 100) / max(1, STEPS - 100)
        rate = (step + 1) / 101 if step < 100 else 0.1 + 0.45 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * rate
        start = torch.randint(len(tokens) - span + 1, (config.batch_size,), generator=generator)
        batch = tokens[start[:, None] + offsets].long()
        optimizer.zero_grad(set_to_none=True)
        logits = model(input_ids=batch[:, :-1], use_cache=False).logits
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = (time.process_time() - began) / STEPS
    validation = torch.from_numpy(task.corpus.validation.tokens)
    return seconds, whole_loss(model, validation, span - 1)


class Timed(Session):
    """Counts the CPU seconds of training steps alone, and of everything."""

    cpu = 0.0

    def train(self) -> None:
        update = self.loop._update

        def timed(rows: torch.Tensor) -> None:
            began = time.process_time()
            update(rows)
            Timed.cpu += time.process_time() - began

        self.loop._update = timed
        super().train()


def measure() -> list[Row]:
    if missing := SOURCES["newsgroups"].missing():
        return [left_out("language models", missing, COLUMNS)]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        text_of(workspace)
        spec = preset_spec(
            "gpt-characters",
            {
                "data.source": "my-mb",
                "data.test": 0.0,
                "train.threads": 1,
                "train.device": "cpu",
                "train.epochs": max(1, STEPS // 100),
            }
            | SMALLER,
        )
        run = submit(workspace, spec)
        withdraw(run)
        run.control.mkdir()
        worker = Worker(run)
        kept: list[Timed] = []

        def begin() -> Timed:
            kept.append(Timed(worker))
            return kept[0]

        worker._begin = begin
        began = time.process_time()
        worker.run()
        whole = (time.process_time() - began) / STEPS
        session = kept[0]
        task: Any = session.task
        ours = Timed.cpu / STEPS
        validation = torch.from_numpy(task.corpus.validation.tokens)
        loss = whole_loss(session.model, validation, task.span - 1)
        plain, plain_loss = bare(task, 1)
        counted = worker.state["baseline"]["bigram_loss"]
    return [
        Row("language: CPU ms a step, bare loop", f"{1e3 * plain:.1f}", figures={"bare_ms": 1e3 * plain}),
        Row(
            "language: training step of a run / bare loop",
            f"{ours / plain:.2f}",
            "1.10",
            ours <= 1.1 * plain,
            {"step_over_bare": ours / plain},
        ),
        Row(
            "language: whole recorded run / bare loop",
            f"{whole / plain:.2f}",
            figures={"whole_over_bare": whole / plain},
        ),
        Row(
            "language: validation loss, run",
            f"{loss:.4f}",
            f"{plain_loss:.4f} (bare loop)",
            loss <= plain_loss + 0.01,
            {"val_loss": loss, "bare_val_loss": plain_loss},
        ),
        Row("language: validation loss, counting pairs", f"{counted:.4f}", figures={"bigram_loss": counted}),
    ]
