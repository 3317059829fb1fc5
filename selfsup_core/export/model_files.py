"""A run's model as one ZIP of a folder: weights as safetensors, how the network is built, and the card.

The layout is that of models on the Hugging Face Hub: README.md, config.json, model.safetensors.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core.errors import RunError
from selfsup_core.export.card import read_card
from selfsup_core.files import MB, read_file
from selfsup_core.models import MODELS
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.pack import add
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.translation import tr

FORMAT = 1


@dataclass(frozen=True)
class ModelFiles:
    """What was written. epoch: that the weights are of."""

    run: str
    epoch: int
    bytes: int
    files: tuple[str, ...]

    def say(self) -> str:
        return tr("The model of epoch {epoch} with its card: {count} files, {bytes:.1f} MB.").format(
            epoch=self.epoch, count=len(self.files), bytes=self.bytes / MB
        )


def write_model(folder: RunFolder, target: Path, epoch: int | None = None) -> ModelFiles:
    """Write the ZIP file.

    Args:
        epoch: the kept one nearest to it; the best, or the newest, unless given.

    Raises:
        RunError: the run has no weights. DataError: what a classifier or a language model needs is gone.
        OSError: the disk is full.
    """
    spec = read_spec(folder.spec)
    task = read_state(folder).get("task", "autoencoder")
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "model"
        used = WRITERS.get(task, write_network)(folder, spec, made, epoch)
        card = read_card(folder)[0]
        if (made / "README.md").is_file():
            use = (made / "README.md").read_text("utf-8").partition("\n")[2].strip()
            card = f"{card}\n## Use\n\n{use}\n"
        (made / "README.md").write_text(card, "utf-8")
        (made / "spec.yaml").write_bytes(read_file(folder.spec))
        names = sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file())
        try:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in names:
                    add(archive, f"{folder.id}/{name}", made / name)
            shutil.move(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return ModelFiles(folder.id, used, target.stat().st_size, tuple(names))


def write_network(folder: RunFolder, spec: RunSpec, made: Path, epoch: int | None) -> int:
    """The weights of an autoencoder or encoder, and the shape of what it is given."""
    from safetensors.torch import save_file

    from selfsup_core.export.run_classifier import run_weights
    from selfsup_core.runs.frames import read_about

    weights, used = run_weights(folder, epoch)
    try:
        about = read_about(folder.frames / "static.safetensors")
    except OSError as error:
        raise RunError(
            tr("The run {id} has not started yet.").format(id=folder.id), code="no-weights"
        ) from error
    config: dict[str, Any] = {
        "format": FORMAT,
        "library_name": "selfsup-studio",
        "model_type": spec.model.kind,
        "objective": spec.objective.model_dump(mode="json"),
        "network": spec.model.model_dump(mode="json"),
        "item_shape": json.loads(about["item_shape"]),
        "columns": json.loads(about.get("columns", "[]")),
        "kind": about.get("kind", ""),
        "epoch": used,
    }
    made.mkdir()
    (made / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False), "utf-8")
    save_file({k: v.contiguous() for k, v in weights.items()}, made / "model.safetensors", {"format": "pt"})
    return used


def write_classifier(folder: RunFolder, spec: RunSpec, made: Path, epoch: int | None) -> int:
    from selfsup_core.export.run_classifier import export_classifier

    return export_classifier(folder.workspace, folder.id, made, epoch)


def write_language(folder: RunFolder, spec: RunSpec, made: Path, epoch: int | None) -> int:
    from selfsup_core.tasks.parts.language_runs import export_model

    return export_model(folder.workspace, folder.id, made, epoch)


def load_network(folder: Path) -> Any:
    """The network of an unpacked folder that `write_network` wrote, ready for use; nothing in it is run.

    Raises:
        RunError: it is not such a folder.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from selfsup_core.files import read_json
    from selfsup_core.objectives import OBJECTIVES
    from selfsup_core.train.trained import load_trained

    about = read_json(folder / "config.json")
    try:
        kind = MODELS[about["network"]["kind"]]
        objective = OBJECTIVES[about["objective"]["kind"]]
        model: Any = kind.build(kind.config.model_validate(about["network"]), tuple(about["item_shape"]))
        model.groups = ()
        objective(objective.Config.model_validate(about["objective"])).equip(model)
        load_trained(model, load_file(folder / "model.safetensors"))
    except (KeyError, TypeError, ValueError, OSError, RuntimeError, SafetensorError) as error:
        raise RunError(
            tr("{name} is not the model of a run.").format(name=folder.name), code="bad-model"
        ) from error
    return model.eval().requires_grad_(False)


WRITERS = {
    "classify": write_classifier,
    "pseudo": write_classifier,
    "language": write_language,
}
