"""Text files, documents and packed sounds: what is read is what was written."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
import soundfile

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, write
from tests.data.importing.make_documents import CHAPTER, epub, pdf, word

POEM = "SONG\n\n   The light of day\n   goes over the sea\n\n\nEnd of song.\n\nSONG\n\n   Again"
CODE = "def f(x):\n    if x:\n        return 1\n\ndef g(x):\n    return 2\n\nG = 1"


def build(path, **config):
    return build_dataset([path], ImportConfig(**config), "my-x")


@pytest.mark.parametrize(
    "text", [POEM, "def f(x):\n    if x:\n        return 1\n\ndef g(x):\n    return 2\n\nG = 1"]
)
def test_paragraphs_keep_lines_and_indentation(tmp_path, text):
    made = build(write(tmp_path, "a.txt", text))
    assert len(made) > 1
    assert "\n".join(made.x) == text
    assert build(write(tmp_path, "b.txt", text), unit="files").x[0] == text
    assert len(build(write(tmp_path, "c.txt", text), unit="lines")) == sum(map(bool, text.split("\n")))


def test_lines_with_few_blank_ones_stay_lines(tmp_path):
    text = "\n".join([*(f"line {i}" for i in range(30)), "", "last"])
    assert len(build(write(tmp_path, "a.txt", text))) == 31


def test_lines_of_code_without_blank_ones_keep_their_indentation(tmp_path):
    assert build(write(tmp_path, "a.py", "def f():\n    return 1\n")).x[1] == "    return 1"


@pytest.mark.parametrize("ending", [".txt", ""])
def test_folders_of_texts_are_classes_and_those_of_splits_are_not(tmp_path, ending):
    files = {
        f"set/{split}/{label}/{i}{ending}": f"First {label} {i}.\n\nSecond.".encode()
        for split in ("train", "test")
        for label in ("neg", "pos")
        for i in range(3)
    }
    made = build(write(tmp_path, "a.zip", archive(files)))
    assert (len(made), made.classes) == (12, ("neg", "pos"))
    assert made.x[0] == "First neg 0.\n\nSecond."


def test_a_table_of_html_is_parted_by_its_commas(tmp_path):
    rows = "".join(f'"It&#39;s &quot;good&quot;; number {i}, I say",{"ab"[i % 2]}\n' for i in range(20))
    made = build(write(tmp_path, "a.csv", "review,sentiment\n" + rows))
    assert (made.classes, len(made)) == (("a", "b"), 20)


def test_html_and_epub_give_their_words(tmp_path):
    assert "\n".join(build(write(tmp_path, "a.html", CHAPTER)).x) == "One\n\nA & b c"
    assert "\n".join(build(write(tmp_path, "a.epub", epub())).x) == "One\n\nA & b c"


@pytest.mark.parametrize(
    ("name", "package"), [("a.pdf", "pypdf"), ("a.docx", "docx"), ("a.flac", "soundfile")]
)
def test_without_its_package_a_refusal_names_it(tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    heads = {"a.pdf": b"%PDF-1.4", "a.docx": archive({"a": b"b"}), "a.flac": b"fLaC" + bytes(40)}
    with pytest.raises(DataError, match=package) as caught:
        build(write(tmp_path, name, heads[name]))
    assert caught.value.code == "no-reader"


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.epub"])
def test_damaged_documents_are_refused(tmp_path, name):
    content = b"%PDF-1.4 \n" + bytes(50) if name == "a.pdf" else b"PK\x03\x04" + bytes(50)
    with pytest.raises(DataError) as caught:
        build(write(tmp_path, name, content))
    assert caught.value.code == "damaged-document"


def test_a_document_that_unpacks_to_too_much_is_refused(tmp_path):
    bomb = archive({"word/document.xml": bytes(20_000_000), "META-INF/container.xml": b""})
    with pytest.raises(DataError) as caught:
        build(write(tmp_path, "a.epub", bomb))
    assert caught.value.code == "archive-bomb"


def test_pdf_gives_the_text_of_its_pages(tmp_path):
    made = build(write(tmp_path, "a.pdf", pdf("The first page.", "The second one.")), unit="lines")
    assert list(made.x) == ["The first page.", "The second one."]


def test_docx_gives_its_paragraphs(tmp_path):
    made = build(write(tmp_path, "a.docx", word()))
    assert "\n".join(made.x) == "A first paragraph.\n\nA second one."


@pytest.mark.parametrize("form", ["FLAC", "AIFF", "OGG", "MP3"])
def test_packed_sounds_have_the_length_and_loudness_of_the_original(tmp_path, form):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, 16_000, format=form)
    made = build(write(tmp_path, f"a.{form.lower()}", buffer.getvalue()), seconds=1.0)
    heard = made.extra["audio"][0] / 32767
    assert heard.shape == (16_000,)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_m4a_is_refused_with_the_way_to_convert_it(tmp_path):
    with pytest.raises(DataError) as caught:
        build(write(tmp_path, "a.m4a", b"\0\0\0\x20ftypM4A " + bytes(40)))
    assert "ffmpeg -i a.m4a a.wav" in caught.value.remedy
