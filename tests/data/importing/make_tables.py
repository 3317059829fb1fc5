"""Small files of other programs' tables."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyreadstat

from tests.data.importing.make import archive

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{}</sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def xlsx(sheets: dict[str, list[list[str | float]]]) -> bytes:
    """A small workbook with strings inline."""

    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": RELATIONS.format(
            f'<Relationship Id="r0" Type="{KIND}officeDocument" Target="xl/workbook.xml"/>'
        ),
        "xl/workbook.xml": BOOK.format(
            "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
        ),
        "xl/_rels/workbook.xml.rels": RELATIONS.format(
            "".join(
                f'<Relationship Id="r{i}" Type="{KIND}worksheet" Target="worksheets/s{i}.xml"/>'
                for i in range(1, len(sheets) + 1)
            )
        ),
    }
    for i, rows in enumerate(sheets.values(), 1):
        lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        parts[f"xl/worksheets/s{i}.xml"] = SHEET.format(lines)
    return archive({name: text.encode() for name, text in parts.items()})


ROWS: list[list[str | float]] = [["a", "b", "label"], *([i, i + 0.5, f"k{i % 2}"] for i in range(20))]


def feather() -> bytes:
    names, rows = ROWS[0], ROWS[1:]
    table = pa.table({str(name): [row[i] for row in rows] for i, name in enumerate(names)})
    buffer = io.BytesIO()
    with pa.ipc.new_file(buffer, table.schema) as file:
        file.write_table(table)
    return buffer.getvalue()


def stata() -> bytes:
    buffer = io.BytesIO()
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    frame["label"] = frame["label"].astype("category")
    frame.to_stata(buffer, write_index=False)
    return buffer.getvalue()


def arff() -> bytes:
    head = "@relation t\n@attribute a numeric\n@attribute b numeric\n@attribute label {k0,k1}\n@data\n"
    return (head + "".join(f"{a},{b},{label}\n" for a, b, label in ROWS[1:])).encode()


def libsvm() -> bytes:
    return "".join(
        f"{label} 1:{a} 2:{b}\n" for a, b, label in [(r[0], r[1], str(r[2])[1]) for r in ROWS[1:]]
    ).encode()


def ods(content: bytes = b"") -> bytes:
    """A spreadsheet of OpenDocument. content: of its content.xml, instead of `ROWS`."""
    return archive(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b"<manifest:manifest/>",
            "content.xml": content or ods_content(),
        }
    )


def ods_content() -> bytes:
    def cell(value: str | float) -> str:
        if isinstance(value, str):
            kind = 'office:value-type="string"'
            return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"
        kind = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in ROWS)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    return (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="Data">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    ).encode()


def por() -> bytes:
    """A portable file of SPSS."""
    return by_path("write_por", ".por")


def xpt() -> bytes:
    """A transport file of SAS."""
    return by_path("write_xport", ".xpt")


def by_path(way: str, ending: str) -> bytes:
    """What pyreadstat writes, which it does to files only."""
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        getattr(pyreadstat, way)(frame, path)
        return path.read_bytes()
