"""What Home leads to: one card for each part of the app."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.parts.shared.picture import VIEWS_ALT
from selfsup_core.translation import tr_later


@dataclass(frozen=True)
class Card:
    """One thing to do.

    Attributes:
        minutes: how long it takes on two CPU cores, in words; "" where nothing is trained.
        preset: of the run that its button starts; "" where the button opens the page only.
    """

    key: str
    picture: str
    alt: str
    title: str
    text: str
    page: str
    button: str
    minutes: str = ""
    preset: str = ""
    changes: dict[str, object] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)


CARDS = (
    Card(
        "map",
        "map",
        tr_later("Points of a map move apart by color, then pictures of clothing fill the plane."),
        tr_later("See a whole data set as a map"),
        tr_later(
            "Two numbers per picture: 5,000 pieces of clothing sort themselves on a plane, and every point "
            "decodes to a picture. No labels."
        ),
        "pages/autoencoder.py",
        tr_later("Train"),
        "about 1 minute",
        "vae-two-numbers",
        {"data.source": "fashion-5k", "train.epochs": 40, "train.epochs_per_second": 3.0},
    ),
    Card(
        "rebuild",
        "rebuild",
        tr_later("Emoji, and below them reconstructions that sharpen from epoch to epoch."),
        tr_later("Watch pictures being reconstructed"),
        tr_later(
            "A network compresses emoji to 32 numbers and learns to reconstruct them: "
            "blurred averages first, "
            "then details."
        ),
        "pages/autoencoder.py",
        tr_later("Train"),
        "about 1 minute",
        "emoji",
        {"data.source": "emoji", "train.epochs_per_second": 2.0},
    ),
    Card(
        "views",
        "views",
        VIEWS_ALT,
        tr_later("Learn by comparing views"),
        tr_later(
            "Two random views of a picture should get the same code: that is all a network "
            "is told. Then take a "
            "safeguard away and see it collapse."
        ),
        "pages/views.py",
        tr_later("Train"),
        "under 2 minutes",
        "views-fashion",
        {"data.source": "fashion-5k"},
        {"do": "train"},
    ),
    Card(
        "pseudo",
        "pseudo",
        tr_later(
            "Two curves over rounds: the student's accuracy rises above that with the given labels alone."
        ),
        tr_later("Learn from a handful of labels"),
        tr_later(
            "Unlabeled samples get a label where a classifier and similar samples agree. The same "
            "classifier also trains without these labels, so you see whether they help."
        ),
        "pages/classify.py",
        tr_later("Train"),
        "under 1 minute",
        "pseudo-image",
        {"data.source": "digits"},
        {"do": "pseudo"},
    ),
    Card(
        "language",
        "language",
        tr_later("Text that a model writes: noise at first, then words and lines like a play."),
        tr_later("Train a language model"),
        tr_later(
            "It reads Shakespeare letter by letter, learns to predict the next one, and soon writes lines of "
            "its own."
        ),
        "pages/language.py",
        tr_later("Train"),
        "about 5 minutes",
        "gpt-characters",
        {"data.source": "shakespeare"},
        {"do": "train"},
    ),
    Card(
        "latent",
        "latent",
        tr_later("1,906 emoji on a map, similar ones side by side."),
        tr_later("Explore a latent space"),
        tr_later("Zoom into a map of emoji, select an island and ask what its members have in common."),
        "pages/latent.py",
        tr_later("Open"),
        address={"space": "data:emoji", "map": "umap"},
    ),
    Card(
        "own",
        "",
        "",
        tr_later("Bring your own data"),
        tr_later(
            "Images, texts, tables or sounds. They are checked first: copies, rare classes, "
            "suspicious labels. "
            "Nothing leaves this machine."
        ),
        "pages/data.py",
        tr_later("Choose files"),
        address={"add": "files"},
    ),
)
