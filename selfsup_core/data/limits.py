"""What an upload may hold, counted while it is decoded: one table for the code, the Data page and the tests."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000
EXTENSIONS = (
    "csv",
    "tsv",
    "jsonl",
    "parquet",
    "npy",
    "npz",
    "idx",
    "gz",
    "zip",
    "png",
    "jpg",
    "jpeg",
    "webp",
    "bmp",
    "gif",
    "txt",
    "wav",
)


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, sound in seconds and Hz."""

    file_bytes: int = 200 * MB
    files: int = 20
    total_bytes: int = 500 * MB
    archive_entries: int = 10_000
    archive_bytes: int = 1000 * MB
    archive_ratio: int = 100
    image_pixels: int = 40 * MB
    table_rows: int = 5 * MB
    table_columns: int = 2000
    cell_bytes: int = MB
    line_bytes: int = MB
    decoded_bytes: int = 1000 * MB
    sound_seconds: int = 1800
    sound_rates: tuple[int, int] = (8000, 192_000)
    sound_channels: int = 8
    # Of the process that reads uploads.
    memory_bytes: int = 4000 * MB
    cpu_seconds: int = 300


LIMITS = Limits()


def describe_limits(limits: Limits = LIMITS) -> list[tuple[str, str]]:
    """(what, how much) for people."""
    low, high = limits.sound_rates
    return [
        ("File", f"{limits.file_bytes // MB} MB"),
        ("Upload", f"{limits.files} files, {limits.total_bytes // MB} MB together"),
        (
            "Archive",
            f"{limits.archive_entries:,} entries, {limits.archive_bytes // MB:,} MB unpacked, "
            f"at most {limits.archive_ratio} times its size, no archive inside",
        ),
        ("Image", f"{limits.image_pixels // MB} megapixels; the first frame is used"),
        (
            "Table",
            f"{limits.table_rows // MB} million rows, {limits.table_columns:,} columns, "
            f"{limits.cell_bytes // MB} MB a cell",
        ),
        ("Text", f"{limits.line_bytes // MB} MB a line"),
        (
            "WAV",
            f"{limits.sound_seconds // 60} minutes, {low // 1000} to {high // 1000} kHz, "
            f"{limits.sound_channels} channels",
        ),
    ]
