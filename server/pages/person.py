"""查从业人员 person form: an exact certificate number by POST, which leads to the person's random address.

Not for showing a person: that is his page's. The number reaches no address, log, page or message; unknown and not shown
are one answer, made by the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.clock import today_in_shanghai
from server.errors import CreditError, Invalid
from server.identifiers.certificates import CertificateType, check_certificate
from server.pages.forms import read_form
from server.pages.site import UNKEPT, Site
from server.pages.urls import Page

#: The page is left by its own form alone, whose sender older browsers name only under this policy.
_OWN_REFERRER = {"referrer-policy": "same-origin"}
#: Named as the schema names them.
_TYPES = tuple(one.name for one in CertificateType)


class PersonForm:
    """从业人员查询: the form, and its answer."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def answer(self, request: Request, page: Page) -> Response:
        """Gives the empty form, or takes the filled one."""
        if request.method != "POST":
            return self._form(request, page, from_search=request.query_params.get("from") == "search")
        try:
            fields = await read_form(request)
        except CreditError as error:
            # A body that is not read to its end must not be taken for the connection's next request.
            refused = self.site.refused(error)
            refused.headers["connection"] = "close"
            return refused
        kind = fields.get("certificateType", "")
        kind = kind if kind in _TYPES else _TYPES[0]
        try:
            number = _number(kind, fields.get("certificateNumber", ""))
        except Invalid as error:
            return self._form(request, page, 400, kind=kind, fault=error.message)
        variables = {"certificateNumber": number, "certificateType": kind}
        data = await self.site.read(request, page, variables)
        if data["practitioner"] is None:
            return self._form(request, page, kind=kind, unknown=True)
        address = f"{self.site.prefix}/practitioner/{data['practitioner']['id']}"
        return RedirectResponse(address, 303, UNKEPT)

    def _form(self, request: Request, page: Page, status: int = 200, **told: Any) -> Response:
        given: Mapping[str, Any] = {"types": _TYPES, "kind": _TYPES[0], "fault": None, "unknown": False}
        values = {**given, "from_search": False, **told}
        response = self.site.rendered(request, page, {}, here=f"{self.site.prefix}{page.path}", status=status, **values)
        response.headers.update(_OWN_REFERRER)
        return response


def _number(kind: str, number: str) -> str:
    """Gives the number in normal form; raises ``Invalid`` without the number in the message."""
    return check_certificate(CertificateType[kind], number, today_in_shanghai())
