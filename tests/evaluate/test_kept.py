"""What is kept of the proposals, counted."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.kept import Kept, describe_kept


def test_of_the_kept_rows_it_is_said_how_many_have_a_known_class():
    now = Kept.nothing(6)
    now.label[:] = [0, 1, 0, 1, 0, 1]
    now.weight[:5] = 1
    truth = np.array([0, 0, -1, -1, -1, 1])
    found = describe_kept(Kept.nothing(6), now, truth)
    assert (found["kept_rows"], found["kept_known"], found["pseudo_precision"]) == (5, 2, 0.5)
    assert found["coverage"] == pytest.approx(5 / 6)
    nobody = describe_kept(Kept.nothing(6), now, np.full(6, -1))
    assert (nobody["kept_known"], nobody["pseudo_precision"]) == (0, None)
