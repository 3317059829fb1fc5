"""What Home leads to: one card for each part of the app."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.parts.shared.picture import VIEWS_ALT


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
        "Points of a map move apart by color, then pictures of clothing fill the plane.",
        "See a whole data set as a map",
        "Two numbers per picture: 5,000 pieces of clothing sort themselves on a plane, and every point "
        "decodes to a picture. No labels.",
        "pages/autoencoder.py",
        "Train",
        "about 1 minute",
        "vae-two-numbers",
        {"data.source": "fashion-5k", "train.epochs": 40, "train.epochs_per_second": 3.0},
    ),
    Card(
        "rebuild",
        "rebuild",
        "Emoji, and below them reconstructions that sharpen from epoch to epoch.",
        "Watch pictures being reconstructed",
        "A network compresses emoji to 32 numbers and learns to reconstruct them: blurred averages first, "
        "then details.",
        "pages/autoencoder.py",
        "Train",
        "about 1 minute",
        "emoji",
        {"data.source": "emoji", "train.epochs_per_second": 2.0},
    ),
    Card(
        "views",
        "views",
        VIEWS_ALT,
        "Learn by comparing views",
        "Two random views of a picture should get the same code: that is all a network is told. Then take a "
        "safeguard away and see it collapse.",
        "pages/views.py",
        "Train",
        "under 2 minutes",
        "views-fashion",
        {"data.source": "fashion-5k"},
        {"do": "train"},
    ),
    Card(
        "pseudo",
        "pseudo",
        "Two curves over rounds: the student's accuracy rises above that with the given labels alone.",
        "Learn from a handful of labels",
        "Unlabeled samples get a label where a classifier and similar samples agree. The same "
        "classifier also trains without these labels, so you see whether they help.",
        "pages/classify.py",
        "Train",
        "under 1 minute",
        "pseudo-image",
        {"data.source": "digits"},
        {"do": "pseudo"},
    ),
    Card(
        "language",
        "language",
        "Text that a model writes: noise at first, then words and lines like a play.",
        "Train a language model",
        "It reads Shakespeare letter by letter, learns to predict the next one, and soon writes lines of "
        "its own.",
        "pages/language.py",
        "Train",
        "about 5 minutes",
        "gpt-characters",
        {"data.source": "shakespeare"},
        {"do": "train"},
    ),
    Card(
        "latent",
        "latent",
        "1,906 emoji on a map, similar ones side by side.",
        "Explore a latent space",
        "Zoom into a map of emoji, select an island and ask what its members have in common.",
        "pages/latent.py",
        "Open",
        address={"space": "data:emoji", "map": "umap"},
    ),
    Card(
        "own",
        "",
        "",
        "Bring your own data",
        "Images, texts, tables or sounds. They are checked first: copies, rare classes, suspicious labels. "
        "Nothing leaves this machine.",
        "pages/data.py",
        "Choose files",
        address={"add": "files"},
    ),
)
