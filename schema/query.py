"""查询根 Query: where every read begins. Each capability declares its own root fields; this module only joins them."""

import strawberry

from schema.agencies import AgencyQuery
from schema.benefits import BenefitQuery
from schema.catalogue import CatalogueQuery
from schema.commitments import CommitmentQuery
from schema.counts import CountQuery
from schema.imports import ImportQuery
from schema.lists import ListQuery
from schema.nodes import NodeQuery
from schema.ratings import RatingQuery
from schema.records import RecordQuery
from schema.reference import ReferenceQuery
from schema.search import SearchQuery
from schema.service import ServiceQuery
from schema.subjects import SubjectQuery
from schema.viewer import ViewerQuery


@strawberry.type(description="查询 query：公众可直接查询；带接口密钥时可看到依法可以看到的更多信息")
class Query(
    SubjectQuery,
    SearchQuery,
    AgencyQuery,
    CatalogueQuery,
    ReferenceQuery,
    RecordQuery,
    RatingQuery,
    ListQuery,
    CommitmentQuery,
    BenefitQuery,
    CountQuery,
    NodeQuery,
    ServiceQuery,
    ViewerQuery,
    ImportQuery,
):
    """查询根."""
