"""A class that is named without a probability is a vote, and never a made-up confidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.evaluate.kept import Kept, histogram
from selfsup_core.pseudo.keepers import KEEPERS
from selfsup_core.pseudo.keeping import counted, proposed
from selfsup_core.pseudo.select import SelectConfig, Selector
from selfsup_core.pseudo.vote import by_name, is_bare, named, vote
from selfsup_core.tasks.parts.look_at import confident_mistakes, least_certain

NAN = [np.nan, np.nan]


def test_a_vote_by_name_counts_and_leaves_the_confidence_to_others():
    bare = np.array([by_name(0, 2), by_name(0, 2), by_name(1, 2), NAN], np.float32)
    sure = np.array([[0.7, 0.3], [0.4, 0.6], NAN, NAN], np.float32)
    np.testing.assert_array_equal(named(bare), [0, 0, 1, -1])
    mean = vote([bare, sure], "mean").probabilities
    np.testing.assert_allclose(mean[:2], sure[:2])
    np.testing.assert_array_equal(mean[2], by_name(1, 2))
    assert np.isnan(mean[3]).all()
    agree = vote([bare, sure], "agree").probabilities
    np.testing.assert_allclose(agree[0], [0.7, 0.3])
    assert np.isnan(agree[1:]).all()
    most = vote([bare, sure], "majority").probabilities
    np.testing.assert_allclose(most[0], [1, 0], atol=0.01)
    assert 0.49 < most[1].max() < 0.51
    np.testing.assert_array_equal(most[2], by_name(1, 2))
    assert vote([bare, sure]).conflicts == pytest.approx(0.25)
    alone = vote([bare], "agree").probabilities
    np.testing.assert_array_equal(is_bare(alone), [True, True, True, False])


P = torch.tensor(np.array([by_name(0, 2), [0.9, 0.1], [0.3, 0.7], by_name(1, 2), NAN], np.float32))


def test_it_has_no_confidence():
    confidence, label, there = proposed(P)
    torch.testing.assert_close(confidence, torch.tensor([0.0, 0.9, 0.7, 0.0, 0.0]))
    assert label.tolist()[:4] == [0, 0, 1, 1]
    assert there.tolist() == [True, True, True, True, False]
    torch.testing.assert_close(counted(P)[0], torch.tensor([1.0, 0.0]))


@pytest.mark.parametrize("prior", ["unknown", "even", "estimated"])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("keep", list(KEEPERS))
def test_no_rule_takes_it_for_a_sure_one(keep: str, prior, align: bool):
    config = SelectConfig(
        keep=keep, threshold=0.6, most_entropy=0.6, first_share=0.5, last_share=0.5, prior=prior, align=align
    )
    selector = Selector(config, given=torch.ones(2), pool=len(P))
    turned = selector.turned(P)
    weights, _ = selector(turned, {}, progress=1.0)
    assert weights.isfinite().all()
    assert torch.equal(turned[0], P[0])
    if keep == "lee":
        assert weights.tolist() == [1, 1, 1, 1, 0], "it keeps all that is proposed"
    else:
        assert weights[[0, 3, 4]].tolist() == [0, 0, 0]
        assert (not align and weights[1] > 0) or align


def test_where_nobody_gives_a_probability_the_surest_of_each_class_are_the_first_ones():
    p = torch.tensor(np.array([by_name(0, 2)] * 3 + [by_name(1, 2)], np.float32))
    config = SelectConfig(keep="class-share", first_share=0.5, last_share=0.5)
    weights, _ = Selector(config, given=torch.ones(2), pool=4)(p, {}, progress=0.0)
    assert weights.tolist() == [1, 1, 0, 1]


def test_counts_and_lists_leave_it_without_a_number():
    label, truth = np.array([0, 0, 1, 1, -1], np.int32), np.array([1, 0, 0, 1, 0])
    confidence = np.array([np.nan, 0.9, 0.7, np.nan, 0.0], np.float32)
    now = Kept.nothing(5)
    now.label, now.confidence = label, confidence
    assert histogram(label, confidence, truth, 2).sum() == 2
    assert confident_mistakes(now, truth).tolist() == [2, 0]
    order = least_certain(now, P.numpy(), lambda places: np.zeros((len(places), 2)))
    assert set(order[:2].tolist()) == {0, 3}, "nobody knows how sure they are"
