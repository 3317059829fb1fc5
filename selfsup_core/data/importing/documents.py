"""PDF, DOCX, EPUB and HTML → text. Nothing in them is run or fetched, no entity of XML is expanded."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from html.parser import HTMLParser

from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.extras import load_reader, why
from selfsup_core.data.importing.files import Member, check_entries
from selfsup_core.data.importing.formats import document_form
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dt",
        "figcaption",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "title",
        "tr",
        "ul",
    ]
)
SILENT = frozenset(["script", "style", "template", "noscript"])


SUBTITLES = (".srt", ".vtt")
CUE = re.compile(r"(?:\d+:)?\d+:\d+[.,]\d+ --> ")


def subtitles(text: str) -> str:
    """SubRip and WebVTT → what is said, one subtitle a line, without numbers, times, notes and formatting."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        rows = block.strip().split("\n")
        if place := next((i for i, row in enumerate(rows) if CUE.match(row.strip())), -1) + 1:
            lines.append(re.sub(r"<[^>]*>|\{\\[^}]*\}", "", " ".join(rows[place:])).strip())
    return "\n".join(lines) or text


def read_document(member: Member, encoding: str) -> tuple[str, str, str]:
    """(text, encoding, note) of a text file or a document.

    Raises:
        DataError: damaged, encrypted, without text, or its package is not installed.
    """
    form = document_form(member.name, member.head())
    if form is None:
        text, encoding, note = decode(member.name, member.read(), encoding)
        return subtitles(text) if member.suffix in SUBTITLES else text, encoding, note
    if form == "html":
        text, encoding, note = decode(member.name, member.read(), encoding)
        return html_text(text), encoding, note
    try:
        text = {"pdf": pdf_text, "docx": docx_text, "epub": epub_text}[form](member)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # damaged files raise many kinds in their readers
        raise DataError(
            tr("{name} cannot be read as {form} ({why}).").format(
                name=member.name, form=form.upper(), why=why(error)
            ),
            code="damaged-document",
            remedy=tr("Save it again, or save its text as TXT."),
        ) from error
    if len(text) > LIMITS.file_bytes:
        raise DataError(
            tr("{name} holds more than {file_bytes} MB of text.").format(
                name=member.name, file_bytes=LIMITS.file_bytes // MB
            ),
            code="too-large",
            remedy=tr("Split it."),
        )
    if not text.strip():
        raise DataError(
            tr("{name} holds no text.").format(name=member.name),
            code="no-text",
            remedy=tr("If it consists of scanned pages, recognize their text (OCR) first."),
        )
    return text, "utf-8", ""


class Stripper(HTMLParser):
    """Text of HTML; a blank line after each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.kept = 0  # depth of <pre>, in which blanks count

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.kept += tag == "pre"
        if tag in BLOCKS:
            self.parts.append("\n" if tag == "br" else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))
        self.kept = max(0, self.kept - (tag == "pre"))
        if tag in BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            words = data if self.kept else " ".join(data.split())
            if not self.kept and words:
                words = " " * data[0].isspace() + words + " " * data[-1].isspace()
            self.parts.append(words or " " * bool(data))


def html_text(text: str) -> str:
    stripper = Stripper()
    stripper.feed(text)
    stripper.close()
    lines = [line.rstrip() for line in "".join(stripper.parts).split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line[1:] if line[:1] == " " and line[1:2] != " " else line)
    return "\n".join(kept).strip("\n")


def pdf_text(member: Member) -> str:
    pypdf = load_reader(member.name, "pypdf", instead=tr("save its text as TXT"))

    reader = pypdf.PdfReader(io.BytesIO(member.read()))
    if reader.is_encrypted:
        raise DataError(
            tr("{name} is encrypted.").format(name=member.name),
            code="encrypted",
            remedy=tr("Save it without a password."),
        )
    parts, size = [], 0
    for page in reader.pages:
        parts.append(page.extract_text())
        size += len(parts[-1])
        if size > LIMITS.file_bytes:
            break
    return "\n\n".join(parts)


def open_safely(member: Member) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(member.read()))
    check_entries(member.name, member.size, [e for e in archive.infolist() if not e.is_dir()])
    return archive


def docx_text(member: Member) -> str:
    docx = load_reader(member.name, "docx", package="python-docx", instead=tr("save its text as TXT"))

    open_safely(member).close()
    return "\n\n".join(p.text for p in docx.Document(io.BytesIO(member.read())).paragraphs if p.text.strip())


class Package(HTMLParser):
    """The list of an EPUB's chapters, in the order of reading."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, str] = {}
        self.order: list[str] = []
        self.root = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag.endswith("rootfile"):
            self.root = self.root or found.get("full-path", "")
        elif tag.endswith("itemref"):
            self.order.append(found.get("idref", ""))
        elif tag.endswith("item"):
            self.files[found.get("id", "")] = found.get("href", "")


def epub_text(member: Member) -> str:
    with open_safely(member) as archive:
        if "META-INF/container.xml" not in archive.namelist():
            pages = [n for n in archive.namelist() if n.lower().endswith((".xhtml", ".html", ".htm"))]
            return "\n\n".join(html_text(archive.read(n).decode("utf-8", "replace")) for n in pages)
        package = Package()
        package.feed(archive.read("META-INF/container.xml").decode("utf-8", "replace"))
        package.feed(archive.read(package.root).decode("utf-8", "replace"))
        folder = posixpath.dirname(package.root)
        chapters = []
        for mark in dict.fromkeys(package.order):
            name = posixpath.normpath(posixpath.join(folder, package.files[mark]))
            chapters.append(html_text(archive.read(name).decode("utf-8", "replace")))
    return "\n\n".join(chapters)
