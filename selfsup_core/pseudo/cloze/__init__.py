"""Questions made from passages that nobody has asked about: a number, date, name or phrase is left out of its
sentence (a cloze), and what remains is turned into a question. The answer is what was left out.

The rules look at spelling alone, so some questions are clumsy; a reader that learns from them does not mind
much [1]. What it cannot answer is dropped afterwards (round trip [2]).
[1] Lewis, Denoyer, Riedel: Unsupervised question answering by cloze translation, 2019
[2] Alberti et al.: Synthetic QA corpora generation with roundtrip consistency, 2019
"""

from __future__ import annotations

from selfsup_core.pseudo.cloze.made import Cloze, make_clozes

__all__ = ["Cloze", "make_clozes"]
