"""Views of spectrograms: silence fills what a shift opens, gain is in dB, masks are as long as said."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.augment.config import SoundAugmentation
from selfsup_core.augment.sounds import change_sounds, draw_sounds, shift
from selfsup_core.augment.transformations import only, transformations_of
from selfsup_core.errors import SettingError

OFF = only(SoundAugmentation())
SHAPE = (12, 20)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sounds(count: int = 5) -> torch.Tensor:
    return torch.rand((count, 240), generator=seeded(9))


def change(x: torch.Tensor, seed: int = 0, **settings: float) -> torch.Tensor:
    config = OFF.model_copy(update=settings)
    return change_sounds(x, config, draw_sounds(x, config, seeded(seed)), SHAPE)


def test_a_batch_is_what_its_samples_are_alone():
    config = SoundAugmentation(masks=3, reverse=0.5)
    x = sounds()
    drawn = draw_sounds(x, config, seeded())
    views = change_sounds(x, config, drawn, SHAPE)
    assert views.shape == x.shape
    assert 0 <= float(views.min()) < float(views.max()) <= 1
    alone = [change_sounds(x[i : i + 1], config, drawn.of(slice(i, i + 1)), SHAPE) for i in range(len(x))]
    torch.testing.assert_close(views, torch.cat(alone))


def test_with_everything_off_nothing_changes():
    assert torch.equal(change(sounds()), sounds())


@pytest.mark.parametrize("name", [t.name for t in transformations_of("sound")])
def test_each_switch_alone_changes_sounds(name):
    assert not torch.equal(change(sounds(), **{name: 6.0 if name == "gain" else 0.5}), sounds())


def test_a_shift_leaves_silence_behind():
    x = sounds(3).view(3, *SHAPE)
    moved = shift(x, torch.tensor([0, 4, -20]))
    assert torch.equal(moved[0], x[0])
    assert torch.equal(moved[1, :, 4:], x[1, :, :-4])
    assert not moved[1, :, :4].any()
    assert not moved[2].any()


def test_gain_is_in_decibels_of_80():
    x = torch.full((500, 240), 0.5)
    views = change(x, gain=8.0)
    assert float(views.max()) == pytest.approx(0.6, abs=1e-3)
    assert float(views.min()) == pytest.approx(0.4, abs=1e-3)


def test_a_reversed_sound_runs_backwards():
    x = sounds()
    assert torch.equal(change(x, reverse=1.0).view(-1, *SHAPE), x.view(-1, *SHAPE).flip(2))


@pytest.mark.parametrize(("name", "axis"), [("time_mask", 2), ("band_mask", 1)])
def test_a_mask_is_one_stretch_of_the_mean_and_not_longer_than_said(name, axis):
    x = sounds(300)
    views = change(x, **{name: 0.5}).view(-1, *SHAPE)
    is_masked = (views != x.view(-1, *SHAPE)).all(dim=3 - axis)  # (B, places)
    size = SHAPE[axis - 1]
    counts = is_masked.sum(dim=1)
    assert counts.max() <= 0.5 * size + 1
    assert counts.float().mean() == pytest.approx(0.25 * size, abs=0.05 * size)
    borders = (is_masked[:, 1:] != is_masked[:, :-1]).sum(dim=1)
    assert borders.max() <= 2
    row = int(counts.argmax())
    torch.testing.assert_close(
        views[row][views[row] != x[row].view(SHAPE)].unique(), x[row].mean()[None], atol=1e-6, rtol=0
    )


def test_what_is_not_a_spectrogram_is_refused():
    with pytest.raises(SettingError, match="bands, frames"):
        change_sounds(sounds(), OFF, draw_sounds(sounds(), OFF, seeded()), (240,))
