"""Whole numbers from 0 to 9,999 in words, of three languages, and ordinals up to the 28th."""

from __future__ import annotations

ENGLISH = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
ENGLISH_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
GERMAN = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
GERMAN_TENS = [
    "-",
    "-",
    "zwanzig",
    "dreißig",
    "vierzig",
    "fünfzig",
    "sechzig",
    "siebzig",
    "achtzig",
    "neunzig",
]
CHINESE = "零一二三四五六七八九"
CHINESE_UNITS = ("", "十", "百", "千")
ENGLISH_ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
GERMAN_ORDINALS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}


def english(n: int) -> str:
    if n < 20:
        return ENGLISH[n]
    if n < 100:
        return ENGLISH_TENS[n // 10] + (f"-{ENGLISH[n % 10]}" if n % 10 else "")
    size, name = (1000, "thousand") if n >= 1000 else (100, "hundred")
    head = f"{english(n // size)} {name}"
    return f"{head} {english(n % size)}" if n % size else head


def german(n: int) -> str:
    if n < 20:
        return GERMAN[n]
    if n < 100:
        one = "ein" if n % 10 == 1 else GERMAN[n % 10]
        return (f"{one}und" if n % 10 else "") + GERMAN_TENS[n // 10]
    size, name = (1000, "tausend") if n >= 1000 else (100, "hundert")
    head = ("ein" if n // size == 1 else german(n // size)) + name
    return head + (german(n % size) if n % size else "")


def chinese(n: int) -> str:
    if n < 10:
        return CHINESE[n]
    digits = [int(digit) for digit in str(n)]
    said = ""
    for place, digit in enumerate(digits):
        if digit:
            said += CHINESE[digit] + CHINESE_UNITS[len(digits) - 1 - place]
        elif said and any(digits[place:]) and not said.endswith("零"):
            said += "零"
    return said.removeprefix("一") if n < 20 else said


def chinese_count(n: int) -> str:
    """Before a measure word, where two has a word of its own."""
    return "两" if n == 2 else chinese(n)


def english_ordinal(n: int) -> str:
    if n in ENGLISH_ORDINALS:
        return ENGLISH_ORDINALS[n]
    if n < 20:
        return f"{ENGLISH[n]}th"
    if n % 10 == 0:
        return f"{ENGLISH_TENS[n // 10][:-1]}ieth"
    return f"{ENGLISH_TENS[n // 10]}-{english_ordinal(n % 10)}"


def german_ordinal(n: int) -> str:
    """Without its ending: "dritt", "zwanzigst"."""
    return GERMAN_ORDINALS.get(n, german(n) + ("t" if n < 20 else "st"))
