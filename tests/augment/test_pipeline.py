"""What training uses: two views from a generator alone; settings that say what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.augment.config import AUGMENTATIONS, augmentation_of
from selfsup_core.augment.pipeline import (
    ImageAugmentation,
    SoundAugmentation,
    TableAugmentation,
    TextAugmentation,
    text_view,
    two_text_views,
    two_views,
    view,
)
from selfsup_core.augment.transformations import (
    TRANSFORMATIONS,
    is_on,
    only,
    settings_of,
    transformations_of,
    without,
)
from selfsup_core.errors import SettingError
from selfsup_core.inspection.asking import checked

CASES = [
    (ImageAugmentation(noise=0.1), (8, 8)),
    (ImageAugmentation(blur=0.5), (16, 16, 3)),
    (SoundAugmentation(), (16, 16)),
    (TableAugmentation(noise=0.1), (13,)),
]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("config", "shape"), CASES)
@pytest.mark.parametrize("count", [1, 3, 20])
def test_the_same_state_of_the_generator_gives_the_same_views(config, shape, count):
    x = torch.rand(count, int(np.prod(shape)), generator=seeded(5))
    kept = x.clone()
    generator = seeded()
    first = two_views(x, config, generator, shape, reference=x)
    state = generator.get_state()
    second = two_views(x, config, generator, shape, reference=x)
    assert not any(torch.equal(one, other) for one, other in zip(first, second, strict=True)) or count == 1
    assert count == 1 or not torch.equal(*first)
    resumed = torch.Generator()
    resumed.set_state(state)
    again = two_views(x, config, resumed, shape, reference=x)
    assert all(torch.equal(one, other) for one, other in zip(second, again, strict=True))
    assert torch.equal(x, kept)  # the samples themselves are not touched
    assert all(v.shape == x.shape and v.dtype == x.dtype for v in (*first, *second))
    assert torch.rand(1, generator=generator) == torch.rand(1, generator=resumed)


def test_nothing_draws_from_the_global_generator():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for config, shape in CASES:
        x = torch.full((4, int(np.prod(shape))), 0.5)
        view(x, config, seeded(), shape, reference=x)
    text_view(["a b c"], TextAugmentation(deletion=0.5), seeded())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("config", "shape"), CASES)
def test_off_is_the_identity(config, shape):
    x = torch.rand(3, int(np.prod(shape)))
    assert torch.equal(view(x, only(config), seeded(), shape), x)


def test_texts():
    texts = ["the cat sat on the mat", "花宫难久别"]
    assert two_text_views(texts, TextAugmentation(), seeded()) == (texts, texts)
    config = TextAugmentation(deletion=0.3, swap=0.5)
    one, two = two_text_views(texts, config, seeded())
    assert one != two
    assert (one, two) == two_text_views(texts, config, seeded())
    with pytest.raises(SettingError, match="text_view"):
        view(torch.rand(2, 5), config, seeded(), (5,))


def test_of_counted_words_some_are_left_out():
    x = 0.5 + 0.5 * torch.rand(200, 30, generator=seeded(1))
    one, two = two_views(x, TextAugmentation(deletion=0.3), seeded(), (30,))
    for found in (one, two):
        assert torch.equal(found[found != 0], x[found != 0])
        assert (found == 0).float().mean() == pytest.approx(0.3, abs=0.02)
    assert not torch.equal(one, two)
    assert torch.equal(view(x, TextAugmentation(), seeded(), (30,)), x)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_every_setting_belongs_to_a_transformation_with_two_lines(kind):
    found = transformations_of(kind)
    named = {name for t in found for name in (t.name, *t.details)}
    assert named == set(settings_of(kind))
    for t in found:
        assert t.setting.zero == "off"
        assert t.setting.low == 0
        assert all(line.endswith(".") and 10 < len(line) < 90 for line in (t.ignores, t.destroys)), t.name
    assert len({(t.kind, t.name) for t in TRANSFORMATIONS}) == len(TRANSFORMATIONS)


def test_gray_pictures_have_no_grayscale():
    assert "grayscale" in [t.name for t in transformations_of("image", (32, 32, 3))]
    for shape in ((28, 28), (28, 28, 1)):
        assert "grayscale" not in [t.name for t in transformations_of("image", shape)]


def test_one_off_and_one_alone():
    config = ImageAugmentation()
    assert not is_on(without(config, "crop"), "crop")
    assert is_on(without(config, "crop"), "flip")
    alone = only(config, "crop")
    assert [t.name for t in transformations_of("image") if is_on(alone, t.name)] == ["crop"]


def test_a_bad_setting_names_itself():
    with pytest.raises(SettingError, match="flip must be at least 0 and at most 1; found 2"):
        checked(ImageAugmentation, {"flip": 2})
    with pytest.raises(SettingError, match=r"no setting 'corp'.*Did you mean crop"):
        checked(ImageAugmentation, {"corp": 0.5})
    with pytest.raises(SettingError, match="corruption"):
        checked(TableAugmentation, {"corruption": "much"})
    with pytest.raises(SettingError, match=r"no augmentations for 'video'. Known: image"):
        augmentation_of("video")
