"""A run as code."""

from __future__ import annotations

from typing import Literal

import numpy as np

from selfsup_core.export.keras import keras_script
from selfsup_core.export.script import script_archive, script_of
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_run
from selfsup_core.inspection.model_at import ModelAt
from selfsup_core.settings import setting
from selfsup_core.translation import tr


class ScriptAsk(EpochAsk):
    kind: Literal["pytorch", "keras"] = setting(
        "pytorch", "Library of the script.", title="Library", titles={"pytorch": "PyTorch", "keras": "Keras"}
    )


@about_run("script", ScriptAsk)
def script(at: ModelAt, ask: ScriptAsk) -> Answer:
    """The run as a script."""
    at.check_autoencoder()
    spec, data = at.kit.spec, at.kit.data
    if ask.kind == "keras":
        text, note = keras_script(spec, data.item_shape), tr("The same layers for Keras 3.")
    else:
        text = script_of(at.kit.folder, data.item_shape, data.groups)
        note = tr("Needs torch, numpy and data.npz, which is in the archive. It ends with this run's losses.")
    return Answer(about={"text": text, "note": note})


@about_run("archive", EpochAsk)
def archive(at: ModelAt, ask: EpochAsk) -> Answer:
    """A zip with the script and the data that it reads."""
    at.check_autoencoder()
    return Answer({"zip": np.frombuffer(script_archive(at.kit.folder), np.uint8)})
