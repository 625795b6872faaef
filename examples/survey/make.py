#!/usr/bin/env python3
"""Makes the files of a survey as surveys are published: ten years, and hardly two of them alike.

    make.py FOLDER [--people 400]

What is asked of them stays known: truth.csv beside them has the respondents of each year, and how many named
Python and Java."""

import argparse
import csv
import io
import pathlib
import random

LANGUAGES = ["Python", "Java", "JavaScript", "C", "C++", "SQL", "Rust", "Go"]
COUNTRIES = ["Germany", "C\u00f4te d'Ivoire", "Espa\u00f1a", "United States", "India", "\u00d6sterreich"]
COMMENTS = ["", "NA", 'He said "no", twice', "two\nlines", "too long, did not read", "caf\u00e9"]


def people(year, count, chance):
    """Each respondent: number, country, languages, pay, a comment."""
    python, java = 0.2 + 0.05 * (year - 2015), 0.6 - 0.03 * (year - 2015)
    for number in range(1, count + 1):
        named = [name for name in LANGUAGES[2:] if chance.random() < 0.3]
        named += ["Python"] if chance.random() < python else []
        named += ["Java"] if chance.random() < java else []
        chance.shuffle(named)
        pay = chance.choice([None, chance.randrange(20000, 150000)])
        yield number, chance.choice(COUNTRIES), named, pay, chance.choice(COMMENTS)


def spread(rows):
    """2015: a column a language, of which only the first has a name; a second header row tells which."""
    yield [
        "",
        "Country",
        "Select all languages that you use",
        *[""] * (len(LANGUAGES) - 1),
        "Comment",
        "Comment",
    ]
    yield ["", "Where do you live?", *LANGUAGES, "On languages", "On us"]
    for number, country, named, _, comment in rows:
        yield [number, country, *[name if name in named else "" for name in LANGUAGES], comment, comment]


def joined(names, separator, rows, missing, filler=0):
    """A column holds all languages; `filler` more columns hold what nobody asks for here."""
    yield [*names, *[f"Q{i}" for i in range(1, filler + 1)]]
    for number, country, named, pay, comment in rows:
        pay = missing if pay is None else pay
        more = [str((number * i) % 7) if i % 3 else missing for i in range(1, filler + 1)]
        yield [number, country, separator.join(named) or missing, pay, comment or missing, *more]


def text_of(year, rows):
    """The file's records, and how it is encoded."""
    if year <= 2016:
        return spread(rows), "cp1252", ","
    if year <= 2018:
        return (
            joined(["Respondent", "Country", "tech_do", "salary", "salary"], "; ", rows, "NA"),
            "utf-8-sig",
            ",",
        )
    if year <= 2020:
        names = ["Respondent", "Country", "LanguageWorkedWith", "ConvertedComp", ""]
        return joined(names, ";", rows, "NA", 60), "utf-8", ","
    names = ["ResponseId", "Country", "LanguageHaveWorkedWith", "ConvertedCompYearly", "Comment"]
    return joined(names, ";", rows, "", 300), "utf-8", ";" if year == 2024 else ","


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--people", type=int, default=400)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chance, truth = random.Random(2015), ["year,people,python,java"]
    for year in range(2015, 2025):
        rows = list(people(year, options.people + 10 * (year - 2015), chance))
        records, encoding, separator = text_of(year, rows)
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=separator, lineterminator="\r\n" if year < 2018 else "\n").writerows(
            records
        )
        (options.folder / f"{year}.csv").write_bytes(text.getvalue().encode(encoding))
        counts = [sum(name in row[2] for row in rows) for name in ("Python", "Java")]
        truth.append(f"{year},{len(rows)},{counts[0]},{counts[1]}")
    (options.folder / "truth.csv").write_text("\n".join(truth) + "\n")


if __name__ == "__main__":
    main()
