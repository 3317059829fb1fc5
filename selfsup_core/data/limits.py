"""What an upload may hold, counted while it is decoded: one table for the code, the Data page and the
tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from selfsup_core.translation import tr

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, sound in seconds and Hz.

    What larger ones would cost: a file is held in memory while it is read, several times over as a table; an
    upload from the page is held in the server's memory; images take about 5 s of a processor per 10,000
    small ones and 25 s per 1,000 megapixels, of `cpu_seconds`; everything decoded has to fit `memory_bytes`.
    """

    file_bytes: int = 200 * MB
    # Of one session, and of all sessions of a server together.
    files: int = 20
    total_bytes: int = 500 * MB
    server_bytes: int = 2000 * MB
    recorded_bytes: int = 50 * MB  # samples that are recorded on the page, which are kept in memory
    archive_entries: int = 100_000
    archive_bytes: int = 1000 * MB
    archive_ratio: int = 100
    image_pixels: int = 40 * MB
    # Of all images of an upload; decoding them takes about two minutes.
    images_pixels: int = 5000 * MB
    table_rows: int = 5 * MB
    table_columns: int = 5000
    table_cells: int = 100 * MB
    cell_bytes: int = MB
    line_bytes: int = MB
    decoded_bytes: int = 1000 * MB
    sound_seconds: int = 1800
    sound_rates: tuple[int, int] = (8000, 192_000)
    sound_channels: int = 8
    # Of a process that reads uploads, and how many of them work at once in a workspace.
    memory_bytes: int = 2500 * MB
    cpu_seconds: int = 300
    imports_at_once: int = 2


LIMITS = Limits()


def describe_limits(limits: Limits = LIMITS) -> list[tuple[str, str]]:
    """(what, how much) for people."""
    low, high = limits.sound_rates
    return [
        (tr("File"), f"{limits.file_bytes // MB} MB"),
        (
            tr("Upload"),
            tr(
                "{files} files, {total_bytes} MB together; "
                "{server_bytes:,} MB for all people who upload at the same time"
            ).format(
                files=limits.files,
                total_bytes=limits.total_bytes // MB,
                server_bytes=limits.server_bytes // MB,
            ),
        ),
        (
            tr("Recorded samples"),
            tr("{recorded_bytes} MB together").format(recorded_bytes=limits.recorded_bytes // MB),
        ),
        (
            tr("Archive"),
            tr(
                "{archive_entries:,} entries (10,000 small images take about 5 s), "
                "{archive_bytes:,} MB unpacked and, when added by the command line, packed; "
                "at most {archive_ratio} times its size, no archive inside"
            ).format(
                archive_entries=limits.archive_entries,
                archive_bytes=limits.archive_bytes // MB,
                archive_ratio=limits.archive_ratio,
            ),
        ),
        (
            tr("Image"),
            tr("{image_pixels} megapixels, {images_pixels:,} together; the first frame is used").format(
                image_pixels=limits.image_pixels // MB, images_pixels=limits.images_pixels // MB
            ),
        ),
        (
            tr("Table"),
            tr(
                "{table_rows} million rows, {table_columns:,} columns, "
                "{table_cells} million cells, {cell_bytes} MB per cell"
            ).format(
                table_rows=limits.table_rows // MB,
                table_columns=limits.table_columns,
                table_cells=limits.table_cells // MB,
                cell_bytes=limits.cell_bytes // MB,
            ),
        ),
        (
            tr("Import"),
            tr(
                "{imports_at_once} at a time per workspace, others wait; each takes at most "
                "{memory_bytes:,} MB of memory, or a quarter of the machine's"
            ).format(imports_at_once=limits.imports_at_once, memory_bytes=limits.memory_bytes // MB),
        ),
        (
            tr("Text"),
            tr("{table_rows} million lines, {line_bytes} MB per line").format(
                table_rows=limits.table_rows // MB, line_bytes=limits.line_bytes // MB
            ),
        ),
        (
            tr("Sound"),
            tr("{sound_seconds} minutes, {low} to {high} kHz, {sound_channels} channels").format(
                sound_seconds=limits.sound_seconds // 60,
                low=low // 1000,
                high=high // 1000,
                sound_channels=limits.sound_channels,
            ),
        ),
    ]
