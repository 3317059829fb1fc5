"""The model card of a run, in Markdown: what it is, its data, what came out, how it was trained, its limits.

Everything is taken from the run; a person may write another text, which is kept with the run.
[1] Mitchell et al.: Model cards for model reporting, 2019
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from selfsup_core import __version__
from selfsup_core.data.sources import find_source
from selfsup_core.errors import SettingError, StudioError
from selfsup_core.evaluate.words.verdict import describe_run
from selfsup_core.export.metric_titles import metric_title
from selfsup_core.files import read_file, write_bytes
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.identity import identity_rows
from selfsup_core.runs.signs import signs_of
from selfsup_core.runs.spec import RunSpec, known_settings, read_spec, value_at
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted, percent

FILE = "card.md"
MOST_LETTERS = 100_000
TASKS = {
    "autoencoder": tr_later(
        "An autoencoder: it compresses a sample to a short code and reconstructs it from that."
    ),
    "views": tr_later(
        "An encoder that has learned from views of samples, without labels. Its code can be features."
    ),
    "language": tr_later("A language model."),
    "transcribe": tr_later("A network that writes down speech, trained from transcribed clips."),
    "answer": tr_later("A reader that finds the answer to a question in a passage; MiniLM, trained further."),
    "detect": tr_later("A detector that was trained from pictures with boxes."),
    "translate": tr_later("A translator that was trained from sentence pairs."),
    "generate": tr_later("A generator: it draws new images like those of its data, out of noise."),
    "classify": tr_later("A classifier."),
    "pseudo": tr_later("A classifier that has learned from few labels and from pseudo-labels."),
}


def escape(text: str) -> str:
    """A person's text with all Markdown escaped."""
    return re.sub(r"([\\`*_\[\]<>#|$~!])", r"\\\1", " ".join(text.split()))


def read_card(folder: RunFolder) -> tuple[str, bool]:
    """(the card, whether a person has written it).

    Raises:
        RunError: there is no such run, or it is damaged.
    """
    try:
        return read_file(folder.path / FILE, 4 * MOST_LETTERS).decode("utf-8", "replace"), True
    except FileNotFoundError:
        return write_card(folder), False


def keep_card(folder: RunFolder, text: str) -> None:
    """Keep a person's own text; an empty one brings back the card that is made from the run.

    Raises:
        SettingError: it is too long. OSError: the disk is full.
    """
    if len(text) > MOST_LETTERS:
        raise SettingError(
            tr("The card has {count:,} characters; at most {most_letters:,} are kept.").format(
                count=len(text), most_letters=MOST_LETTERS
            )
        )
    if not text.strip() or text == write_card(folder):
        (folder.path / FILE).unlink(missing_ok=True)
        return
    write_bytes(folder.path / FILE, text.encode("utf-8", "replace"))


def write_card(folder: RunFolder) -> str:
    """The card as it follows from the run."""
    state, spec = read_state(folder), read_spec(folder.spec)
    task, verdict = state.get("task", "autoencoder"), state.get("verdict")
    head = {
        "library_name": "selfsup-studio",
        "tags": list(dict.fromkeys(["selfsup-studio", task, spec.model.kind, spec.objective.kind])),
    }
    parts = [
        f"---\n{yaml.safe_dump(head, sort_keys=True)}---",
        f"# {escape(state['name'] or folder.id)}",
        TASKS.get(task, TASKS["autoencoder"]),
        table(
            [
                (tr("Network"), f"{escape(spec.model.kind)}, {counted(state['parameters'], 'weight')}"),
                (tr("Objective"), escape(spec.objective.kind)),
                (tr("Run"), folder.id),
                (tr("Written by"), f"SelfSup Studio {__version__}"),
            ]
        ),
        "## Data",
        describe_data(folder, state, spec),
        "## Results",
        f"{sentence(escape(describe_run(state)))}",
        *([escape(verdict["text"])] if verdict else []),
        table([(metric_title(name), shown(value)) for name, value in sorted(state["metrics"].items())]),
        tr("## How it was trained"),
        describe_training(state, spec),
        "## Limits",
        "\n".join(f"- {line}" for line in list_limits(folder, state, spec)),
    ]
    return "\n\n".join(parts) + "\n"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)


def table(rows: list[tuple[str, str]]) -> str:
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "| --- | --- |", *lines]) if lines else ""


def describe_data(folder: RunFolder, state: Any, spec: RunSpec) -> str:
    data = spec.data
    title = escape(state["source_title"] or data.source)
    train = percent(1 - data.validation - data.test)
    rows = [
        (tr("Data set"), title),
        (tr("Kind"), escape(state["kind"])),
        (
            tr("Split"),
            tr("{train} training, {validation} validation, {test} test; seed {split_seed}").format(
                train=train,
                validation=percent(data.validation),
                test=percent(data.test),
                split_seed=data.split_seed,
            ),
        ),
    ]
    try:
        source = find_source(data.source, folder.workspace)
        rows += [
            (tr("Samples"), f"{source.samples:,}"),
            (tr("Licence"), escape(source.licence) or tr("not known")),
        ]
        rows += [(tr("Origin"), escape(source.origin))] if source.origin else []
    except StudioError:
        rows.append((tr("Samples"), tr("not known: the data set is not on this machine")))
    settings = known_settings(spec)
    if state.get("task") in ("classify", "pseudo"):
        for path in ("data.labels_per_class", "data.labels_fraction"):
            rows.append((settings[path].title or path, settings[path].say(value_at(spec, path))))
    if data.leave_out:
        rows.append((tr("Class left out"), escape(data.leave_out)))
    return table(rows)


def describe_training(state: Any, spec: RunSpec) -> str:
    settings = known_settings(spec)
    message = (
        tr("{epoch} of {epochs} rounds, {seconds:.0f} s")
        if state.get("task") == "pseudo"
        else tr("{epoch} of {epochs} epochs, {seconds:.0f} s")
    )
    trained = message.format(epoch=state["epoch"], epochs=state["epochs"], seconds=state["seconds"])
    rows = [(tr("Trained for"), trained)]
    if state["best"]:
        rows.append((tr("Best epoch"), str(state["best"]["epoch"])))
    if state["device"]:
        rows.append((tr("Device"), escape(state["device"]["label"])))
    rows.append((tr("Seed"), str(spec.seed)))
    rows += [(title, escape(value)) for title, value in identity_rows(state.get("identity"))]
    for path in ("train.batch_size", "train.learning_rate", "train.schedule", "train.weight_decay"):
        rows.append((settings[path].title or path, escape(settings[path].say(value_at(spec, path)))))
    for path, setting in settings.items():
        if path.startswith(("model.", "objective.")) and not path.endswith(".kind"):
            value = value_at(spec, path)
            if value not in ("", (), None):
                rows.append((escape(setting.title or path), escape(setting.say(value))[:200]))
    return table(rows) + tr("\n\nAll settings are in `spec.yaml`, by which the run can be repeated.")


def list_limits(folder: RunFolder, state: Any, spec: RunSpec) -> list[str]:
    """What should be known before the model is used."""
    title = escape(state["source_title"] or spec.data.source)
    lines = [
        tr(
            "It has learned from {title} alone. Other data may look different to it, and its numbers say "
            "nothing about them."
        ).format(title=title)
    ]
    if not any(name.startswith("test_") or name == "test_rows" for name in state["metrics"]):
        lines.append(
            tr(
                "The results are those of validation rows. They may have guided choices, so "
                "new data can give "
                "worse ones."
            )
        )
    lines.append(tr("It was trained once, with one seed; another seed gives other numbers."))
    if state["status"] != "finished":
        lines.append(
            tr("The run did not finish: it is {status} after epoch {epoch}.").format(
                status=state["status"], epoch=state["epoch"]
            )
        )
    if state.get("task") == "pseudo":
        lines.append(tr("Pseudo-labels can be wrong, and a model learns wrong ones like right ones."))
    if state.get("task") == "language":
        lines.append(tr("It repeats what its texts contain, and what it writes may be wrong or offensive."))
    if getattr(spec.objective, "kind", "") == "variational":
        lines.append(tr("Its reconstructions are means and look smoother than the samples."))
    lines += [escape(sign["text"]) for sign in signs_of(state, read_rows(folder.metrics))]
    return list(dict.fromkeys(lines))
