"""错误 errors: the few kinds of refusal, one shape at every door. Not for faults: those stay plain exceptions.

A message says what was asked, what is wrong and what to do next, in Chinese. It never holds SQL, a path or
an unmasked personal number.
"""

from __future__ import annotations


class CreditError(Exception):
    """业务错误: an expected refusal. ``code`` is stable for programs, ``status`` is the HTTP status."""

    code = "BAD_REQUEST"
    status = 400

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status


class Invalid(CreditError):
    """输入有误: the input breaks a rule; the message names the place and the remedy."""

    code = "INVALID"
    status = 400


class NotFound(CreditError):
    """未找到: unknown and not-shown are answered alike."""

    code = "NOT_FOUND"
    status = 404


class Unauthenticated(CreditError):
    """未登录: no key, or one that is revoked."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(CreditError):
    """无权: the viewer is known but may not do this."""

    code = "FORBIDDEN"
    status = 403


class Conflict(CreditError):
    """冲突: the state of the data does not allow it (already withdrawn, key reused for other input)."""

    code = "CONFLICT"
    status = 409


class TooLarge(CreditError):
    """过大: a file, body or query beyond its bound."""

    code = "TOO_LARGE"
    status = 413


class TooMany(CreditError):
    """超出限额: the asker's points of this minute, or look-ups of persons, are spent; again after ``retry_after_seconds``."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(CreditError):
    """暂不可用: a part is away; try again after ``retry_after_seconds``."""

    code = "UNAVAILABLE"
    status = 503
    retry_after_seconds = 2


class WrongSetting(CreditError):
    """设置有误: an environment setting, a rule file or the database is not as it must be at start."""

    code = "WRONG_SETTING"
    status = 500
