"""English words, as far as spelling tells what they are: "opened" → "open", "wrote" → "write"."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AUXILIARIES = words("is are was were has have had can could will would may might must should did does do")
NOT_NAMES = words(
    "the a an it its he she they we you i this that these those there here in on at by for from to with as "
    "and but or so if when while after before since until because although though every each some many most "
    "all both one two three four five six seven eight nine ten his her their our today now then once only "
    "still even inside outside near during between under over above below what who how why where not no "
    "first last"
)
# What may follow a phrase of nouns; after another word it may have swallowed a verb.
FOLLOWS = AUXILIARIES | words(
    "of in on at by for from to with as and but or into onto over under between through across along around "
    "behind beside inside near until since before after when while where which that who because so than"
)
STOPS = FOLLOWS | NOT_NAMES
NO_PHRASE = words("first last only most rest same other second third next few more less least")
IRREGULAR = dict(
    pair.split(":")
    for pair in words(
        "built:build made:make wrote:write grew:grow found:find kept:keep sold:sell took:take "
        "gave:give began:begin became:become held:hold won:win lost:lose paid:pay bought:buy "
        "brought:bring left:leave ran:run saw:see sent:send spent:spend told:tell came:come "
        "went:go drew:draw chose:choose flew:fly rose:rise fell:fall met:meet taught:teach "
        "laid:lay hung:hang stood:stand wore:wear rode:ride swam:swim drove:drive broke:break "
        "sang:sing spoke:speak knew:know thought:think fed:feed slept:sleep ate:eat drank:drink "
        "led:lead caught:catch dug:dig hid:hide sank:sink lent:lend meant:mean"
    )
)
NO_VERBS = words("red bed seed weed hundred need speed feed reed breed sacred naked wicked ragged")
NO_E = tuple(words("er en it on el or et op al ow ay oy ey ish ect ot in"))
VOWELS = "aeiou"


def base_form(word: str) -> str:
    """The plain form of a verb in the past; "" where the word does not look like one."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if not word.endswith("ed") or len(word) < 4 or word in NO_VERBS or not word.isalpha():
        return ""
    if word.endswith("ied"):
        return f"{word[:-3]}y"
    stem = word[:-2]
    if stem[-1] == stem[-2] and stem[-1] not in "lsfz":
        return stem[:-1]  # stopped
    ends_soft = stem[-1] in "cuvz" or stem.endswith(("ng", "rs", "bl", "pl", "tl", "dg", "as", "os", "us"))
    is_lone = stem[-1] not in VOWELS and stem[-2] in VOWELS and (len(stem) < 3 or stem[-3] not in VOWELS)
    is_short = sum(letter in VOWELS for letter in stem) == 1
    takes_e = ends_soft or (is_lone and (is_short or not stem.endswith(NO_E)) and stem[-1] not in "wxy")
    return f"{stem}e" if takes_e else stem
