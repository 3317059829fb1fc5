"""A small set of pictures: enough epochs by themselves, the reason beside them, and what is typed stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from selfsup_core.data.library.own import save_split
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.recipes import preset_spec
from tests.pages.test_pages import epochs_field, texts
from tests.runs.test_fitted import SMALL, add_photos


def test_epochs_begin_with_enough_steps_and_what_is_typed_stays(studio, workspace: Path):
    add_photos(workspace, 60)
    app = studio("pages/autoencoder.py", preset="emoji", data=SMALL)
    field = epochs_field(app)
    assert field.value == 140
    assert "48 training images in batches of 16 give 3 steps per epoch, so 140 epochs" in texts(app)
    assert app.code[0].value == f"python -m selfsup_core train emoji --set data.source={SMALL}", "and no more"
    field.set_value(7).run()
    assert "are suggested" not in texts(app)
    assert "--set train.epochs=7" in app.code[0].value


def test_a_classifier_on_few_labels_begins_with_enough_steps(studio, workspace: Path):
    save_split(workspace, "digits", labels_per_class=5)
    app = studio("pages/classify.py", do="train", preset="classify-image", data="digits")
    (field,) = [one for one in app.number_input if str(one.key).startswith("classify-epochs-")]
    assert field.value == 100
    assert "50 labeled images in batches of 16 give 4 steps per epoch, so 100 epochs" in texts(app)
    (command,) = [one.value for one in app.code if "train classify-image" in one.value]
    assert command == "python -m selfsup_core train classify-image --set data.source=digits", "and no more"
    values = {"data.source": "digits"}
    spec = compose_spec(workspace, partial(preset_spec, "classify-image"), values, preset="classify-image")
    assert (spec.train.epochs, spec.train.batch_size) == (100, 16), "the command trains the same"
