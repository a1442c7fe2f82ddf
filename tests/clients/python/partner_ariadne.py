"""合作方的程序 a partner's program: the generated asynchronous client, one line of JSON with what it has read."""

import asyncio
import json
import sys
from datetime import date
from typing import Any

from generated import (
    CertificateType,
    Client,
    ListKind,
    NodeNodeEnterprise,
    NodeNodePenalty,
    NodeNodeVehicle,
    NodeNodeVehicleDriverPractitioner,
    PlateColour,
)
from generated.exceptions import GraphQLClientHttpError


async def firm(client: Client, uscc: str) -> dict[str, Any] | None:
    """Gives what a lender looks at."""
    found = (await client.firm(uscc)).enterprise
    if found is None:
        return None
    ratings = [edge.node for edge in found.ratings.edges]
    bases = [edge.node.record for rating in ratings for edge in rating.bases.edges]
    penalties = [edge.node for edge in found.penalties.edges]
    entries = [edge.node for edge in found.list_entries.edges]
    return {
        "name": found.name,
        "state": found.state,
        "ratings": [[each.standard_key, each.grade, each.score, each.period_from] for each in ratings],
        "points": [point.points for each in ratings for point in each.points],
        "bases": [base and [base.typename__, base.document_number] for base in bases],
        "penalties": [
            [each.document_number, each.fine_yuan, each.decided_on, each.disclosure.from_, each.disclosure.disputed]
            for each in penalties
        ],
        "lists": [[each.kind, each.listed_on, len(each.measures)] for each in entries],
    }


async def pages(client: Client, uscc: str, *, forward: bool) -> list[str]:
    """Turns all pages in one direction; gives the numbers in the order of the list."""
    numbers: list[str] = []
    cursor: str | None = None
    while True:
        turning: dict[str, Any] = {"first": 3, "after": cursor} if forward else {"last": 3, "before": cursor}
        found = (await client.licence_pages(uscc, **turning)).enterprise
        assert found is not None
        page = [edge.node.document_number for edge in found.licences.edges]
        numbers = numbers + page if forward else page + numbers
        info = found.licences.page_info
        if not (info.has_next_page if forward else info.has_previous_page):
            return numbers
        cursor = info.end_cursor if forward else info.start_cursor


async def node(client: Client, id_: str) -> list[Any] | None:
    """Reads an id that was kept."""
    found = (await client.node(id_)).node
    match found:
        case NodeNodeEnterprise():
            return [found.typename__, found.uscc, found.list_entries.total_count]
        case NodeNodeVehicle():
            driver = found.driver
            known = isinstance(driver, NodeNodeVehicleDriverPractitioner)
            return [found.typename__, found.plate, driver.certificate_number if known else False]
        case NodeNodePenalty():
            return [found.typename__, found.document_number, found.fine_yuan]
    assert found is None
    return None


async def agency(client: Client, code: str) -> list[Any]:
    """Gives a bureau, its units, and the service's day."""
    read = await client.agency(code)
    assert read.agency is not None
    assert read.service is not None
    units = [[edge.node.code, edge.node.parent and edge.node.parent.code] for edge in read.agency.units.edges]
    return [read.agency.name, units, read.service.today]


async def vehicle(client: Client, plate: str) -> list[Any] | None:
    """Gives a car and who holds it."""
    found = (await client.vehicle(plate, PlateColour.YELLOW)).vehicle
    return found and [found.plate, found.colour, found.purpose, getattr(found.holder, "name", False)]


async def practitioner(client: Client, number: str) -> list[Any] | None:
    """Gives the driver who has this number, masked."""
    found = (await client.practitioner(number, CertificateType.ID_CARD)).practitioner
    ratings = found and [[edge.node.standard_key, edge.node.grade] for edge in found.ratings.edges]
    return found and [found.name, found.certificate_number, ratings]


async def lists(client: Client, quarter: str) -> list[Any]:
    """Gives the page of a quarter's list."""
    page = (await client.lists_of_quarter(quarter, ListKind.OVERLOAD)).list_entries
    entries = [[each.node.kind, each.node.listed_on, getattr(each.node.party, "uscc", False)] for each in page.edges]
    return [page.total_count, page.total_count_capped, page.page_info.has_next_page, entries]


async def ratings(client: Client, standard: str, year: int) -> list[Any]:
    """Gives the counts by grade, and the best."""
    read = await client.ratings_of_year(standard, year, "AAA")
    counts = [[each.year, each.grade, each.count] for each in read.counts if each.count]
    return [counts, [[edge.node.score, getattr(edge.node.party, "name", False)] for edge in read.best.edges]]


async def again(client: Client, ids: list[str]) -> list[Any]:
    """Reads all ids at once."""
    read = (await client.nodes(ids)).nodes
    return [each and [each.typename__, getattr(each, "document_number", None)] for each in read]


async def who_am_i(client: Client) -> list[Any] | None:
    """Gives what the key is taken for."""
    found = (await client.who_am_i()).viewer
    return found and [found.name, found.door, found.partner_code, found.agency, found.points_limit]


async def words(client: Client, on: date) -> list[Any]:
    """Gives what is shown beside a result."""
    read = await client.words("road_enterprise_quality", on, "penalty.general", "Penalty")
    grades = [[each.grade for each in standard.grades] for standard in read.standards]
    return [grades, [term.longest_months for term in read.disclosure_terms], [word.term for word in read.glossary]]


async def refusal(client: Client, uscc: str) -> str:
    """Gives the code of a refusal as this client tells it."""
    try:
        await client.licence_pages(uscc, first=101)
    except GraphQLClientHttpError as error:
        return str(error.response.json()["errors"][0]["extensions"]["code"])
    return "nothing was refused"


async def main(given: dict[str, Any]) -> None:
    """Reads everything and prints it."""
    async with Client(given["address"], headers={"authorization": f"Bearer {given['key']}"}) as client:
        told = {
            "firm": await firm(client, given["uscc"]),
            "unknown": await firm(client, "91110000600037341L"),
            "forward": await pages(client, given["uscc"], forward=True),
            "backward": await pages(client, given["uscc"], forward=False),
            "nodes": {name: await node(client, id_) for name, id_ in given["ids"].items()},
            "again": await again(client, list(given["ids"].values())),
            "agency": await agency(client, given["agency"]),
            "vehicle": await vehicle(client, given["plate"]),
            "practitioner": await practitioner(client, given["certificateNumber"]),
            "lists": await lists(client, "2026Q2"),
            "ratings": await ratings(client, "road_enterprise_quality", 2025),
            "me": await who_am_i(client),
            "words": await words(client, date.fromisoformat(given["day"])),
            "refusal": await refusal(client, given["uscc"]),
        }
    print(json.dumps(told, ensure_ascii=False, default=str))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
