import re
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest

from selfsup_core.figures.miniature import MOST_POINTS, as_element, curve_picture, map_picture
from selfsup_core.figures.palette import class_color

SVG = "{http://www.w3.org/2000/svg}"


def test_a_map_has_its_points_in_their_places_and_colors():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    drawn = ElementTree.fromstring(map_picture(points, np.array([0, 1, -1])))
    low, high, other = drawn.findall(f"{SVG}circle")
    assert float(low.get("cx")) < float(high.get("cx"))
    assert float(low.get("cy")) > float(high.get("cy"))  # up is up
    assert [dot.get("fill") for dot in (low, high, other)] == [class_color(i) for i in (0, 1, -1)]


def test_many_points_are_thinned_evenly_and_numbers_out_of_range_do_no_harm():
    points = np.random.default_rng(0).normal(size=(5000, 3))
    points[7] = np.nan
    drawn = ElementTree.fromstring(map_picture(points, np.zeros(5000, int)))
    assert len(drawn.findall(f"{SVG}circle")) == MOST_POINTS


def test_one_point_alone_is_drawn():
    assert "circle" in map_picture(np.ones((1, 2)), np.zeros(1, int))


def test_a_curve_that_falls_falls_and_leaves_out_what_is_no_number():
    drawn = curve_picture([3.0, None, float("nan"), 1.0], color="#000")
    (x0, y0), (x1, y1) = [
        map(float, pair.split(",")) for pair in re.search(r'points="([^"]+)"', drawn)[1].split()
    ]
    assert x0 < x1
    assert y0 < y1  # down on a screen is more


@pytest.mark.parametrize("values", [[], [1.0], [None, 2.0]])
def test_less_than_two_values_are_no_curve(values):
    assert curve_picture(values, color="#000") == ""


def test_a_title_is_text():
    assert "<b>" not in as_element(map_picture(np.ones((2, 2)), np.zeros(2, int)), '<b>"')


def test_an_element_has_the_picture_and_its_title():
    made = as_element("<svg/>", 'a "b"')
    assert 'alt="a &quot;b&quot;"' in made
    assert b64decode(re.search('base64,([^"]+)', made)[1]) == b"<svg/>"
