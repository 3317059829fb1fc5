"""Settings of an import: what was guessed of a file, and what a person may change."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting

Role = Literal[
    "label",
    "text",
    "translation",
    "question",
    "answer",
    "id",
    "numeric",
    "category",
    "date",
    "ignore",
]


class ImportConfig(Config):
    """Empty or "auto" values mean: as detected."""

    name: str = setting("", "What the data set is called.", title="Name", max_length=80)
    kind: Literal["auto", "image", "table", "text", "sound"] = setting(
        "auto", "What the samples are.", title="Kind"
    )
    label: str = setting("", "Column that holds the class; - for none.", title="Label column")
    text: str = setting("", "Column that holds the text; - for none.", title="Text column")
    unlabeled: str = setting(
        "",
        "Values of the label that mean that a row has none, with commas between them, as -1, unknown.",
        title="Unlabeled",
        max_length=200,
    )
    several: Literal["together", "first"] = setting(
        "together",
        "What the class of a row is that has several labels, as a|b.",
        title="Several labels",
        titles={"together": "Each combination is a class", "first": "Only the first counts"},
    )
    against: str = setting(
        "",
        "The label that becomes one class; all other rows with a label become the second.",
        title="One against the rest",
        max_length=200,
    )
    roles: dict[str, Role] = setting({}, "Role of each column, where it is not the detected one.")
    header: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether the first row names the columns.",
        title="Header",
        titles={"auto": "Automatic", "yes": "Yes", "no": "No"},
    )
    lines: Literal["auto", "table", "text"] = setting(
        "auto",
        "What the lines of a .txt file, or of one without a known ending, are.",
        title="Lines",
        titles={"auto": "Automatic", "table": "Rows of a table", "text": "Texts"},
    )
    sheet: str = setting(
        "",
        "Sheet of a spreadsheet; the first one with cells in it when empty.",
        title="Sheet",
        max_length=200,
    )
    languages: str = setting(
        "",
        "Two languages of a translation memory (TMX), from and to, as en, de; those with most units when "
        "empty.",
        title="Languages",
        max_length=80,
    )
    only: str = setting(
        "",
        "Of files that do not belong together, those that are read: a file's name, or a kind such as csv.",
        title="Read only",
        max_length=200,
    )
    damaged: Literal["refuse", "leave-out"] = setting(
        "refuse",
        "What is done where some files of several, or many rows of a table, are damaged.",
        title="Damaged parts",
        titles={"refuse": "Refuse", "leave-out": "Leave out"},
        why="What is missing may be what matters. Single images, sounds and rows are left out in any case.",
    )
    columns: int = setting(
        0,
        "Columns of a table that are read: so many first ones, and the label; 0 reads all.",
        title="Columns",
        zero="all",
        ge=0,
        le=5000,
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
    classes: Literal["auto", "first", "last", "name-start", "name-end", "boxes", "none"] = setting(
        "auto",
        "Where the classes of images and sounds come from, when no table beside them says them.",
        title="Classes from",
        titles={
            "auto": "Automatic",
            "first": "First level of folders",
            "last": "Last level of folders",
            "name-start": "Beginning of the file name",
            "name-end": "Last word of the file name",
            "boxes": "Largest box of each image (YOLO)",
            "none": "No classes",
        },
        why="The first level of folders that differ, those of a split left out. "
        "File names and boxes are only offered.",
    )
    splits: Literal["keep", "ignore"] = setting(
        "keep",
        "Whether folders called train, validation and test are a split, or folders like others.",
        title="Given split",
        titles={"keep": "Keep", "ignore": "Ignore"},
        why="Rows of a given test set must not be trained on.",
    )
    background: Literal["auto", "white", "black"] = setting(
        "auto",
        "What is seen through transparent pixels.",
        title="Background",
        titles={"auto": "Automatic", "white": "White", "black": "Black"},
        why="White, unless what is not transparent is nearly white.",
    )
    transpose: Literal["auto", "no", "yes"] = setting(
        "auto",
        "Swap rows and columns of each image in an array.",
        title="Transpose",
        titles={"auto": "Automatic", "no": "No", "yes": "Yes"},
        why="EMNIST stores its images column by column, so its files are transposed.",
    )
    slices: Literal["auto", "middle", "all"] = setting(
        "auto",
        "Which slices of a volume (DICOM, NIfTI) become images.",
        title="Slices",
        titles={"auto": "Automatic", "middle": "Middle slice of each volume", "all": "All"},
        why="All of a single volume, the middle one of each of several.",
    )
    seconds: float = setting(
        0.0,
        "Length that each sound is cut or padded to, in seconds; 0 takes the median.",
        title="Sound length, s",
        zero="median",
        ge=0.0,
        le=30.0,
    )
