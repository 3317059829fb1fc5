"""Small documents."""

from __future__ import annotations

import io
import zipfile

import docx

from tests.data.importing.make import archive

CHAPTER = "<html><head><style>p {}</style></head><body><h1>One</h1><p>A &amp; <b>b</b> c</p></body></html>"


def epub(chapter: str | bytes = CHAPTER) -> bytes:
    package = b'<package><item id="x" href="t/1.xhtml"/><spine><itemref idref="x"/></spine></package>'
    return archive(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": b'<container><rootfile full-path="OPS/a.opf"/></container>',
            "OPS/a.opf": package,
            "OPS/t/1.xhtml": chapter if isinstance(chapter, bytes) else chapter.encode(),
        }
    )


def word(content: bytes = b"") -> bytes:
    """A document of Word. content: of its main part, instead of two paragraphs."""
    document, buffer = docx.Document(), io.BytesIO()
    for words in ("A first paragraph.", "A second one."):
        document.add_paragraph(words)
    document.save(buffer)
    if not content:
        return buffer.getvalue()
    with zipfile.ZipFile(buffer) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    return archive(parts | {"word/document.xml": content})


def word_content() -> bytes:
    with zipfile.ZipFile(io.BytesIO(word())) as packed:
        return packed.read("word/document.xml")


def pdf(*pages: str) -> bytes:
    """A PDF of one line of text a page."""
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 300 200] "
        f"/Resources << /Font << /F1 {font} >> >> >>",
    ]
    for i, words in enumerate(pages):
        drawn = f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET"
        objects.append(f"<< /Type /Page /Parent 2 0 R /Contents {4 + 2 * i} 0 R >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()
