"""Parquet as Hugging Face writes it: images or sounds as {bytes, path}, and names of classes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.table import parquet_errors
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

BATCH = 16  # rows, each of which may hold a large image


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """{column: names of its classes}, of columns that hold their numbers."""
    try:
        about = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = about["info"]["features"].items()
        named = {str(column): f.get("names") for column, f in features if isinstance(f, dict)}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return {}
    return {
        column: names
        for column, names in named.items()
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    }


def named(values: list[Any], names: list[str]) -> list[str]:
    """Numbers of classes as their names; "" for none and for -1, the number itself where it has no name."""
    return [
        "" if v is None or v == -1 else names[v] if isinstance(v, int) and 0 <= v < len(names) else str(v)
        for v in values
    ]


def find_media(schema: pa.Schema) -> str | None:
    """The first column that holds files as {bytes, path}."""
    import pyarrow as pa

    for entry in schema:
        if pa.types.is_struct(entry.type):
            inner = {entry.type.field(i).name: entry.type.field(i).type for i in range(entry.type.num_fields)}
            if "bytes" in inner and (
                pa.types.is_binary(inner["bytes"]) or pa.types.is_large_binary(inner["bytes"])
            ):
                return str(entry.name)
    return None


def unpack_media(member: Member) -> list[Member]:
    """The files in a Parquet file and a table of what is said of each; the member itself where it has none.

    Raises:
        DataError: damaged, or larger than an archive may be.
    """
    if member.head(4) != b"PAR1":
        return [member]
    from pyarrow import parquet

    with parquet_errors(member.name):
        file = parquet.ParquetFile(io.BytesIO(member.read()))
        column = find_media(file.schema_arrow)
        return [member] if column is None else list(each_file(member, file, column))


def each_file(member: Member, file: parquet.ParquetFile, column: str) -> Iterator[Member]:
    import pyarrow as pa

    schema = file.schema_arrow
    if file.metadata.num_rows > LIMITS.archive_entries:
        raise DataError(
            tr("{name} has {num_rows:,} files; at most {archive_entries:,}.").format(
                name=member.name, num_rows=file.metadata.num_rows, archive_entries=LIMITS.archive_entries
            ),
            code="archive-entries",
            remedy=tr("Take a sample, or split it."),
        )
    names = {c: n for c, n in class_names(schema).items() if c in schema.names}
    plain = [e.name for e in schema if not pa.types.is_nested(e.type) and not pa.types.is_binary(e.type)]
    # Without a column that is called "label", the last one is taken.
    plain = [c for c in plain if c not in names] + [c for c in plain if c in names][::-1]
    stem = PurePosixPath(member.name).stem
    lines: list[str] = []
    size = row = 0
    for batch in file.iter_batches(batch_size=BATCH, columns=[column, *plain], use_threads=False):
        cells = {c: batch.column(c).to_pylist() for c in plain}
        cells |= {c: named(cells[c], names[c]) for c in plain if c in names}
        for i, packed in enumerate(batch.column(column).to_pylist()):
            row += 1
            data = (packed or {}).get("bytes") or b""
            size += len(data)
            if size > LIMITS.archive_bytes:
                raise DataError(
                    tr("{name} unpacks to more than {archive_bytes:,} MB.").format(
                        name=member.name, archive_bytes=LIMITS.archive_bytes // MB
                    ),
                    code="archive-too-large",
                    remedy=tr("Take a sample."),
                )
            ending = PurePosixPath(str((packed or {}).get("path") or "")).suffix[:8]
            name = f"{stem}-{row:06d}{ending}"
            said = {
                c: v if isinstance(v, str | int | float | None) else str(v)
                for c in plain
                for v in [cells[c][i]]
            }
            lines.append(json.dumps({"file": name, **said}, ensure_ascii=False))
            yield Member(name, len(data), lambda data=data: data)  # type: ignore[misc]
    if plain and lines:
        table = "\n".join(lines).encode("utf-8", "replace")
        yield Member(f"{stem}.jsonl", len(table), lambda: table)
