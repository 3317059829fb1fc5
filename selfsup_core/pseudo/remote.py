"""Labels by a remote model behind an OpenAI-compatible endpoint, for pseudo-labels; what was answered is kept
and never paid twice.

Where its server gives log-probabilities, the answer has the model's own probability; else it names a class
without one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfsup_core.pretrained.remote import Remote, RemoteError, label_texts, read_config, read_connection
from selfsup_core.pretrained.zero_shot import Labelled, ZeroShotConfig, check_classes
from selfsup_core.pseudo.language_model import MOST_ANSWER, Answers, Pace, Said, Say, from_said, kept_path
from selfsup_core.translation import tr

AT_ONCE = 8  # texts between two looks at pause and stop


def connect() -> Remote:
    """The remote model that the environment names. Raises RemoteError when there is none."""
    return Remote(read_connection(os.environ), read_config(os.environ))


def path_of(folder: Path, remote: Remote, data: str, classes: Sequence[str], config: ZeroShotConfig) -> Path:
    """Where the answers of this model to this prompt are kept."""
    return kept_path(folder, "remote", f"{remote.connection.host}/{remote.model()}", data, classes, config)


def as_said(found: Labelled) -> Said:
    return {
        "label": found.label,
        "answer": found.answer[:MOST_ANSWER],
        "reason": found.reason,
        "p": list(found.p) if found.p else None,
    }


def ask_remote(
    remote: Remote,
    texts: Sequence[str],
    rows: Sequence[int],
    classes: Sequence[str],
    config: ZeroShotConfig,
    *,
    kept: Path | None = None,
    say: Say = lambda text: None,
) -> tuple[np.ndarray, str]:
    """((N, C) labels of N texts as `from_said` gives them; why some were not asked, or "").

    Raises:
        RemoteError: not one text could be asked.
    """
    check_classes(classes)
    store = Answers(kept)
    left = [(int(row), text) for row, text in zip(rows, texts, strict=True) if int(row) not in store.found]
    pace = Pace(len(left))
    done, problem = len(rows) - len(left), ""
    for at in range(0, len(left), AT_ONCE):
        say(
            tr("The remote model answered {done:,} of {count:,} texts{said}. {spent}").format(
                done=done + at, count=len(rows), said=pace.said(), spent=spent(remote)
            )
        )
        part = left[at : at + AT_ONCE]
        try:
            found = label_texts(remote, [text for _, text in part], classes, config)
        except RemoteError as error:
            if not store.found:
                raise
            problem = str(error)
            break
        for (row, _), one in zip(part, found, strict=True):
            if not one.failed:  # the next run asks such a text again
                store.add(row, as_said(one))
        pace.count(len(part))
    missing: Said = {"label": -1, "answer": "", "reason": tr("Not asked."), "p": None}
    said = [store.found.get(int(row), missing) for row in rows]
    return from_said(said, len(classes)), problem


def spent(remote: Remote) -> str:
    """Requests, tokens and cost so far, in words."""
    counts = remote.counts
    cost = f", cost {remote.cost:,.4f}" if remote.cost else ""
    return tr("{requests:,} requests, {tokens_in:,} tokens in, {tokens_out:,} out{cost}.").format(
        requests=counts.requests, tokens_in=counts.tokens_in, tokens_out=counts.tokens_out, cost=cost
    )
