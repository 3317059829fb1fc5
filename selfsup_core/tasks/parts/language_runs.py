"""Language models of one's own runs: the network at any kept epoch, and as a folder in Hugging Face's
layout.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError
from selfsup_core.features.corpus import cut_running, is_running_text
from selfsup_core.pretrained.model_folder import CAUSAL
from selfsup_core.runs.folder import RunFolder, list_states, open_run, read_state
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import tr

LINE_LETTERS = 160
ROWS_TRIED = 100
README = """# {name}

Trained with SelfSup Studio: run {run}, epoch {epoch}.

The model reads {context:,} tokens at once. A prompt and what is written after it must fit into that; beyond it,
`generate` fails or repeats itself. Cut the prompt and set the length like this:

```python
from transformers import {auto}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = {auto}.from_pretrained("FOLDER")
new = {new}
inputs = tokenizer("PROMPT", return_tensors="pt", truncation=True, max_length={context} - new)
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=new, do_sample=True, temperature=0.7, top_p=0.9)[0]))
```
"""


class LanguageRun(TypedDict):
    """A run whose network can be looked into. epochs: those whose weights are kept."""

    run: str
    name: str
    status: str
    epochs: list[int]
    objective: str


def list_language_runs(workspace: Path) -> list[LanguageRun]:
    """Those of the workspace, newest first."""
    found: list[LanguageRun] = []
    for state in list_states(workspace):
        if state.get("task") != "language":
            continue
        folder = RunFolder(workspace / "runs" / state["run"])
        if epochs := list_frames(folder.weights):
            found.append(
                {
                    "run": state["run"],
                    "name": state["name"],
                    "status": state["status"],
                    "epochs": epochs,
                    "objective": state["objective"],
                }
            )
    return found


def held_out_lines(workspace: Path, run: str, count: int) -> tuple[list[str], str]:
    """(up to `count` lines of the run's validation text, where the first is from); never of its training
    text.

    Raises:
        RunError, DataError: the run or its data set cannot be read.
    """
    folder = open_run(workspace, run)
    config = read_spec(folder.spec).data
    dataset = open_source(config.source, workspace)
    is_running, _ = is_running_text(dataset, config.text_unit)
    texts: Any = dataset.x
    where = tr("validation part of {title}").format(title=dataset.title)
    if is_running:
        # The cut may stand inside a line, so the first whole line after it is taken.
        _, validation = cut_running("\n".join(texts), config)
        lines = validation.splitlines()
        return spread(lines[1:] if len(lines) > 1 else lines, count), where
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    found: list[str] = []
    for row in split.validation[:ROWS_TRIED].tolist():
        if len(found) < count and (line := first_line(str(texts[row]).splitlines())):
            where = where if found else f"{where}, row {row:,}"
            found.append(line)
    return found, where


def spread(lines: list[str], count: int) -> list[str]:
    """Up to `count` lines that are not empty: the first of as many equal parts."""
    size = max(1, len(lines) // count)
    parts = (first_line(lines[start : start + size]) for start in range(0, size * count, size))
    return list(dict.fromkeys(line for line in parts if line))


def first_line(lines: list[str]) -> str:
    """The first line that is not empty, cut at a space where it is long; "" when all are empty."""
    line = next((line.strip() for line in lines if line.strip()), "")
    if len(line) <= LINE_LETTERS:
        return line
    cut = line.rfind(" ", LINE_LETTERS // 2, LINE_LETTERS)
    return line[: cut if cut > 0 else LINE_LETTERS]


def export_model(workspace: Path, run: str, target: Path, epoch: int | None = None) -> int:
    """Write a run's model as a folder that plain transformers loads; the epoch it is of.

    Raises:
        RunError, DataError: as `load_run_model`, or the folder already exists.
    """
    if target.exists():
        raise DataError(
            tr("{name} already exists.").format(name=target.name),
            code="exists",
            remedy=tr("Choose another folder."),
        )
    from selfsup_core.tasks.parts.language_loading import load_run_model

    model, tokenizer, used = load_run_model(workspace, run, epoch)
    folder = open_run(workspace, run)
    write_model(
        model, tokenizer, target, name=read_state(folder).get("name") or folder.id, run=folder.id, epoch=used
    )
    return used


def write_model(model: Any, tokenizer: Any, target: Path, *, name: str, run: str, epoch: int) -> None:
    """A model as a folder that plain transformers loads; its context is the limit of tokenizer and
    generation, and said.
    """
    context = int(getattr(model.config, "max_position_embeddings", 0) or tokenizer.model_max_length)
    tokenizer.model_max_length = context
    generation = getattr(model, "generation_config", None)
    if generation is not None:
        generation.max_length = context
    is_causal = type(model).__name__.endswith(CAUSAL)
    about = README.format(
        name=name,
        run=run,
        epoch=epoch,
        context=context,
        new=max(1, context // 2),
        auto="AutoModelForCausalLM" if is_causal else "AutoModelForMaskedLM",
    )
    if not is_causal:
        about = about.partition("A prompt and")[0].strip() + "\n"
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        model.save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
        (temporary / "README.md").write_text(about, "utf-8")
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
