"""Settings of an import: what was guessed of a file, and what a person may change."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting

Role = Literal["label", "text", "id", "numeric", "category", "date", "ignore"]


class ImportConfig(Config):
    """Empty or "auto" values mean: as detected."""

    name: str = setting("", "What the data set is called.", title="Name", max_length=80)
    kind: Literal["auto", "image", "table", "text", "sound"] = setting(
        "auto", "What the samples are.", title="Kind"
    )
    label: str = setting("", "Column that holds the class; - for none.", title="Label column")
    text: str = setting("", "Column that holds the text; - for none.", title="Text column")
    roles: dict[str, Role] = setting({}, "Role of each column, where it is not the detected one.")
    header: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether the first row names the columns.",
        title="Header",
        titles={"auto": "Automatic", "yes": "Yes", "no": "No"},
    )
    delimiter: str = setting(
        "", "Character between cells; detected when empty.", title="Delimiter", max_length=1
    )
    encoding: str = setting(
        "",
        "Character encoding of text files; detected when empty.",
        title="Encoding",
        max_length=40,
    )
    unit: Literal["auto", "lines", "paragraphs", "files"] = setting(
        "auto",
        "What one text is, of text files and documents.",
        title="One text per",
        titles={"auto": "Automatic", "lines": "Line", "paragraphs": "Paragraph", "files": "File"},
        why="A file where folders are classes; a paragraph in documents and where many lines are blank.",
    )
    size: int = setting(
        0,
        "Side of the square that images are resized to, in pixels; 0 chooses.",
        title="Image size",
        zero="automatic",
        why="The smallest of 28, 32 and 64 that holds the median image.",
        ge=0,
        le=256,
    )
    color: Literal["auto", "gray", "color"] = setting(
        "auto",
        "Keep color or turn to gray.",
        title="Color",
        titles={"auto": "Automatic", "gray": "Gray", "color": "Color"},
        why="Gray if every image looked at is gray.",
    )
    fit: Literal["pad", "crop", "stretch"] = setting(
        "pad",
        "How an image that is not square becomes square.",
        title="Fit",
        titles={"pad": "Pad", "crop": "Crop", "stretch": "Stretch"},
        why="Padding loses and distorts nothing.",
    )
    seconds: float = setting(
        0.0,
        "Length that each sound is cut or padded to, in seconds; 0 takes the median.",
        title="Sound length, s",
        zero="median",
        ge=0.0,
        le=30.0,
    )
