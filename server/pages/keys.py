"""网址中的键 keys: what stands in an address (a code, an id, a plate), read into the one form in which it is written.

Not for what is found under a key: see ``site.py``. A wrong key is told what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from schema.enums import PlateColour as ColourName
from schema.nodes import global_id, read_global_id, read_id_of
from server.errors import Invalid
from server.identifiers.plates import PlateColour, check_plate, colour_from_name
from server.identifiers.uscc import check_uscc

_NO_ID = "网址中的编号不完整或有误；请从查询结果的链接打开"


@dataclass(frozen=True, slots=True)
class Read:
    """读出的键: ``text`` as the page's one address has it, ``value`` as the page's query takes it."""

    text: str
    value: str
    #: switches of the query that this key turns on or off
    switches: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """键: ``read`` raises ``Invalid`` with what is wrong; ``example`` fills the query when it is compiled at start."""

    read: Callable[[str], Read]
    example: str
    #: every way in which it sets the switches of the query, each compiled at start
    cases: tuple[Mapping[str, bool], ...] = ({},)


def _uscc(text: str) -> Read:
    code = check_uscc(text)
    return Read(code, code)


def _plate(text: str) -> Read:
    plate = check_plate(text)
    return Read(plate, plate)


def _colour(text: str) -> Read:
    """Takes the word of the address (yellow_green) or the Chinese one (黄绿)."""
    word = text.strip().lower().replace("-", "_")
    colour = PlateColour(word) if word in set(PlateColour) else colour_from_name(text)
    return Read(colour.value, ColourName(colour.value).name)


def id_of(tag: str) -> Key:
    """Gives the key of global ids of the type with these two letters; any other is no address of the page."""

    def read(text: str) -> Read:
        row = read_id_of(tag, text)
        if row is None:
            raise Invalid(_NO_ID)
        whole = global_id(tag, row)
        return Read(whole, whole)

    return Key(read, global_id(tag, UUID(int=0)))


def id_of_any(switches: Mapping[str, str]) -> Key:
    """Gives the key of global ids of several types: two letters → the switch that asks for that type, only one at once."""
    names = tuple(dict.fromkeys(switches.values()))
    cases = {chosen: {name: name == chosen for name in names} for chosen in names}

    def read(text: str) -> Read:
        tag, row = read_global_id(text)
        if row is None or tag not in switches:
            raise Invalid(_NO_ID)
        whole = global_id(tag, row)
        return Read(whole, whole, cases[switches[tag]])

    return Key(read, global_id(next(iter(switches)), UUID(int=0)), tuple(cases.values()))


USCC = Key(_uscc, "91110000600037341L")
PLATE = Key(_plate, "鲁A12345")
COLOUR = Key(_colour, "YELLOW")
