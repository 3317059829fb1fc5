"""Who proposes labels: the graph against its closed form, names, rules, and votes."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.errors import SettingError
from selfsup_core.pseudo.names import by_names, read_descriptions
from selfsup_core.pseudo.propagation import (
    leave_one_out,
    looks_uneven,
    make_graph,
    nearest,
    propagate,
    shares_of,
    spread,
)
from selfsup_core.pseudo.rules import by_columns, by_words, read_rules
from selfsup_core.pseudo.vote import named, vote

NAN = float("nan")


def clouds(count: int = 90, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = np.arange(count) % classes
    x = generator.normal(size=(count, 6)) * 0.5 + 2 * np.eye(classes, 6)[truth]
    return x.astype(np.float32), truth


def test_neighbors_are_the_nearest_by_cosine():
    x, _ = clouds()
    rows, values = nearest(x, 5)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    np.testing.assert_allclose(values, -np.sort(-cosines, axis=1)[:, :5].clip(max=0), atol=1e-5)
    assert not (rows == np.arange(len(x))[:, None]).any()


def test_spreading_is_the_closed_form():
    x, truth = clouds(40)
    graph = make_graph(x, 6)
    y = np.zeros((40, 3))
    y[:6] = np.eye(3)[truth[:6]]
    wanted = 0.1 * np.linalg.solve(np.eye(40) - 0.9 * graph.toarray(), y)
    np.testing.assert_allclose(spread(graph, y, 0.9), wanted, atol=1e-6)
    assert abs(graph - graph.T).max() < 1e-7


def test_two_labels_a_class_name_the_clouds():
    x, truth = clouds()
    labels = np.full(90, -1)
    labels[:6] = truth[:6]
    found = propagate(x, labels, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (named(found) == truth).mean() > 0.95
    # Rows in another order have the same proposals.
    order = np.random.default_rng(1).permutation(90)
    again = propagate(x[order], labels[order], 3)
    np.testing.assert_allclose(again, found[order], atol=1e-4)


def test_graphs_that_are_odd():
    x, _ = clouds(8)
    assert np.isnan(propagate(x, np.full(8, -1), 3)).all()  # no label at all
    labels = np.array([0, 1, *[-1] * 6])
    found = propagate(x, labels, 3, neighbors=50)  # more neighbors than rows, and a class without labels
    assert (found[:, 2] == 0).all()
    same = propagate(np.ones((8, 4), np.float32), labels, 3)
    assert np.isfinite(same).all()
    zero = propagate(np.zeros((8, 4), np.float32), labels, 3)
    assert np.isnan(zero[2:]).all()  # nothing is similar to anything
    assert propagate(x[:1], labels[:1], 3).shape == (1, 3)
    # A row whose neighbors lead to no label stays open.
    far = np.vstack([x, -5 * np.eye(6, dtype=np.float32)[3:4], -5.1 * np.eye(6, dtype=np.float32)[3:4]])
    lonely = propagate(far, np.append(labels, [-1, -1]), 3, neighbors=1)
    assert np.isnan(lonely[-2:]).all()


def test_class_shares_are_even_unless_the_graph_speaks_against_it():
    x, truth = clouds(300)
    labels = np.full(300, -1)
    labels[:6] = truth[:6]
    even = propagate(x, labels, 3)
    assert not looks_uneven(shares_of(even))
    few = np.concatenate([np.flatnonzero(truth == 0), np.flatnonzero(truth > 0)[:12]])
    rows = np.concatenate([np.arange(6), np.setdiff1d(few, np.arange(6))])
    shares = shares_of(propagate(x[rows], labels[rows], 3))
    assert looks_uneven(shares)
    assert shares[0] > 0.8
    # Brought to even shares, the classes' masses are alike.
    found = propagate(x[rows], labels[rows], 3, mass=np.ones(3))
    assert found.sum(axis=0).max() / found.sum(axis=0).min() < 3


def test_each_label_is_held_against_the_others():
    x, truth = clouds(60)
    graph, labels = make_graph(x, 8), np.full(60, -1)
    labels[:9] = truth[:9]
    found = leave_one_out(graph, labels, 3)
    for i in range(9):  # the slow way: without this label, and each class by its mean
        y = np.zeros((60, 3))
        for c in range(3):
            rows = [j for j in range(9) if j != i and labels[j] == c]
            y[rows, c] = 1 / len(rows)
        assert found[i] == np.linalg.solve(np.eye(60) - 0.9 * graph.toarray(), y)[i].argmax()
    assert (found == truth[:9]).mean() > 0.8


def test_rules_vote_and_leave_conflicts_open():
    rules = read_rules("# sport\nHockey: puck, power play\nspace: orbit\n", ["hockey", "space"])
    texts = [
        "The PUCK is in",
        "a power   play",
        "orbit",
        "puck in orbit",
        "nothing",
        "orbital puckered",
    ]
    assert named(by_words(texts, rules, 2)).tolist() == [0, 0, 1, -1, -1, -1]
    chinese = read_rules("好: 很好", ["好", "坏"])
    assert named(by_words(["房间很好。", "太差"], chinese, 2)).tolist() == [0, -1]


def test_rules_of_columns():
    rules = read_rules("a: width > 2, height <= 1\nb: width<=2", ["a", "b"])
    x = np.array([[3.0, 5.0], [1.0, 5.0], [1.0, 0.5], [NAN, 5.0]])
    assert named(by_columns(x, ["Width", "height"], rules, 2)).tolist() == [0, 1, -1, -1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hockey puck", "line 1: expected `class: word"),
        ("\nfootball: ball", "line 2: there is no class 'football'"),
        ("hockey:", "line 1: expected"),
        ("", "There are no rules"),
    ],
)
def test_bad_rules_name_their_line(text, said):
    with pytest.raises(SettingError, match=said):
        read_rules(text, ["hockey", "space"])
    with pytest.raises(SettingError, match=r"column of the table; found 'depth > 1'"):
        by_columns(np.zeros((1, 1)), ["width"], read_rules("hockey: depth > 1", ["hockey"]), 1)


def test_names_by_cosine():
    names = np.eye(3, 5)
    rows = np.vstack([names * 2 + 0.1, np.zeros(5)])
    found = by_names(rows, names)
    assert named(found).tolist() == [0, 1, 2, -1]
    np.testing.assert_allclose(found[:3].sum(axis=1), 1, atol=1e-6)
    assert read_descriptions("A: apples and pears", ["a", "b"]) == ["apples and pears", "b"]
    with pytest.raises(SettingError, match="line 1"):
        read_descriptions("c: nothing", ["a", "b"])


def test_votes():
    first = np.array([[0.9, 0.1], [0.2, 0.8], [NAN, NAN], [0.6, 0.4], [NAN, NAN]], np.float32)
    second = np.array([[0.7, 0.3], [0.9, 0.1], [0.3, 0.7], [NAN, NAN], [NAN, NAN]], np.float32)
    mean = vote([first, second])
    np.testing.assert_allclose(mean.probabilities[0], [0.8, 0.2], atol=1e-6)
    assert named(mean.probabilities).tolist() == [0, 0, 1, 0, -1]
    assert mean.coverage.tolist() == pytest.approx([0.6, 0.6])
    assert mean.conflicts == pytest.approx(0.2)
    assert mean.agreement[0, 1] == pytest.approx(0.5)
    assert named(vote([first, second], "agree").probabilities).tolist() == [0, -1, -1, -1, -1]
    third = np.array([[0.1, 0.9], [0.4, 0.6], [0.9, 0.1], [0.4, 0.6], [NAN, NAN]], np.float32)
    most = vote([first, second, third], "majority")
    assert named(most.probabilities)[:2].tolist() == [0, 1]
    assert most.probabilities[0] == pytest.approx([2 / 3, 1 / 3], abs=2e-3)
