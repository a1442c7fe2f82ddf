"""慢速参照的检索 how the reference executor answers ``search``: each name taken apart anew, and compared with every question.

What was typed is read by the service's own reader, which has tests of its own; tokens come from ``server/names``. The order
of equal hits is the row's ``rank``, the one thing taken from the index. Likeness is told again in whole numbers. Before
ranks were ever dealt no guess is too common to be looked at, so that this holds for databases of tests alone.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from server.names.parts import Name, parse
from server.names.tokens import index_tokens
from server.search.guesses import Guesses
from server.search.questions import Question, read
from tests.reference_facts import ReferenceFacts

Row = dict[str, Any]
#: By the upper half of a place.
MATCHED = ("", *(how for how in ("EXACT", "BRAND", "PREFIX", "WORDS") for _ in range(2)), "INITIALS", "SIMILAR")
SUBJECTS = {"enterprise": "Enterprise", "individual_business": "IndividualBusiness", "vehicle": "Vehicle"}


class ReferenceSearch(ReferenceFacts):
    """One box."""

    async def _search(
        self,
        row: Row,
        text: str,
        kind: str | None = None,
        division: str | None = None,
        sector: str | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Row:
        question = read(text)
        mark = int(urlsafe_b64decode(after).decode().partition("|")[0]) if after else None
        subjects = [one for one in await self._subjects() if _kept(one, kind, division, sector)]
        hits = sorted(_numbers(question, subjects) or _names(question, subjects))
        if mark >> 32 == 10 if mark is not None else not hits:
            hits = list(_similar(question, subjects))
        rest = [hit for hit in hits if mark is None or hit[0] > mark]
        most = 20 if first is None else first
        edges = [_edge(*hit) for hit in rest[:most]]
        info = {
            "hasNextPage": len(rest) > most,
            "hasPreviousPage": after is not None,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        }
        return {"edges": edges, "pageInfo": info, "reading": question.reading.name, "fault": question.fault}

    async def _subjects(self) -> list[Row]:
        """Every firm, shop and vehicle that the door shows, each with the parts of its name and its rank."""
        ranks = {one["id"]: one["rank"] for one in await self.all("NameSearch", None)}
        found = []
        for stored, kind in SUBJECTS.items():
            for one in await self.all(kind, None):
                name = parse(one["name"]) if "name" in one else None
                found.append(one | {"kind": stored, "parts": name, "rank": ranks.get(one["id"])})
        return found

    async def _subject_of(self, row: Row) -> Row | None:
        kind: str = SUBJECTS[row["subject"]["kind"]]
        return await self.one(kind, None, id=row["subject"]["id"])

    def search_relations(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Gives every field of the search."""
        return {
            ("Query", "search"): (self._search, "text", "kind", "division", "sector", "first", "after"),
            ("SearchHit", "matched"): (lambda row: row["matched"],),
            ("SearchHit", "subject"): (self._subject_of,),
        }


def _edge(place: int, id_: UUID, matched: str, subject: Row) -> Row:
    cursor = urlsafe_b64encode(f"{place}|{id_}".encode()).decode()
    return {"cursor": cursor, "node": {"matched": matched, "subject": subject}}


def _kept(subject: Row, kind: str | None, division: str | None, sector: str | None) -> bool:
    code = (division or "").strip()
    while code.endswith("00") and len(code) > 2:
        code = code[:-2]
    return (
        kind in (None, subject["kind"].upper())
        and subject["division_code"].startswith(code)
        and sector in (None, subject.get("sector"), f" {subject.get('sector')}")
    )


def _numbers(question: Question, subjects: list[Row]) -> list[tuple[int, UUID, str, Row]]:
    """Bearers of a code or plate."""
    if question.code is None:
        return []
    kind, code, colour = question.reading.value, question.code, question.colour
    found = []
    for one in subjects:
        uscc = one.get("uscc") or ""
        if (kind == "plate" and one.get("plate") == code and colour in (None, one["colour"])) or (
            kind != "plate" and code in (uscc, uscc[8:17]) and "plate" not in one
        ):
            found.append(one)
    found.sort(key=lambda one: (one.get("colour", ""), one["kind"] != "enterprise", one["id"].bytes))
    matched = "PLATE" if kind == "plate" else "CODE"
    return [(place, one["id"], matched, one) for place, one in enumerate(found, 1)]


def _names(question: Question, subjects: list[Row]) -> Iterator[tuple[int, UUID, str, Row]]:
    """Names that carry all tokens, or the initials."""
    if question.tokens is None:
        return
    for one in subjects:
        name: Name | None = one["parts"]
        tier = _tier(question, name, one["name"]) if name else None
        if tier is not None:
            yield (tier << 32) + one["rank"], one["id"], MATCHED[tier], one


def _tier(question: Question, name: Name, stands: str) -> int | None:
    carried = set(index_tokens(name))
    if not carried.issuperset(question.tokens or ()):
        return 9 if question.initials in carried and len(name.core) >= len(question.core or "") else None
    as_written = all(word in stands for word in question.written)
    if name.core == question.core:
        tier = 2
    elif question.brand and name.brand == question.brand:
        tier = 4
    else:
        tier = 6 if question.core and name.core.startswith(question.core) else 8
    return tier - as_written


def _similar(question: Question, subjects: list[Row]) -> Iterator[tuple[int, UUID, str, Row]]:
    """The five likest of those that carry all tokens of a guess; words that stand as typed decide between them."""
    guesses = [set(guess.split(" ")) for guess in question.guesses.tokens]
    compared = []
    for one in subjects:
        name: Name | None = one["parts"]
        if name and any(guess <= set(index_tokens(name)) for guess in guesses):
            likeness = _likeness(question, name, one["name"])
            if likeness >= 5500:
                stand = sum(word in one["name"] for word in question.written)
                likeness += 1500 * stand // max(len(question.written), 1)
                compared.append((-likeness, one["rank"], one))
    for place, (_, _, one) in enumerate(sorted(compared, key=lambda found: found[:2])[:5], 1):
        yield (10 << 32) + place, one["id"], MATCHED[10], one


def _likeness(question: Question, name: Name, stands: str) -> int:
    guesses = question.guesses
    if question.reading.value != "pinyin":
        return _alike(question.core or "", name.core, guesses, 0)
    plain = "".join(character for character in stands if character not in "()（） ")
    ways = range(len(guesses.sounds))
    return max(
        (_alike("", text, guesses, way) for text in (name.core, plain) for way in ways if _begins(text, guesses, way)),
        default=0,
    )


def _begins(text: str, guesses: Guesses, way: int) -> bool:
    """Whether the first two syllables stand at the beginning, or where what was typed would end with the text."""
    sounds = guesses.sounds[way].split(" ")
    starts = {0, max(0, len(text) - len(sounds))}
    return any(text[at : at + 1] in sounds[0] and text[at + 1 : at + 2] in sounds[1] for at in starts if text[at + 1 :])


def _alike(typed: str, text: str, guesses: Guesses, way: int) -> int:
    sounds, shapes = guesses.sounds[way].split(" "), guesses.shapes[way].split(" ")
    total = matched = 0
    for place, (like_sound, like_shape) in enumerate(zip(sounds, shapes, strict=True)):
        other = place + len(text) - len(sounds)
        near = {text[at] for at in (place, other) if 0 <= at < len(text)}
        asked = typed[place : place + 1]
        if asked and asked in near:
            points = 100
        elif near & set(like_sound):
            points = 90
        elif near & set(like_shape):
            points = 85
        else:
            points = 60 if asked and asked in text else 0
        total += guesses.weights[place] * points
        matched += points > 0
    return 100 * total // sum(guesses.weights[: len(sounds)]) - 300 * max(len(text) - matched, 0)
