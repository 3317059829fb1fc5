"""Translation memories: pairs of two languages, what is markup and what is text, and files that lie."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError
from selfsup_core.features.pair_rows import sentences_of

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "http://127.0.0.1:9/tmx14.dtd">\n'
EN = "This is sentence number {}."
DE = "Das ist der Satz Nummer {}."


def unit(**segments: str) -> str:
    variants = [
        f'<tuv xml:lang="{lang.replace("_", "-")}"><seg>{seg}</seg></tuv>' for lang, seg in segments.items()
    ]
    return f"<tu>{''.join(variants)}</tu>"


def good(count: int = 12) -> list[str]:
    return [unit(en_US=EN.format(n), de_DE=DE.format(n)) for n in range(count)]


def tmx(units: list[str], source: str = "en-US", head: str = HEAD) -> str:
    return (
        f'{head}<tmx version="1.4"><header srclang="{source}"/>\n<body>\n'
        + "\n".join(units)
        + "\n</body></tmx>"
    )


def write(folder: Path, content: str | bytes, name: str = "memory.tmx") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def plan(folder: Path, content: str | bytes, **config: object):
    return inspect_files([write(folder, content)], ImportConfig.model_validate(config))


def pairs(found) -> list[tuple[str, ...]]:
    return list(zip(*(column["examples"] for column in found["columns"]), strict=True))


def test_units_become_a_table_of_pairs(tmp_path):
    path = write(tmp_path, tmx(good()))
    name = import_files(tmp_path, [path], ImportConfig())
    assert "target" in find_source(name, tmp_path).beside
    found = sentences_of(open_source(name, tmp_path), is_backward=False)
    assert list(found.source) == [EN.format(n) for n in range(12)]
    assert list(found.target) == [DE.format(n) for n in range(12)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('Press <bpt i="1">&lt;b&gt;</bpt>O<ept i="1">&lt;/b&gt;</ept>K now.', "Press OK now."),
        ("One<ph x='1'>&lt;br/&gt;</ph>two", "One two"),
        ("A <hi type='x'>marked</hi> word", "A marked word"),
        ("A note<it pos='begin'>{note <sub>hidden</sub>}</it>", "A note"),
        ("A <ut>&lt;i&gt;</ut>word", "A word"),
        ("Over\n   two\u00a0 lines ", "Over two lines"),
        ("Fish &amp; chips &lt;b&gt; &#228;", "Fish & chips <b> ä"),
        ("<![CDATA[a < b]]>", "a < b"),
    ],
)
def test_inline_markup_is_no_part_of_a_sentence(tmp_path, written, read):
    assert pairs(plan(tmp_path, tmx([unit(en=written, de="Etwas")])))[0][0] == read


def test_one_sided_and_empty_units_are_left_out_and_counted_with_their_line(tmp_path):
    units = [
        *good(5),
        unit(en_US="Alone"),
        unit(de_DE="Allein", en_US=" "),
        unit(fr="Seul"),
        "<tu><note>nothing</note></tu>",
        unit(en_US="First", de_DE="Erster").replace(
            "</tu>", '<tuv xml:lang="EN-us"><seg>1st</seg></tuv></tu>'
        ),
        "<tu><tuv><seg>Which language?</seg></tuv></tu>",
    ]
    found = plan(tmp_path, tmx(units))
    assert found["rows"] == 6
    notes = "\n".join(found["notes"])
    assert "6 of 11 units have both en-US and de-DE" in notes
    assert "2 units with only one of the two, first in line 10" in notes
    assert "3 units with neither of the two, first in line 12" in notes
    assert "1 segment after the first one of the same language" in notes
    assert "1 segment without a language" in notes
    assert "Other languages, with their segments: fr (1)" in notes


def test_of_several_languages_two_are_chosen(tmp_path):
    units = [unit(en=f"one {n}", de=f"ein {n}", fr=f"un {n}") for n in range(6)] + [unit(en="x", fr="y")]
    content = tmx(units, source="fr")
    found = plan(tmp_path, content)
    assert found["found"]["pair"] == "fr, en"
    assert list(found["found"]["pairs"].items())[:3] == [("fr, en", 7), ("en, fr", 7), ("fr, de", 6)]
    assert [c["name"] for c in plan(tmp_path, content, languages="de, EN")["columns"]] == ["de", "en"]
    regional = tmx([unit(pt_BR="um", en="one")] * 4)
    assert plan(tmp_path, regional, languages="en pt")["found"]["pair"] == "en, pt-BR"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("en", "are not two languages"),
        ("en, en", "are not two languages"),
        ("fr, it-IT", "no unit of memory.tmx has both"),
        ("pt, en", "no language 'pt'"),
    ],
)
def test_languages_that_are_not_there_are_refused_with_those_that_are(tmp_path, asked, message):
    units = [unit(en="a", fr="b", pt_BR="c", pt_PT="d"), unit(en="e", it_IT="f")]
    with pytest.raises(DataError, match=message) as refused:
        plan(tmp_path, tmx(units), languages=asked)
    assert "en (2), fr (1), pt-BR (1)" in str(refused.value)
    assert refused.value.fix["value"] == ""


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252", "utf-8-sig"])
def test_other_encodings(tmp_path, encoding):
    head = "" if encoding == "utf-8-sig" else f'<?xml version="1.0" encoding="{encoding}"?>'
    content = tmx([unit(en="a", de="größer")] * 4, source="en", head=head).encode(encoding)
    assert pairs(plan(tmp_path, content))[0] == ("a", "größer")


BOMB = '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tmx([unit(en="&j;", de="x")], head=BOMB + "]>"), r"line 1 .* declares the entity 'a'"),
        (
            tmx([unit(en="&f;", de="x")], head='<!DOCTYPE tmx [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
            "declares the entity 'f'",
        ),
        (
            tmx(good(), head='<!DOCTYPE tmx [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>'),
            "declares the entity 'p'",
        ),
        (tmx([unit(en="a&nbsp;b", de="x")]), r"memory\.tmx, line 5 .* unknown entity 'nbsp'"),
        (tmx(good())[:-20], r"memory\.tmx, line 1[67] cannot be read as XML: "),
        (tmx([unit(en="<b>", de="x")]), "line 5 cannot be read as XML: mismatched tag"),
        (tmx([unit(en="\x01", de="x")]), r"line 5 .*not well-formed"),
        (tmx([unit(en="<hi>" * 100 + "</hi>" * 100, de="x")]), "line 5 .*nested too deep"),
        (tmx([unit(en="a" * 1_000_001, de="x")]), "line 5: a segment has more than 1 MB"),
        ("<?xml version='1.0' encoding='klingon'?><tmx/>", "line 1 cannot be read as XML: unknown encoding"),
        ("<html><body>no memory</body></html>", r"memory\.tmx, line 1 begins with the element 'html'"),
        (tmx([]), "has 0 units, with segments in fewer than two languages: none"),
        (tmx([unit(en=f"only {n}") for n in range(9)]), "fewer than two languages: en"),
        (tmx([unit(en="a"), unit(de="b")]), "no unit of memory.tmx has two languages"),
        (
            tmx([f'<tu><tuv xml:lang="l-{n}"><seg>x</seg></tuv></tu>' for n in range(200)]),
            "more than 100 languages",
        ),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path, content, message):
    began = time.process_time()
    with pytest.raises(DataError, match=message):
        plan(tmp_path, content)
    assert time.process_time() - began < 5


def test_too_few_pairs_are_refused_and_leave_nothing(tmp_path):
    path = write(tmp_path, tmx(good(3)))
    with pytest.raises(DataError, match="Found 3 rows with both"):
        import_files(tmp_path, [path], ImportConfig())
    assert not list((tmp_path / "datasets").glob("my-*"))


def test_a_memory_is_known_by_what_it_holds(tmp_path):
    path = write(tmp_path, tmx(good()), "export.xml")
    assert inspect_files([path], ImportConfig())["form"] == "tmx"
    numbers = tmx([unit(en=str(n), de=str(n)) for n in range(9)])
    assert [c["role"] for c in plan(tmp_path, numbers)["columns"]] == ["text", "translation"]
