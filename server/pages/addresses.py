"""主体的网址 addresses of subjects, for links from one page to another. Not for reading an address: see ``keys.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


def subject_path(subject: Mapping[str, Any] | None) -> str | None:
    """Gives the path below the prefix of a subject's page, by its ``__typename`` and key; None for one without a page.

    An individual business without 统一社会信用代码 needs ``id``; its code is ``shopCode`` where firms stand beside it, whose
    code is never null.
    """
    if subject is None:
        return None
    code = subject.get("shopCode", subject.get("uscc"))
    match subject["__typename"]:
        case "Enterprise":
            return f"/enterprise/{code}"
        case "IndividualBusiness" if code:
            return f"/individual-business/{code}"
        case "IndividualBusiness":
            return f"/individual-business/id/{subject['id']}"
        case "Practitioner":
            return f"/practitioner/{subject['id']}"
        case "Vehicle":
            return f"/vehicle/{quote(subject['plate'], safe='')}/{str(subject['colour']).lower()}"
    return None
