"""A small set of pictures: enough epochs by themselves, the reason beside them, and what is typed stays."""

from __future__ import annotations

from pathlib import Path

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
