"""当事人 parties: the edge from a fact to whom it is about; a person who may not be shown is ``UndisclosedPerson``."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from schema.plan.mapping import Choice, Constant, mapped

if TYPE_CHECKING:
    from schema.subjects import Enterprise, IndividualBusiness, Practitioner, Vehicle


@strawberry.type(description="未公开的自然人 undisclosed person：依法不公开，没有标识，不可查询")
class UndisclosedPerson:
    """未公开的自然人."""

    label: str = mapped("称谓 label：固定文字", Constant("自然人（依法不公开）"))


Party = Annotated[
    Annotated["Enterprise", strawberry.lazy("schema.subjects")]
    | Annotated["IndividualBusiness", strawberry.lazy("schema.subjects")]
    | Annotated["Practitioner", strawberry.lazy("schema.subjects")]
    | Annotated["Vehicle", strawberry.lazy("schema.subjects")]
    | UndisclosedPerson,
    strawberry.union("Party", description="当事人 party：企业、个体工商户、从业人员、车辆，或依法不公开的自然人"),
]

_KEYS = {
    "Enterprise": "enterprise_id",
    "IndividualBusiness": "individual_business_id",
    "Practitioner": "practitioner_id",
    "Vehicle": "vehicle_id",
}


def party(description: str, *types: str, person_when: str = "false") -> Any:
    """Declares an edge to the subjects ``types``; ``person_when`` tells a row about a person the door hides."""
    options = tuple((_KEYS[name], name) for name in types)
    return mapped(description, Choice(options, hidden="UndisclosedPerson", hidden_when=person_when))
