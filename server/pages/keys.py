"""网址中的键 keys: what stands in an address (a code, an id, a plate), read into the one form in which it is written.

Not for what is found under a key: see ``site.py``. A wrong key is told what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from schema.enums import PlateColour as ColourName
from schema.nodes import global_id, read_id_of
from server.errors import Invalid
from server.identifiers.plates import PlateColour, check_plate, colour_from_name
from server.identifiers.uscc import check_uscc

_NO_ID = "网址中的编号不完整或有误；请从查询结果的链接打开"


@dataclass(frozen=True, slots=True)
class Read:
    """读出的键: ``text`` as the page's one address has it, ``value`` as the page's query takes it."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Key:
    """键: ``read`` raises ``Invalid`` with what is wrong; ``example`` fills the query when it is compiled at start."""

    read: Callable[[str], Read]
    example: str


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


USCC = Key(_uscc, "91110000600037341L")
PLATE = Key(_plate, "鲁A12345")
COLOUR = Key(_colour, "YELLOW")
