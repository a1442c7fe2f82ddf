"""表单 forms: the fields of a form sent by POST from our own page. Not for what they mean, nor for files.

A body is small, of one type, and read once; nothing of it reaches a log or an address.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request

from server.errors import CreditError, Forbidden, TooLarge

#: A certificate's type and number, written with nine bytes a character, take a quarter of it.
MOST_BYTES = 2_048
_MOST_FIELDS = 10
TYPE = "application/x-www-form-urlencoded"


class WrongForm(CreditError):
    """不是表单: a body of another type than a form's."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


async def read_form(request: Request) -> dict[str, str]:
    """Gives the fields by name, the first of each; bytes that are no text become signs that no number has.

    Raises ``WrongForm``, ``TooLarge``, and ``Forbidden`` for a form that another site's page has sent.
    """
    _refuse_foreign(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
        raise WrongForm("这里只接受网页表单；请打开“查从业人员”的网页填写")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise TooLarge("填写的内容太长；请只填写证件号码")
    except ClientDisconnect as gone:
        raise TooLarge("没有收到完整的表单；请重新填写") from gone
    try:
        pairs = parse_qsl(body.decode("latin-1"), encoding="utf-8", errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise TooLarge("表单中的项目太多；请打开“查从业人员”的网页填写") from None
    return dict(reversed(pairs))


def _refuse_foreign(request: Request) -> None:
    """Another site must not use up the look-ups of its visitors' addresses.

    Browsers of today say it in ``Sec-Fetch-Site``; older ones only name the page's origin; other programs neither.
    """
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if site is not None or (origin is not None and _place(origin) != request.headers.get("host")):
        raise Forbidden("这份表单不是从本网站的网页发出的，没有查询；请打开本网站的“查从业人员”重新填写")


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        # http://[ is nobody's origin.
        return ""
