"""Chinese, where a question word stands in the place of the answer.

这座桥于1932年建成。→ 这座桥于哪一年建成？
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selfsup_core.pseudo.cloze.found import Found

SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]*")
DIGITS = "一二两三四五六七八九十百千万〇零几"
YEAR = rf"(?:\d{{2,4}}|[{DIGITS}]{{2,5}})年"
MONTH = rf"(?:\d{{1,2}}|[{DIGITS}]{{1,3}})月"
DAY = rf"(?:\d{{1,2}}|[{DIGITS}]{{1,3}})[日号]"
DATE = re.compile(rf"{YEAR}(?:{MONTH}(?:{DAY})?)?|{MONTH}(?:{DAY})?|(?:星期|周)[一二三四五六日天]")
MEASURES = (
    "公里|公斤|千克|厘米|毫米|小时|分钟|平方米|摄氏度|米|吨|个|只|条|座|棵|本|种|层|人|次|天|元|岁|间|张|块|位|名|户|首|盏|艘|辆|家|"
    "步|级|口|段|尺|斤|克|度|代|件|艘|台|双|颗|扇|根|幅"
)
NUMBER = re.compile(rf"(?:\d[\d,.]*[万千百]?|[{DIGITS}]{{1,6}})多?({MEASURES})")
QUOTED = re.compile(r"《([^》]{1,20})》|“([^”]{1,12})”")
PLACED = re.compile(r"(?:位于|来自|坐落在|生活在|住在|建在)([^，。；、：“”《》]{2,10}?)(?=[，。；、的])")
CALLED = re.compile(r"(?:叫做|名叫|名为|称为|叫作|取名)([^，。；、：“”《》的]{2,8})(?=[，。；、的])")
NO_PART = set(
    "的了在是和与也都就而不有这那它他她们把被从到向对为以及或之其中上下里时候一个很最更还又再只能会可要"
    "，。；、：！？“”《》（） \n"
)
LEAST, MOST = 2, 5  # characters of what is named again and again
LEAST_LEFT = 4  # characters of a question


def sentences(passage: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each."""
    for match in SENTENCE.finditer(passage):
        if match.group().strip(" 。！？；\n"):
            yield match.span()


def find(passage: str, start: int, end: int) -> list[Found]:
    """What can be left out of the sentence."""
    found = [Found(*match.span(), "date") for match in DATE.finditer(passage, start, end)]
    found += [
        Found(*match.span(), "number", match.group(1)) for match in NUMBER.finditer(passage, start, end)
    ]
    found += [
        Found(*match.span(match.lastindex or 0), "name") for match in QUOTED.finditer(passage, start, end)
    ]
    found += [Found(*match.span(1), "place") for match in PLACED.finditer(passage, start, end)]
    found += [Found(*match.span(1), "name") for match in CALLED.finditer(passage, start, end)]
    return found + list(find_repeated(passage, start, end))


def find_repeated(passage: str, start: int, end: int) -> Iterator[Found]:
    """What the passage names more than once, longest first: without a dictionary a sign of a word."""
    for size in range(MOST, LEAST - 1, -1):
        for at in range(start, end - size + 1):
            part = passage[at : at + size]
            if not NO_PART & set(part) and not part.isascii() and passage.count(part) > 1:
                yield Found(at, at + size, "phrase")


def ask(passage: str, start: int, end: int, found: Found) -> str:
    """The question, or "" where too little is left to ask."""
    begin, stop = clause_around(passage, start, end, found)
    before, after = passage[begin : found.start], passage[found.end : stop].rstrip(" 。！？；，\n")
    if len(before) + len(after) < LEAST_LEFT:
        return ""
    return f"{before}{question_word(passage, found)}{after}？".strip()


def clause_around(passage: str, start: int, end: int, found: Found) -> tuple[int, int]:
    """The part between commas that holds it, together with the one before it where it is short."""
    edges = [start, *(m.end() for m in re.compile("，").finditer(passage, start, end)), end]
    place = max(i for i, edge in enumerate(edges[:-1]) if edge <= found.start)
    first = place
    while first > 0 and edges[place + 1] - edges[first] < 2 * LEAST_LEFT + found.end - found.start:
        first -= 1
    return edges[first], edges[place + 1]


def question_word(passage: str, found: Found) -> str:
    text = passage[found.start : found.end]
    if found.kind == "date":
        return "哪一年" if text.endswith("年") else "什么时候"
    if found.kind == "number":
        return f"多少{found.cue}"
    return "哪里" if found.kind == "place" else "什么"
