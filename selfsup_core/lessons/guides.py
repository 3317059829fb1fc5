"""Guides to read: `assets/docs/<language>/name.md`. The first line is the title, the first paragraph what it
is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.errors import StudioError
from selfsup_core.places import ASSETS
from selfsup_core.translation import ENGLISH, language, tr

DOCS = ASSETS / "docs"
ORDER = ("teach", "extend", "deploy", "troubleshooting", "commands")
LINK = re.compile(r"\]\(([a-z-]+)\.md(?:#[a-z0-9-]+)?\)")


class GuideError(StudioError):
    """A guide is not there, or its file has no title."""

    code = "no-guide"


@dataclass(frozen=True)
class Guide:
    """A guide as it is read.

    Attributes:
        about: the first paragraph, in one line. body: Markdown below the title.
    """

    name: str
    title: str
    about: str
    body: str


def list_guides(code: str = "", root: Path | None = None) -> dict[str, Guide]:
    """Name → guide, in the order in which they are offered; those that `ORDER` does not name come last.

    In the reader's language unless one is named, and in English where that has none.
    """
    folder = root or DOCS
    if code:
        names = guide_files(code, folder)
        if not names:
            raise GuideError(tr("There are no guides in the language {language!r}.").format(language=code))
    else:
        names = guide_files(ENGLISH, folder) | guide_files(language(), folder)
    ranks = {name: rank for rank, name in enumerate(ORDER)}
    ordered = sorted(names, key=lambda name: (ranks.get(name, len(ORDER)), name))
    return {name: read_guide(names[name]) for name in ordered}


def guide_files(code: str, folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in (folder / code).glob("*.md")}


def find_guide(name: str, code: str = "", root: Path | None = None) -> Guide:
    """Raises GuideError: there is none of this name; says which there are."""
    known = list_guides(code, root)
    if name not in known:
        raise GuideError(
            tr("There is no guide {name!r}. Known: {known}.").format(name=name[:40], known=", ".join(known))
        )
    return known[name]


def read_guide(path: Path) -> Guide:
    """Raises GuideError: the file has no title or no first paragraph."""
    first, _, body = path.read_text("utf-8").partition("\n")
    about = " ".join(body.strip().split("\n\n")[0].split())
    if not first.startswith("# ") or not about or about.startswith("#"):
        raise GuideError(
            tr("{name} must begin with its title and a paragraph.").format(name=path.name),
            remedy=tr("Begin it with a line like “# Its title”, an empty line, and what it is about."),
        )
    return Guide(path.stem, first[2:].strip(), about, body.strip())


def linked(guide: Guide, address: str) -> str:
    """The body with links to other guides' files as addresses of the app.

    Args:
        address: what stands before the name of a guide, as `learn?guide=`.
    """
    return LINK.sub(lambda found: f"]({address}{found[1]})", guide.body)
