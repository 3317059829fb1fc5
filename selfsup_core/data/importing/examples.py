"""How each kind of layout is meant to look: a small example of each, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

CLASSES = ("round", "square")
GOOD = ("lovely", "warm", "brilliant", "charming")
BAD = ("dull", "cold", "clumsy", "tedious")


@dataclass(frozen=True)
class Example:
    """A layout: what it is called, how it looks, the name of its file and what makes that."""

    name: str
    title: str
    about: str
    file: str
    make: Callable[[], bytes]


def find_example(name: str) -> Example:
    """Raises DataError with the names that there are."""
    for example in EXAMPLES:
        if example.name == name:
            return example
    raise DataError(
        tr("There is no example {name!r}. Examples: {examples}.").format(
            name=name, examples=", ".join(e.name for e in EXAMPLES)
        ),
        code="no-example",
        remedy=tr("Choose one of them."),
    )


def picture(number: int) -> np.ndarray:
    """(28, 28) bytes: a disc for even numbers, a square for odd ones, each at another place."""
    generator = np.random.default_rng(number)
    y, x = np.mgrid[:28, :28] - generator.integers(10, 18, 2)[:, None, None]
    radius = generator.integers(5, 9)
    inside = np.maximum(abs(x), abs(y)) < radius if number % 2 else x * x + y * y < radius * radius
    return np.where(inside, 220, 25).astype(np.uint8)


def png(number: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture(number)).save(buffer, "PNG")
    return buffer.getvalue()


def wav(number: int) -> bytes:
    """Half a second of a tone: low for even numbers, high for odd ones."""
    from scipy.io import wavfile

    time = np.arange(4000) / 8000
    tone = np.sin(2 * np.pi * (220 + 440 * (number % 2) + 3 * number) * time)
    buffer = io.BytesIO()
    wavfile.write(buffer, 8000, (tone * 12_000).astype(np.int16))
    return buffer.getvalue()


def sentence(number: int) -> str:
    word = (BAD if number % 2 else GOOD)[number // 2 % 4]
    return f"A {word} film about town number {number}, and the music is {word} as well."


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def image_folders() -> bytes:
    return packed({f"{CLASSES[i % 2]}/{i:02d}.png": png(i) for i in range(40)})


def image_splits() -> bytes:
    parts = ("train", "train", "train", "test")
    return packed({f"{parts[i // 2 % 4]}/{CLASSES[i % 2]}/{i:02d}.png": png(i) for i in range(40)})


def image_index() -> bytes:
    lines = ["file,label", *(f"images/{i:02d}.png,{CLASSES[i % 2]}" for i in range(40))]
    files = {f"images/{i:02d}.png": png(i) for i in range(40)}
    return packed({"labels.csv": "\n".join(lines).encode(), **files})


def arrays() -> bytes:
    buffer = io.BytesIO()
    images = np.stack([picture(i) for i in range(40)])
    np.savez_compressed(buffer, images=images, labels=np.arange(40) % 2)
    return buffer.getvalue()


def measurements() -> bytes:
    generator = np.random.default_rng(0)
    lines = ["length,width,color,class"]
    for i in range(60):
        length, width = generator.normal((5, 2) if i % 2 else (3, 3), 0.4)
        color = ("red", "blue", "green")[int(generator.integers(3))]
        lines.append(f"{length:.2f},{width:.2f},{color},{CLASSES[i % 2]}")
    return "\n".join(lines).encode()


def reviews() -> bytes:
    lines = [f'"{sentence(i)}",{("positive", "negative")[i % 2]}' for i in range(40)]
    return "\n".join(["text,label", *lines]).encode()


def text_folders() -> bytes:
    names = ("positive", "negative")
    return packed(
        {f"{names[i % 2]}/{i:02d}.txt": f"{sentence(i)}\n\nA second paragraph.".encode() for i in range(40)}
    )


def sound_folders() -> bytes:
    return packed({f"{('low', 'high')[i % 2]}/{i:02d}.wav": wav(i) for i in range(20)})


def plain_text() -> bytes:
    """Ten paragraphs of prose, parted by blank lines."""
    places = ("river", "harbor", "garden", "library", "station")
    parts = [
        (
            f"On day {day} we walked to the {places[day % 5]}. It was open, and we stayed until the evening. "
            f"Then we wrote down what we had seen at the {places[day % 5]}."
        )
        for day in range(1, 11)
    ]
    return ("\n\n".join(parts) + "\n").encode()


EXAMPLES = (
    Example(
        "image-folders",
        tr_later("Images in folders"),
        tr_later("A ZIP file with a folder for each class."),
        "image-folders.zip",
        image_folders,
    ),
    Example(
        "image-splits",
        tr_later("Images with a given split"),
        tr_later("Folders train and test (and val), with a folder for each class in them."),
        "image-splits.zip",
        image_splits,
    ),
    Example(
        "image-index",
        tr_later("Images and a table"),
        tr_later("A ZIP file with the images and a CSV file that names each image and its class."),
        "image-index.zip",
        image_index,
    ),
    Example(
        "arrays",
        tr_later("Arrays"),
        tr_later("An NPZ file: images (rows, height, width) or numbers (rows, columns), and labels."),
        "arrays.npz",
        arrays,
    ),
    Example(
        "table",
        tr_later("Table"),
        tr_later(
            "A CSV file or a spreadsheet: a row for each sample, a column for the class, "
            "names above. Cells of "
            "the class may be empty: rows without a label can be given pseudo-labels."
        ),
        "table.csv",
        measurements,
    ),
    Example(
        "texts",
        tr_later("Texts in a table"),
        tr_later(
            "A column of texts and one of classes, as CSV, JSON lines or Parquet. Classes may be empty."
        ),
        "texts.csv",
        reviews,
    ),
    Example(
        "plain-text",
        tr_later("Plain text for a language model"),
        tr_later(
            "TXT files: a book, plays, notes or code. Classes are not needed. The example is short; "
            "a language model needs far more."
        ),
        "plain-text.txt",
        plain_text,
    ),
    Example(
        "text-folders",
        tr_later("Texts in folders"),
        tr_later("A ZIP file with a folder for each class and a text file for each sample."),
        "text-folders.zip",
        text_folders,
    ),
    Example(
        "sounds",
        tr_later("Sounds in folders"),
        tr_later("A ZIP file with a folder for each class and WAV, FLAC, MP3, OGG or AIFF files."),
        "sounds.zip",
        sound_folders,
    ),
)
