"""Sets that were made for lessons do what the lessons say of them; simple models stand for the app's."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from selfsup_core.data.library.health.tables import check_leaks
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows


def parts(dataset):
    split = split_rows(dataset, validation=0.1, test=0.1, seed=0)
    x = np.asarray(dataset.x, np.float64).reshape(len(dataset), -1) * dataset.scale
    return [(x[rows], np.asarray(dataset.y)[rows]) for rows in (split.train, split.validation, split.test)]


def test_there_is_nothing_in_pure_chance(workspace):
    dataset = open_source("noise", workspace)
    assert (dataset.x.shape, dataset.y) == ((500, 20), None)
    correlations = np.corrcoef(np.asarray(dataset.x).T) - np.eye(20)
    assert np.abs(correlations).max() < 4 / np.sqrt(500)


def test_the_rare_class_is_a_twentieth_and_is_hardly_ever_predicted(workspace):
    dataset = open_source("rare-class", workspace)
    assert np.bincount(dataset.y).tolist() == [1900, 100]
    train, validation, _ = parts(dataset)
    plain = LogisticRegression().fit(*train)
    fair = LogisticRegression(class_weight="balanced").fit(*train)
    assert (plain.predict(validation[0]) == 0).mean() > 0.97
    assert (fair.predict(validation[0]) == 0).mean() < 0.9
    assert plain.score(*validation) > fair.score(*validation)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("leaking-column", 0.95, 0.6), ("moved-digits", 0.9, 0.6)]
)
def test_validation_rows_promise_what_test_rows_do_not_keep(workspace, name, least, most):
    train, validation, test = parts(open_source(name, workspace))
    model = LogisticRegression(max_iter=500).fit(*train)
    assert model.score(*validation) > least
    assert model.score(*test) < most


def test_the_health_check_finds_the_leak_though_test_rows_lack_it(workspace):
    dataset = open_source("leaking-column", workspace)
    (found,) = check_leaks(dataset, np.asarray(dataset.x))
    assert found.code == "label-leak"
    assert found.title == "days in ward alone gives the class away"


def test_the_moved_digits_are_the_digits(workspace):
    moved, digits = open_source("moved-digits", workspace), open_source("digits", workspace)
    is_test = np.asarray(moved.extra["part"]) == 2
    assert is_test.sum() == 400
    assert (moved.x[~is_test] == digits.x[~is_test]).all()
    assert (moved.x[is_test][:, :, 1:] == digits.x[is_test][:, :, :-1]).all()
