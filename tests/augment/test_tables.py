"""Views of rows: SCARF's corruption takes values of the training rows, a category is replaced as a whole."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.augment.config import TableAugmentation
from selfsup_core.augment.tables import change_tables, draw_tables
from selfsup_core.augment.transformations import only
from selfsup_core.errors import SettingError

OFF = only(TableAugmentation())
ALL = TableAugmentation(noise=0.1, mask=0.2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def change(x: torch.Tensor, reference: torch.Tensor | None = None, groups=(), **settings: float):
    config = OFF.model_copy(update=settings)
    drawn = draw_tables(x, config, seeded(), reference)
    return change_tables(x, config, drawn, reference, groups)


def test_a_batch_is_what_its_rows_are_alone():
    x, reference = torch.rand(5, 7, generator=seeded(1)), torch.rand(30, 7, generator=seeded(2))
    groups = ((2, 3, 4),)
    drawn = draw_tables(x, ALL, seeded(), reference)
    views = change_tables(x, ALL, drawn, reference, groups)
    assert views.shape == x.shape
    assert 0 <= float(views.min()) < float(views.max()) <= 1
    alone = [
        change_tables(x[i : i + 1], ALL, drawn.of(slice(i, i + 1)), reference, groups) for i in range(len(x))
    ]
    assert torch.equal(views, torch.cat(alone))
    again = change_tables(x, ALL, draw_tables(x, ALL, seeded(), reference), reference, groups)
    assert torch.equal(views, again)


def test_with_everything_off_nothing_changes_and_no_reference_is_needed():
    x = torch.rand(4, 3)
    assert torch.equal(change(x), x)


def test_corruption_takes_the_share_it_says_from_the_same_column_of_other_rows():
    reference = torch.arange(40.0).view(10, 4) / 40  # all values differ
    x = torch.ones(2000, 4)
    views = change(x, reference, corruption=0.6)
    is_new = views != x
    assert is_new.float().mean() == pytest.approx(0.6, abs=0.02)
    for column in range(4):
        found = views[:, column][is_new[:, column]]
        values, counts = found.unique(return_counts=True)
        torch.testing.assert_close(values, reference[:, column])
        assert counts.min() > 0.5 * counts.max()  # every row is as likely


def test_a_category_is_replaced_as_a_whole():
    levels = torch.eye(3)[torch.randint(3, (50,), generator=seeded(3))]
    reference = torch.cat([torch.rand(50, 1, generator=seeded(4)), levels], dim=1)
    views = change(reference, reference, groups=((1, 2, 3),), corruption=0.7, noise=0.2)
    assert torch.equal(views[:, 1:].sum(dim=1), torch.ones(50))
    assert set(views[:, 1:].unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(views[:, 1:], reference[:, 1:])


def test_a_masked_column_says_what_all_rows_have_in_common():
    reference = torch.rand(20, 3, generator=seeded(5))
    views = change(torch.rand(4, 3), reference, mask=1.0)
    torch.testing.assert_close(views, reference.mean(dim=0).expand(4, 3))


def test_three_equal_rows_stay_what_they_are():
    x = torch.full((3, 2), 0.25)
    assert torch.equal(change(x, x, corruption=0.9), x)


def test_without_training_rows_corruption_is_refused():
    with pytest.raises(SettingError, match="need the training rows"):
        change(torch.rand(3, 2), corruption=0.5)
