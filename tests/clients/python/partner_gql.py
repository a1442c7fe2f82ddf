"""合作方的程序 a partner's program: gql, which checks each document against the schema before it is sent.

The schema is the published file first, then what introspection gives, where the same question is put with gql's DSL.
"""

import json
import sys
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.dsl import DSLFragment, DSLInlineFragment, DSLQuery, DSLSchema, DSLVariableDefinitions, dsl_gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from graphql import build_schema, print_schema

DOCUMENTS = {file.stem: file.read_text("utf-8") for file in Path("operations").iterdir()}


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    """Gives the rows of a page."""
    return [edge["node"] for edge in connection["edges"]]


class Partner:
    """A session that asks the documents by name."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def ask(self, name: str, **variables: Any) -> dict[str, Any]:
        """Sends one document; raises for one that the schema does not know."""
        answer: dict[str, Any] = self.session.execute(GraphQLRequest(DOCUMENTS[name], variable_values=variables))
        return answer

    def firm(self, uscc: str) -> dict[str, Any] | None:
        """Gives what a lender looks at."""
        found = self.ask("Firm", uscc=uscc)["enterprise"]
        if found is None:
            return None
        ratings = nodes(found["ratings"])
        records = [base["record"] for each in ratings for base in nodes(each["bases"])]
        return {
            "name": found["name"],
            "state": found["state"],
            "ratings": [[each[key] for key in ("standardKey", "grade", "score", "periodFrom")] for each in ratings],
            "points": [point["points"] for each in ratings for point in each["points"]],
            "bases": [record and [record["__typename"], record["documentNumber"]] for record in records],
            "penalties": [
                [
                    *(each[key] for key in ("documentNumber", "fineYuan", "decidedOn")),
                    *(each["disclosure"][key] for key in ("from", "disputed")),
                ]
                for each in nodes(found["penalties"])
            ],
            "lists": [[each["kind"], each["listedOn"], len(each["measures"])] for each in nodes(found["listEntries"])],
        }

    def pages(self, uscc: str, *, forward: bool) -> list[str]:
        """Turns all pages in one direction; gives the numbers in the order of the list."""
        numbers: list[str] = []
        cursor = None
        while True:
            turning = {"first": 3, "after": cursor} if forward else {"last": 3, "before": cursor}
            page = self.ask("LicencePages", uscc=uscc, **turning)["enterprise"]["licences"]
            read = [each["documentNumber"] for each in nodes(page)]
            numbers = numbers + read if forward else read + numbers
            info = page["pageInfo"]
            if not info["hasNextPage" if forward else "hasPreviousPage"]:
                return numbers
            cursor = info["endCursor" if forward else "startCursor"]

    def node(self, id_: str) -> list[Any] | None:
        """Reads an id that was kept."""
        match self.ask("Node", id=id_)["node"]:
            case {"__typename": "Enterprise" as kind, "uscc": uscc, "listEntries": entries}:
                return [kind, uscc, entries["totalCount"]]
            case {"__typename": "Vehicle" as kind, "plate": plate, "driver": driver}:
                return [kind, plate, (driver or {}).get("certificateNumber", False)]
            case {"__typename": "Penalty" as kind, "documentNumber": number, "fineYuan": fine}:
                return [kind, number, fine]
            case other:
                assert other is None
                return None

    def agency(self, code: str) -> list[Any]:
        """Gives a bureau, its units, and the service's day."""
        read = self.ask("Agency", code=code)
        units = [[unit["code"], unit["parent"]["code"]] for unit in nodes(read["agency"]["units"])]
        return [read["agency"]["name"], units, read["service"]["today"]]

    def vehicle(self, plate: str) -> list[Any] | None:
        """Gives a car and who holds it."""
        found = self.ask("Vehicle", plate=plate, colour="YELLOW")["vehicle"]
        return found and [*(found[key] for key in ("plate", "colour", "purpose")), found["holder"].get("name", False)]

    def practitioner(self, number: str) -> list[Any] | None:
        """Gives the driver who has this number, masked."""
        found = self.ask("Practitioner", certificateNumber=number)["practitioner"]
        ratings = found and [[each["standardKey"], each["grade"]] for each in nodes(found["ratings"])]
        return found and [found["name"], found["certificateNumber"], ratings]

    def lists(self, quarter: str) -> list[Any]:
        """Gives the page of a quarter's list."""
        page = self.ask("ListsOfQuarter", quarter=quarter, kind="OVERLOAD")["listEntries"]
        entries = [[each["kind"], each["listedOn"], each["party"].get("uscc", False)] for each in nodes(page)]
        return [page["totalCount"], page["totalCountCapped"], page["pageInfo"]["hasNextPage"], entries]

    def ratings(self, standard: str, year: int) -> list[Any]:
        """Gives the counts by grade, and the best."""
        read = self.ask("RatingsOfYear", standard=standard, year=year, grade="AAA")
        counts = [[each["year"], each["grade"], each["count"]] for each in read["counts"] if each["count"]]
        return [counts, [[each["score"], each["party"].get("name", False)] for each in nodes(read["best"])]]

    def again(self, ids: list[str]) -> list[Any]:
        """Reads all ids at once."""
        read = self.ask("Nodes", ids=ids)["nodes"]
        return [each and [each["__typename"], each.get("documentNumber")] for each in read]

    def who_am_i(self) -> list[Any] | None:
        """Gives what the key is taken for."""
        found = self.ask("WhoAmI")["viewer"]
        return found and [found[key] for key in ("name", "door", "partnerCode", "agency", "pointsLimit")]

    def words(self, on: str) -> list[Any]:
        """Gives what is shown beside a result."""
        read = self.ask("Words", standard="road_enterprise_quality", on=on, term="penalty.general", word="Penalty")
        grades = [[each["grade"] for each in standard["grades"]] for standard in read["standards"]]
        terms = [term["longestMonths"] for term in read["disclosureTerms"]]
        return [grades, terms, [word["term"] for word in read["glossary"]]]

    def refusal(self, uscc: str) -> str:
        """Gives the code of a refusal as this client tells it."""
        try:
            self.ask("LicencePages", uscc=uscc, first=101)
        except TransportQueryError as error:
            return str((error.errors or [{}])[0]["extensions"]["code"])
        return "nothing was refused"


def by_dsl(session: Any, schema: Any, uscc: str) -> dict[str, Any]:
    """Puts a question made with gql's DSL: variables, a fragment, an inline fragment on an interface."""
    known, variable = DSLSchema(schema), DSLVariableDefinitions()
    line = DSLFragment("Line").on(known.Penalty).select(known.Penalty.documentNumber)
    licences = known.Subject.licences(first=1).select(known.LicenceConnection.totalCount)
    firm = known.Query.enterprise(uscc=variable.uscc).select(
        known.Enterprise.penalties(first=1).select(
            known.PenaltyConnection.edges.select(known.PenaltyEdge.node.select(line)),
        ),
        DSLInlineFragment().on(known.Subject).select(licences),
    )
    query = DSLQuery(firm)
    query.variable_definitions = variable
    request = dsl_gql(line, query)
    request.variable_values = {"uscc": uscc}
    answer: dict[str, Any] = session.execute(request)
    return answer


def main(given: dict[str, Any]) -> None:
    """Reads everything and prints it."""
    transport = HTTPXTransport(url=given["address"], headers={"authorization": f"Bearer {given['key']}"}, timeout=30)
    published = Path("schema.graphql").read_text("utf-8")
    with Client(transport=transport, schema=published) as session:
        partner = Partner(session)
        told = {
            "firm": partner.firm(given["uscc"]),
            "unknown": partner.firm("91110000600037341L"),
            "forward": partner.pages(given["uscc"], forward=True),
            "backward": partner.pages(given["uscc"], forward=False),
            "nodes": {name: partner.node(id_) for name, id_ in given["ids"].items()},
            "again": partner.again(list(given["ids"].values())),
            "agency": partner.agency(given["agency"]),
            "vehicle": partner.vehicle(given["plate"]),
            "practitioner": partner.practitioner(given["certificateNumber"]),
            "lists": partner.lists("2026Q2"),
            "ratings": partner.ratings("road_enterprise_quality", 2025),
            "me": partner.who_am_i(),
            "words": partner.words(given["day"]),
            "refusal": partner.refusal(given["uscc"]),
        }
    introspecting = Client(transport=transport, fetch_schema_from_transport=True)
    with introspecting as session:
        fetched = introspecting.schema
        assert fetched is not None
        told["dsl"] = by_dsl(session, fetched, given["uscc"])
        told["same schema"] = bare(fetched) == bare(build_schema(published))
    print(json.dumps(told, ensure_ascii=False))


def bare(schema: Any) -> list[str]:
    """Gives a schema's lines without descriptions, in one order: introspection does not keep the file's."""
    return sorted(part for part in print_schema(schema).split("\n") if part and '"""' not in part)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
