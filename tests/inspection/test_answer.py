import numpy as np
import pytest

from selfsup_core.inspection.answer import Answer, pack, unpack


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(about={"said": ["ä", 1.5, None]}),
        Answer(arrays={"x": np.arange(6, dtype=np.float32).reshape(2, 3)}),
        Answer(arrays={"x": np.zeros((0, 4), np.uint8)}, about={"n": 0}),
    ],
    ids=["nothing", "words", "arrays", "both"],
)
def test_what_is_packed_comes_out_again(answer):
    made = unpack(pack(answer))
    assert made.about == answer.about
    assert made.arrays.keys() == answer.arrays.keys()
    for name, array in answer.arrays.items():
        np.testing.assert_array_equal(made.arrays[name], array, strict=True)
