"""SQuAD's JSON: answers stand where they say, and what does not is left out and told, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.preview import preview_files
from selfsup_core.data.library.own import import_files
from selfsup_core.data.questions import MOST_LETTERS, questions_of
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError

PASSAGE = "Tower {n} has {w} windows, and {w} doors lead into it."


def answer(text: object, start: object) -> dict:
    return {"text": text, "answer_start": start}


def asked(n: int, *answers: dict, **more: object) -> dict:
    return {"id": f"q{n}", "question": f"How many doors, {n}?", "answers": list(answers), **more}


def right(n: int) -> dict:
    """The second place in which the number stands."""
    passage = PASSAGE.format(n=n, w=20 + n)
    return answer(str(20 + n), passage.rindex(str(20 + n)))


def good(count: int = 6) -> dict:
    paragraphs = [
        {"context": PASSAGE.format(n=n, w=20 + n), "qas": [asked(n, right(n)), asked(100 + n, right(n))]}
        for n in range(count)
    ]
    return {"version": "1.1", "data": [{"title": "Towers", "paragraphs": paragraphs}]}


def write(folder: Path, about: object, name: str = "train.json") -> Path:
    path = folder / name
    text = about if isinstance(about, (str, bytes)) else json.dumps(about)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def bring(folder: Path, *paths: Path, **config: object):
    name = import_files(folder, list(paths), ImportConfig.model_validate(config))
    return name, open_source(name, folder)


def test_questions_answers_and_where_they_stand(tmp_path):
    name, dataset = bring(tmp_path, write(tmp_path, good()))
    assert "question" in find_source(name, tmp_path).beside
    rows = questions_of(dataset)
    assert len(rows) == 12
    assert rows[2].question == "How many doors, 1?"
    assert (rows[2].answers, rows[2].start) == (("21",), rows[2].passage.rindex("21"))
    assert dataset.groups.tolist() == [n // 2 for n in range(12)]
    assert "12 questions about 6 passages (SQuAD)." in dataset.details["notes"]


def test_of_several_answers_the_first_that_stands_where_it_says_is_the_reference(tmp_path):
    about = good()
    passage = about["data"][0]["paragraphs"][0]["context"]
    first, second = about["data"][0]["paragraphs"][0]["qas"]
    first["answers"] = [
        answer("20 doors", 3),  # stands elsewhere
        answer("twenty", 0),  # nowhere
        answer(" doors ", passage.index(" doors ")),
        answer("20 doors lead", passage.index("20 doors")),
        answer("20 doors lead", passage.index("20 doors")),
    ]
    second["answers"] = [
        answer("20", True),
        answer("20", -3),
        answer("20", "10"),
        answer(5, 5),
        "rubbish",
        right(0),
    ]
    rows = questions_of(bring(tmp_path, write(tmp_path, about))[1])
    assert rows[0].answers == ("doors", "20 doors", "20 doors lead")
    assert rows[0].start == passage.index("doors")
    assert (rows[1].answers, rows[1].start) == (("20",), passage.rindex("20"))


def test_unanswerable_and_lying_questions_are_left_out_and_told(tmp_path):
    about = good()
    paragraphs = about["data"][0]["paragraphs"]
    paragraphs[0]["qas"] = [
        asked(0, is_impossible=True, plausible_answers=[answer("20", 12)]),
        asked(1, answer("20", 12), is_impossible=True),
    ]
    paragraphs[1]["qas"] += [asked(2, answer("21", 0)), asked(3, answer("x" * 99, 10**30)), asked(4)]
    paragraphs[2]["qas"] += [{"question": " ", "answers": [right(2)]}, "rubbish", {"answers": [right(2)]}]
    paragraphs += [
        {"context": "x" * (MOST_LETTERS + 1), "qas": [asked(9)]},
        {"context": " ", "qas": []},
        {"qas": []},
    ]
    _, dataset = bring(tmp_path, write(tmp_path, about))
    notes = dataset.details["notes"]
    assert "10 questions about 6 passages (SQuAD)." in notes
    said = "\n".join(notes)
    place = "train.json, data[0].paragraphs"
    assert f"3 questions that have no answer, as SQuAD 2.0 allows (first: {place}[0].qas[0])" in said
    assert f"2 questions whose answer does not stand where it says (first: {place}[1].qas[2])" in said
    assert f"3 questions without a text (first: {place}[2].qas[2])" in said
    assert "1 passage of more than 20,000 letters" in said
    assert "2 passages without a text" in said
    rows = questions_of(dataset)
    assert (rows[0].question, rows[0].answers) == ("", ())  # a passage that nobody asks about
    assert len(rows) == 11


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (
            '{"data": [{"paragraphs": [{"context": "a",\n "qas": [}]}]}',
            r"train\.json cannot be used as questions .*line 2 column 10",
        ),
        ('{"data": [{"paragraphs": [{"context": NaN, "qas": []}]}]}', "NaN is not a finite number"),
        (
            '{"data": [{"paragraphs": [{"context": "a", "qas": ' + "[" * 9000 + "]" * 9000 + "}]}]}",
            "too deep",
        ),
        (b'{"data": [{"paragraphs": [{"context": "\xff\xfe", "qas": []}]}]}', "utf-8"),
        ({"paragraphs": 1, "context": 2}, "needs a list called data"),
        ({"data": [{"paragraphs": [], "context": 1}, 7]}, r"data\[1\] needs a list called paragraphs"),
        (
            {"data": [{"paragraphs": [{"context": "a", "qas": {}}]}]},
            r"data\[0\]\.paragraphs\[0\] needs a context",
        ),
        ({"data": [{"paragraphs": [], "context": 1}]}, "0 questions have an answer"),
    ],
)
def test_files_that_are_built_otherwise_are_refused(tmp_path, about, message):
    with pytest.raises(DataError, match=message):
        bring(tmp_path, write(tmp_path, about))
    assert not list((tmp_path / "datasets").glob("my-*"))


def test_answers_that_lie_are_refused_where_they_are_many(tmp_path):
    about = good()
    for paragraph in about["data"][0]["paragraphs"]:
        paragraph["qas"][0]["answers"][0]["answer_start"] += 1
        paragraph["qas"][1]["answers"][0]["answer_start"] = 10**9
    with pytest.raises(
        DataError, match=r"12 of 12 answers .* train\.json, data\[0\]\.paragraphs\[0\]\.qas\[0\]"
    ):
        bring(tmp_path, write(tmp_path, about))


def test_a_small_file_that_unfolds_to_gigabytes_is_refused(tmp_path):
    passage = "a b " * 4999
    many = [{"question": "q", "answers": [answer("a", 0)]}] * 60_000
    path = write(tmp_path, {"data": [{"paragraphs": [{"context": passage, "qas": many}]}]})
    with pytest.raises(DataError, match="60,000 questions with their passages take 1,200 MB"):
        inspect_files([path], ImportConfig())


def test_several_files_are_one_set_and_the_preview_shows_question_and_answer(tmp_path):
    paths = [
        write(tmp_path, good(3)),
        write(tmp_path, b"\xef\xbb\xbf" + json.dumps(good()).encode(), "dev.json"),
    ]
    seen = preview_files(paths, ImportConfig())
    assert (seen["plan"]["form"], seen["plan"]["rows"]) == ("squad", 18)
    assert seen["texts"][0].splitlines()[1:] == ["How many doors, 0?", "→ 20"]
    assert inspect_files(paths, ImportConfig(kind="table"))["form"] == "jsonl"
    with pytest.raises(DataError, match="cannot be read as image"):
        inspect_files(paths, ImportConfig(kind="image"))
