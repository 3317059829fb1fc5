"""Views of clips: what is hidden, that nothing reaches behind a clip's end, and that a seed decides."""

from __future__ import annotations

import torch

from selfsup_core.augment.speech import hide

NONE = {"seconds": 0.0, "bands": 0, "noise": 0.0, "shift": 0}


def view(x, frames, seed=0, **rules):
    return hide(x, frames, torch.Generator().manual_seed(seed), **(NONE | rules))


def clips():
    torch.manual_seed(0)
    frames = torch.tensor([1, 10, 40])
    x = torch.rand(3, 32, 40) * (torch.arange(40) < frames[:, None])[:, None]
    return x, frames


def test_each_change_stays_within_the_clip_and_its_bounds():
    x, frames = clips()
    assert torch.equal(view(x, frames), x)
    for rules in (
        {"seconds": 0.2},
        {"bands": 6},
        {"noise": 0.1},
        {"shift": 3},
        {"seconds": 5.0, "bands": 16},
    ):
        for seed in range(5):
            found = view(x, frames, seed, **rules)
            assert (found >= 0).all()
            assert (found <= 1).all()
            for row, size in enumerate(frames.tolist()):
                assert (found[row, :, size:] == 0).all()
            assert torch.equal(found, view(x, frames, seed, **rules))
    assert not torch.equal(view(x, frames, 1, noise=0.1), view(x, frames, 2, noise=0.1))


def test_no_mask_is_wider_than_it_may_be():
    x, frames = clips()
    for seed in range(10):
        hidden = view(x, frames, seed, seconds=0.1)[2] != x[2]
        columns = hidden.all(dim=0)
        assert not (hidden.any(dim=0) & ~columns).any(), "a stretch of time is hidden in all bands"
        assert int(columns.sum()) <= 2 * 5
        hidden = view(x, frames, seed, bands=3)[2] != x[2]
        assert int(hidden.all(dim=1).sum()) <= 2 * 3


def test_a_shifted_voice_has_its_bands_moved():
    x, frames = clips()
    moved = {
        step
        for seed in range(20)
        for step in range(-2, 3)
        if torch.equal(view(x, frames, seed, shift=2)[2, 4:28], x[2, 4 + step : 28 + step])
    }
    assert moved == {-2, -1, 0, 1, 2}
