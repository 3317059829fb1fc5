"""Views of images: range and shape, draws that can be repeated, each transformation against what it says."""

from __future__ import annotations

import math

import pytest
import torch

from selfsup_core.augment.config import ImageAugmentation
from selfsup_core.augment.images import LUMA, blur, change_images, chroma_matrix, draw_images
from selfsup_core.augment.transformations import only, transformations_of
from selfsup_core.errors import SettingError

ALL = ImageAugmentation(
    blur=0.5, blur_width=2.0, solarize=0.3, rotation=20, shift=0.1, noise=0.1, cutout=0.3, hue=0.2
)
OFF = only(ImageAugmentation())


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_images(count: int, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.rand((count, math.prod(shape)), generator=seeded(9))


def change(x: torch.Tensor, shape: tuple[int, ...], seed: int = 0, **settings: float) -> torch.Tensor:
    config = OFF.model_copy(update=settings)
    return change_images(x, config, draw_images(x, config, seeded(seed)), shape)


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (32, 32, 3), (20, 12, 3), (9, 9, 1), (128, 128, 3)])
def test_a_batch_is_what_its_samples_are_alone(shape):
    x = random_images(3, shape)
    drawn = draw_images(x, ALL, seeded())
    views = change_images(x, ALL, drawn, shape)
    assert views.shape == x.shape
    assert views.dtype == x.dtype
    assert 0 <= float(views.min()) < float(views.max()) <= 1
    alone = [change_images(x[i : i + 1], ALL, drawn.of(slice(i, i + 1)), shape) for i in range(3)]
    torch.testing.assert_close(views, torch.cat(alone), atol=2e-6, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("shape", [(12, 12), (12, 12, 3)])
def test_constant_images_stay_constant_but_for_noise(shape, value):
    x = torch.full((3, math.prod(shape)), value)
    config = ALL.model_copy(update={"noise": 0.0, "saturation": 0.0, "hue": 0.0})
    views = change_images(x, config, draw_images(x, config, seeded()), shape)
    assert float(views.std(dim=1).max()) < 1e-5


@pytest.mark.parametrize("shape", [(8, 8), (32, 32, 3)])
def test_with_everything_off_nothing_changes(shape):
    x = random_images(4, shape)
    config = ImageAugmentation(crop=0, flip=0, color=0, grayscale=0)
    assert config == OFF
    assert torch.equal(change_images(x, config, draw_images(x, config, seeded()), shape), x)


@pytest.mark.parametrize("name", [t.name for t in transformations_of("image")])
def test_each_switch_alone_changes_images_and_its_neighbors_draws_stay(name):
    """So that a person who adds a transformation sees the same crops as before."""
    x, shape = random_images(16, (16, 16, 3)), (16, 16, 3)
    most = 45.0 if name == "rotation" else 0.4
    assert not torch.equal(change(x, shape, **{name: most}), x)
    flipped = change(x, shape, flip=1.0)
    assert torch.equal(flipped, x.view(16, 16, 16, 3).flip(2).reshape(16, -1))
    turned = change(x, shape, flip=0.5)
    both = change(x, shape, flip=0.5, noise=1e-9)
    torch.testing.assert_close(both, turned, atol=1e-6, rtol=0)


def test_flips_are_as_frequent_as_said():
    x = torch.tensor([[0.0, 1.0]]).repeat(2000, 1)
    assert change(x, (1, 2), flip=0.3)[:, 0].mean() == pytest.approx(0.3, abs=0.03)


def test_a_crop_keeps_at_least_its_share_of_the_picture():
    """A ramp shows from its range how much of the width is kept; height likewise."""
    across = torch.linspace(0, 1, 64).repeat(64, 1)
    x = across.reshape(1, -1).repeat(500, 1)
    views = change(x, (64, 64), crop=0.75, stretch=0.0).view(500, 64, 64)
    kept = views.amax(dim=(1, 2)) - views.amin(dim=(1, 2))
    assert kept.min() > math.sqrt(0.25) - 0.03
    assert kept.max() > 0.9
    share = 1 - 0.75 * 0.5  # the area is uniform between 1/4 and 1
    assert (kept**2).mean() == pytest.approx(share, abs=0.05)


def test_a_turn_is_one_of_pixels_also_of_wide_pictures():
    """A quarter turn, drawn: the dot right of the middle is then above or below it, as far away."""
    image = torch.zeros(1, 9, 21)
    image[0, 4, 12] = 1.0  # two pixels right of the middle
    x = image.reshape(1, -1)
    config = OFF.model_copy(update={"rotation": 90.0})
    drawn = draw_images(x, config, seeded())
    drawn.uniform[:, drawn.names.index("turn")] = 1.0
    view = change_images(x, config, drawn, (9, 21)).view(9, 21)
    found = divmod(int(view.argmax()), 21)
    assert found in ((2, 10), (6, 10))
    assert float(view.max()) > 0.9


def test_a_shift_moves_and_does_not_wrap():
    image = torch.zeros(1, 10, 10)
    image[0, :, 5] = 1.0
    x = image.reshape(1, -1)
    config = OFF.model_copy(update={"shift": 0.5})
    drawn = draw_images(x, config, seeded())
    drawn.uniform[:, drawn.names.index("right")] = 0.8  # 0.6 of half the width: three pixels
    drawn.uniform[:, drawn.names.index("down")] = 0.5
    view = change_images(x, config, drawn, (10, 10)).view(10, 10)
    assert view[0].round().tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]


def test_hue_and_saturation_keep_the_luma_and_gray():
    luma = torch.tensor(LUMA)
    matrix = chroma_matrix(torch.tensor([0.7, -2.0]), torch.tensor([1.0, 0.3]))
    torch.testing.assert_close(luma @ matrix, luma.expand(2, 3), atol=2e-4, rtol=0)
    torch.testing.assert_close(matrix @ torch.ones(3), torch.ones(2, 3), atol=2e-4, rtol=0)
    unchanged = chroma_matrix(torch.zeros(1), torch.ones(1))
    assert torch.equal(unchanged[0], torch.eye(3))


def test_grayscale_is_the_luma():
    x = random_images(5, (6, 6, 3))
    views = change(x, (6, 6, 3), grayscale=1.0).view(5, 36, 3)
    wanted = x.view(5, 36, 3) @ torch.tensor(LUMA)
    for channel in range(3):
        torch.testing.assert_close(views[..., channel], wanted, atol=2e-3, rtol=0)
    gray = random_images(5, (6, 6))
    assert torch.equal(change(gray, (6, 6), grayscale=1.0), gray)


def test_brightness_and_contrast_are_those_of_the_formula():
    x = 0.3 + 0.2 * random_images(3, (5, 5))
    config = OFF.model_copy(update={"color": 1.0, "brightness": 0.4, "contrast": 0.4})
    drawn = draw_images(x, config, seeded())
    light, contrast = 1 + 0.4 * drawn.signed("brightness"), 1 + 0.4 * drawn.signed("contrast")
    bright = x * light[:, None]
    mean = bright.mean(dim=1, keepdim=True)
    wanted = mean + contrast[:, None] * (bright - mean)
    torch.testing.assert_close(change_images(x, config, drawn, (5, 5)), wanted.clamp(0, 1))


def test_a_blurred_dot_is_the_gaussian_and_0_leaves_it():
    images = torch.zeros(2, 1, 21, 21)
    images[:, :, 10, 10] = 1.0
    blurred = blur(images, torch.tensor([0.0, 1.5]))
    assert torch.equal(blurred[0], images[0])
    place = torch.arange(21.0) - 10
    weights = torch.exp(-0.5 * (place / 1.5) ** 2)
    weights = weights / weights.sum()
    torch.testing.assert_close(blurred[1, 0], weights[:, None] * weights, atol=1e-6, rtol=1e-4)


def test_solarize_inverts_what_is_bright():
    x = torch.tensor([[0.2, 0.5, 0.7, 1.0]])
    torch.testing.assert_close(change(x, (2, 2), solarize=1.0), torch.tensor([[0.2, 0.5, 0.3, 0.0]]))


def test_cutout_covers_its_share_with_the_mean():
    x = random_images(400, (16, 16))
    views = change(x, (16, 16), cutout=0.5)
    is_cut = (views != x).float().mean(dim=1)
    assert float(is_cut.max()) == pytest.approx(0.25, abs=1e-6)
    assert 0.1 < float(is_cut.mean()) < 0.25  # a place near the edge covers less
    row = int(is_cut.argmax())
    covered = views[row][views[row] != x[row]]
    torch.testing.assert_close(covered, x[row].mean().expand_as(covered))


def test_noise_has_the_deviation_that_was_set():
    x = torch.full((50, 400), 0.5)
    assert float(change(x, (20, 20), noise=0.1).std()) == pytest.approx(0.1, rel=0.03)


def test_what_is_not_an_image_is_refused():
    x = torch.rand(2, 13)
    with pytest.raises(SettingError, match=r"height, width.*found \(13,\)"):
        change(x, (13,), flip=1.0)
