"""接口 api: the schema as a whole, printed to ``schema.graphql``, and the registry of its mappings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from schema.benefits import BenefitProduct
from schema.mutation import Mutation, Steps
from schema.plan.registry import Registry, build
from schema.plan.run import Executor
from schema.query import Query
from schema.scalars import SCALARS
from schema.subjects import IndividualBusiness, Practitioner, Vehicle

PRINTED = Path(__file__).with_name("schema.graphql")


@cache
def graphql_schema() -> GraphQLSchema:
    """Gives the graphql-core schema that Strawberry makes of the types."""
    schema = strawberry.Schema(
        Query,
        Mutation,
        types=[IndividualBusiness, Practitioner, Vehicle, BenefitProduct],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    made: GraphQLSchema = schema._schema
    return made


@cache
def registry() -> Registry:
    """Gives the checked mappings; the server does not start while one is missing."""
    return build(graphql_schema())


def executor(rules_dir: Path | None = None) -> Executor:
    """Gives an executor with its own caches; a process has one."""
    return Executor(registry(), Steps(rules_dir).by_name())


def printed() -> str:
    """Gives the text that ``schema.graphql`` must hold."""
    return print_schema(graphql_schema()) + "\n"


if __name__ == "__main__":
    PRINTED.write_text(printed(), "utf-8")
