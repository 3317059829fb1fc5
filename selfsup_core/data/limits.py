"""What an upload may hold, counted while it is decoded: one table for the code, the Data page and the
tests.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        ("File", f"{limits.file_bytes // MB} MB"),
        (
            "Upload",
            f"{limits.files} files, {limits.total_bytes // MB} MB together; "
            f"{limits.server_bytes // MB:,} MB for all people who upload at the same time",
        ),
        ("Recorded samples", f"{limits.recorded_bytes // MB} MB together"),
        (
            "Archive",
            f"{limits.archive_entries:,} entries (10,000 small images take about 5 s), "
            f"{limits.archive_bytes // MB:,} MB unpacked and, when added by the command line, packed; "
            f"at most {limits.archive_ratio} times its size, no archive inside",
        ),
        (
            "Image",
            f"{limits.image_pixels // MB} megapixels, {limits.images_pixels // MB:,} together; "
            "the first frame is used",
        ),
        (
            "Table",
            f"{limits.table_rows // MB} million rows, {limits.table_columns:,} columns, "
            f"{limits.table_cells // MB} million cells, {limits.cell_bytes // MB} MB per cell",
        ),
        (
            "Import",
            f"{limits.imports_at_once} at a time per workspace, others wait; each takes at most "
            f"{limits.memory_bytes // MB:,} MB of memory, or a quarter of the machine's",
        ),
        ("Text", f"{limits.table_rows // MB} million lines, {limits.line_bytes // MB} MB per line"),
        (
            "Sound",
            f"{limits.sound_seconds // 60} minutes, {low // 1000} to {high // 1000} kHz, "
            f"{limits.sound_channels} channels",
        ),
    ]
