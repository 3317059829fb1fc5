"""How the lines of a text file are to be read: as rows of a table (delimiter, header) or as texts."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from itertools import pairwise

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.files import Member
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

ENTITY = re.compile(r"&(#\d{1,6}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
DELIMITERS = ",;\t|"
SPACES = re.compile(r"[ \t]+")
SEP = re.compile(r"^sep=(.)\r?\n", re.IGNORECASE)
LIBSVM = re.compile(r"^\S+(\s+\d+:\S+)+\s*(#.*)?$")
LOOKED_AT = 50_000  # bytes of a file


def rows_of(text: str, delimiter: str) -> list[list[str]]:
    """The rows of a sample; " " stands for any blanks. Raises csv.Error."""
    if delimiter == " ":
        return [SPACES.split(line.strip()) for line in text.splitlines() if line.strip()]
    return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]


def detect_delimiter(name: str, text: str) -> str:
    """The character that parts the first lines into the same number of cells, most cells first."""
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    text = ENTITY.sub("", text)  # the semicolon of &quot; separates no cells
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            rows = rows_of(text, delimiter)[:50]
        except csv.Error:
            continue
        # The last row of a cut-off sample may be torn.
        widths = Counter(len(row) for row in (rows[:-1] or rows))
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        score = (count / widths.total()) * (width > 1) * (1 + width / 100)
        if score > most:
            best, most = delimiter, score
    return " " if most < 0.9 and is_grid(rows_of(text, " ")[:50], 0.6) else best


def is_grid(rows: list[list[str]], least: float) -> bool:
    """Whether all rows have the same number of cells, and enough cells below the first row are numbers."""
    body = rows[1:-1] or rows[1:]
    if len(body) < 2 or len({len(row) for row in body}) > 1 or len(body[0]) < 2:
        return False
    cells = [cell for row in body for cell in row]
    return sum(map(is_number, cells)) >= least * len(cells)


def looks_like_header(rows: list[list[str]]) -> bool:
    """Names: filled, all different, none a number (or years), and unlike what is below them."""
    first, rest = trimmed(rows[0]), rows[1:]
    if is_scale(rows):
        return True
    has_number = any(is_number(cell) for cell in first)
    if not rest or has_number or len(set(first)) < len(first) > 1:
        return len(rest) > 0 and not has_number and any(is_number(c) for row in rest for c in row)
    if any(is_number(cell) for row in rest for cell in row):
        return not any(len(cell) > 80 for cell in first)
    short = max((len(cell) for cell in first), default=0) <= 40
    below = Counter(cell for row in rest for cell in row)
    return short and not any(cell in below for cell in first if cell)


def trimmed(row: list[str]) -> list[str]:
    """Without blank cells at its end, as spreadsheets leave them."""
    end = max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=len(row))
    return row[:end]


def is_scale(rows: list[list[str]]) -> bool:
    """Whether the first row holds years or wavelengths: whole steps upwards, as no row below has them."""
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    names = [cell for cell in first if not is_number(cell)]
    steps = [float(cell.replace(",", ".")) for cell in first if is_number(cell)]
    if len(rest) < 2 or len(steps) < 3 or len(names) > 0.5 * len(first):
        return False
    gaps = [round(b - a, 9) for a, b in pairwise(steps)]
    if gaps[0] == 0 or not all(map(math.isfinite, gaps)) or any(gap * gaps[0] <= 0 for gap in gaps):
        return False
    is_even = len(set(gaps)) == 1 and (abs(steps[0]) >= 100 or len(steps) >= 6)
    if not is_even and len(steps) < 8:
        return False
    places = [i for i, cell in enumerate(first) if is_number(cell)]
    alike = 0
    for row in rest:
        values = [float(row[i].replace(",", ".")) for i in places if is_number(row[i])]
        alike += all((b - a) * gaps[0] > 0 for a, b in pairwise(values))
    return alike <= 0.1 * len(rest)


def is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".").replace("−", "-").strip() or "x")
    except ValueError:
        return False
    return True


def strip_head(data: bytes) -> tuple[bytes, str, str]:
    """(data, delimiter, note): without the line "sep=;" and comments above the table. The last comment stays
    as the header where it has as many names as the rows have cells.
    """
    start = data[:1000].decode("utf-8", "ignore").lstrip("\ufeff")
    if found := SEP.match(start):
        return data[data.index(b"\n") + 1 :], found[1], ""
    comments = []
    rest = data
    while rest[:1] in (b"#", b"%") and b"\n" in rest[:10_000]:
        line, _, rest = rest.partition(b"\n")
        comments.append(line)
    if not comments or not rest.strip():
        return data, "", ""
    names = comments[-1].lstrip(b"#% ").strip()
    first = rest.partition(b"\n")[0].decode("utf-8", "ignore")
    for delimiter in (*DELIMITERS, " "):
        wide = len(rows_of(first, delimiter)[0]) if first.strip() else 0
        try:
            header = rows_of(names.decode("utf-8", "ignore"), delimiter)
        except csv.Error:
            continue
        is_below = any(map(is_number, rows_of(first, delimiter)[0])) if wide else False
        if wide > 1 and header and len(header[0]) == wide and is_below:
            return (
                names + b"\n" + rest,
                "",
                tr("{count} lines of comments were left out.").format(count=len(comments) - 1),
            )
    return rest, "", tr("{count} lines of comments were left out.").format(count=len(comments))


def spaces_to_tabs(data: bytes) -> bytes:
    """Any blanks between cells as one tab."""
    lines = (SPACES.sub("\t", line.strip()) for line in data.decode("utf-8", "replace").splitlines())
    return "\n".join(line for line in lines if line).encode()


def text_form(member: Member, config: ImportConfig) -> str:
    """What a text file without the name of a table holds: csv, fasttext, libsvm, or txt for lines of text."""
    if config.lines == "text":
        return "txt"
    try:
        text = decode(member.name, member.head(LOOKED_AT), config.encoding)[0]
    except DataError:
        return "txt"  # its reader says what is wrong
    lines = [line for line in text.splitlines() if line.strip()]
    lines = lines[:-1][:50] or lines
    if lines and all(line.startswith("__label__") for line in lines):
        return "fasttext"
    if len(lines) > 1 and all(LIBSVM.match(line) for line in lines):
        return "libsvm"
    is_asked = config.lines == "table" or config.kind == "table" or bool(config.delimiter)
    return "csv" if is_asked or SEP.match(text) or is_table(text) else "txt"


def is_table(text: str) -> bool:
    """Whether lines are rows: the same number of cells parted by tabs, or of short ones, many of them
    numbers.
    """
    lines = [line for line in text.splitlines() if line.strip() and line[0] not in "#%"]
    sample = "\n".join(lines[:50])
    for delimiter, least in (("\t", 0.0), (",", 0.3), (";", 0.3), ("|", 0.3), (" ", 0.6)):
        try:
            rows = rows_of(sample, delimiter)
        except csv.Error:
            continue
        if delimiter == "\t" and (len(rows) < 3 or min(map(len, rows)) < 2):
            continue
        if is_grid(rows, least):
            return True
    return False
