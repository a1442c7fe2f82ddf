"""设置 the environment variables XINTU_*, told once: the README's table comes from these fields. Not for law.

A wrong setting is refused at start with its name, its value (never a secret or a password) and what is allowed.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.errors import WrongSetting

CHECKOUT = Path(__file__).resolve().parents[1]
PREFIX = "XINTU_"
#: Read by the test suite alone, which runs with the service's own variables set aside.
FOR_TESTS = frozenset({"XINTU_TEST_DATABASE_URL"})
_SECRET_CHARACTERS = 32
#: Fewer could not show every kind of fact.
_FEWEST_SUBJECTS = 20
#: What the sample has plates and names for.
_MOST_SUBJECTS = 1_000_000
# Role and schema names carry the database's name; PostgreSQL cuts names at 63 bytes.
_DATABASE_NAME = "[a-z][a-z0-9_]{0,39}"
_POSTGRESQL_PORT = 5432
#: Three of the largest queries a minute (a tool that reads the whole schema takes four fifths of one), thirty of the
#: dearest pages, a hundred of the usual: a person who reads asks every few seconds, and may share his address with some
#: others of a mobile network. A crawler of 100,000 firms needs a day. It is less than a second of one process a minute.
PUBLIC_POINTS = 60_000
_MOST_POINTS = 1_000_000_000
_MOST_PROCESSES = 1000
#: What ``.env.example`` has for a secret; left unchanged it is as good as none.
_EXAMPLE = re.compile("change-me|请换", re.IGNORECASE)


class Environment(StrEnum):
    """运行环境: a trial database may have sample data and a fixed day, a production database never."""

    TRIAL = "trial"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Address:
    """数据库地址: ``host`` is a name, an IP address or the folder of a socket."""

    host: str
    port: int
    database: str


def parse_database_host(text: str) -> Address:
    """Gives the address for ``host[:port]/database`` or ``/socket/folder[:port]/database``; raises ``WrongSetting``."""
    found = re.fullmatch(
        rf"(?P<host>/[^:]+|\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{{1,5}}))?/(?P<name>{_DATABASE_NAME})",
        text,
    )
    port = int(found["port"] or _POSTGRESQL_PORT) if found else 0
    if found is None or not 1 <= port <= 65535:
        shown, allowed = _without_password(text), _extra("database_host")["allowed"]
        raise WrongSetting(f"XINTU_DATABASE_HOST={shown} 不对；应为：{allowed}")
    return Address(found["host"].strip("[]"), port, found["name"])


_T = TypeVar("_T")


def _setting(default: Any, allowed: str, meaning: str, empty: str = "空", hidden: bool = False) -> Any:
    """Gives a field with its documentation: ``empty`` says what no value means; ``hidden`` ones are in no message."""
    extra: JsonDict = {"allowed": allowed, "empty": empty, "hidden": hidden}
    return Field(default=default, description=meaning, json_schema_extra=extra, repr=not hidden)


class Settings(BaseSettings):
    """设置 all of them, checked. Made by ``load_settings`` only."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = _setting("127.0.0.1", "IP 地址或主机名", "监听地址；放在反向代理后面时保持默认")
    port: int = _setting(8000, "1 到 65535 的整数", "监听端口")
    env: Environment = _setting(
        Environment.TRIAL, "trial（试用）或 production（正式）", "运行环境；正式环境不允许示例数据和固定日期"
    )
    data_dir: Path = _setting(CHECKOUT / ".data", "可写的文件夹", "内置数据库及其密钥所在的文件夹")
    database_url: str | None = _setting(
        None,
        "postgresql://用户:密码@主机:端口/数据库，数据库名用小写字母、数字、下划线；密码不能是示例值",
        "数据库所有者的连接地址，给 migrate、check、job purge、job order-names 用；日常服务不需要，也不应给",
        "不另给所有者",
        hidden=True,
    )
    database_host: str | None = _setting(
        None,
        "主机[:端口]/数据库，或套接字文件夹/数据库（如 /var/run/postgresql/xintu），数据库名用小写字母、数字、下划线",
        "外部 PostgreSQL（15 或更新）的地址，不含用户和密码；须与 XINTU_SECRET 一同设置",
        "使用内置数据库",
    )
    secret: str | None = _setting(
        None,
        f"至少 {_SECRET_CHARACTERS} 个字符的随机文字，不能是示例值",
        "数据库各角色的密码和自然人的查找键由它算出；只用于外部数据库，须妥善备份",
        "内置数据库自动生成，存于数据文件夹",
        hidden=True,
    )
    rules_dir: Path | None = _setting(
        None, "已有的文件夹", "本局自己的规则文件（与程序内 YAML 同样的目录结构），可增补或替换", "只用程序自带的规则"
    )
    documents: Path | None = _setting(
        None,
        "已有的 JSON 文件，内容为 {文档的 SHA-256: GraphQL 文档}",
        "合作方程序的已知文档清单（客户端工具生成）；清单中的查询只凭 SHA-256 即可调用",
        "只有网站自己的查询",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = _setting(
        (),
        "以逗号分隔的 IP 地址或网段，如 127.0.0.1,10.0.0.0/8",
        "可信的反向代理；只有来自它们的转发头才被采信",
        "都不采信",
    )
    path_prefix: str = _setting(
        "", "空，或以 / 开头、不以 / 结尾的路径，如 /credit", "网站挂在域名的某个路径下时的前缀", "在域名的根下"
    )
    processes: int = _setting(
        1, "1 到 1000 的整数", "同时运行的服务进程数（各台机器合计）；每分钟的限额由各进程平分，所以要写实际的数目"
    )
    public_points: int = _setting(
        PUBLIC_POINTS,
        "1 到 1000000000 的整数",
        "没有密钥的查询，每个客户端地址每分钟的限额（点，即查询的代价）；密钥各有自己的限额",
    )
    sample: int = _setting(60, "0，或 20 到 1000000 的整数；正式环境为 0", "空数据库中生成多少个示例主体，0 为不生成")
    today: date | None = _setting(
        None, "YYYY-MM-DD 的日期，只限试用环境", "把“今天”固定在某一天，供演示和演练", "北京时间当天"
    )

    @field_validator("port")
    @classmethod
    def _port(cls, port: int) -> int:
        return _require(port, 1 <= port <= 65535)

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        return _require(host, bool(re.fullmatch(r"[A-Za-z0-9.:_-]+", host)))

    @field_validator("sample")
    @classmethod
    def _sample(cls, sample: int) -> int:
        return _require(sample, sample == 0 or _FEWEST_SUBJECTS <= sample <= _MOST_SUBJECTS)

    @field_validator("processes")
    @classmethod
    def _processes(cls, processes: int) -> int:
        return _require(processes, 1 <= processes <= _MOST_PROCESSES)

    @field_validator("public_points")
    @classmethod
    def _public_points(cls, points: int) -> int:
        return _require(points, 1 <= points <= _MOST_POINTS)

    @field_validator("data_dir", "rules_dir", "documents")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        return folder and folder.expanduser().absolute()

    @field_validator("rules_dir")
    @classmethod
    def _rules_dir(cls, folder: Path | None) -> Path | None:
        return _require(folder, folder is None or folder.is_dir())

    @field_validator("documents")
    @classmethod
    def _documents(cls, file: Path | None) -> Path | None:
        return _require(file, file is None or file.is_file())

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, url: str | None) -> str | None:
        return _require(url, url is None or (_is_database_url(url) and not _EXAMPLE.search(url)))

    @field_validator("database_host")
    @classmethod
    def _database_host(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                parse_database_host(text)
        except WrongSetting:
            raise ValueError from None
        return text

    @field_validator("secret")
    @classmethod
    def _secret(cls, secret: str | None) -> str | None:
        usable = secret is None or (len(secret) >= _SECRET_CHARACTERS and not _EXAMPLE.search(secret))
        return _require(secret, usable)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _trusted_proxies(cls, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())

    @field_validator("path_prefix")
    @classmethod
    def _path_prefix(cls, prefix: str) -> str:
        return _require(prefix, bool(re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", prefix)))

    @field_validator("today", mode="before")
    @classmethod
    def _today(cls, text: Any) -> Any:
        # Left alone, pydantic takes a bare number for seconds since 1970.
        return _require(text, not isinstance(text, str) or bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)))

    @property
    def is_production(self) -> bool:
        """Tells whether this is the bureau's real service."""
        return self.env is Environment.PRODUCTION

    @property
    def uses_embedded_database(self) -> bool:
        """Tells whether the embedded PostgreSQL in ``data_dir`` is used: no external one is named."""
        return self.database_host is None and self.database_url is None

    @property
    def address(self) -> Address | None:
        """Gives where the external database is, or None for the embedded one (or for ``migrate`` with a URL only)."""
        return None if self.database_host is None else parse_database_host(self.database_host)


def _require(value: _T, allowed: bool) -> _T:
    """Gives the value back, or raises so that ``load_settings`` tells its name and what is allowed."""
    if not allowed:
        raise ValueError
    return value


def _is_database_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("postgresql", "postgres") and bool(re.fullmatch(f"/{_DATABASE_NAME}", parts.path))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class SettingRow:
    """设置说明 one row of the README's table."""

    name: str
    default: str
    allowed: str
    meaning: str


def describe() -> Iterator[SettingRow]:
    """Gives every setting with its default, what is allowed and what it is for, in Chinese."""
    for field_name, field in Settings.model_fields.items():
        extra = _extra(field_name)
        default = field.default
        if isinstance(default, Path):
            default = f"{default.relative_to(CHECKOUT)}（在程序文件夹内）"
        shown = f"（空：{extra['empty']}）" if default in (None, "", ()) else str(default)
        yield SettingRow(_variable(field_name), shown, extra["allowed"], field.description or "")


def table() -> str:
    """Gives the settings as the Markdown table that the README holds."""
    rows = ["| 变量 | 默认 | 允许的值 | 含义 |", "|---|---|---|---|"]
    rows += [f"| `{row.name}` | {row.default} | {row.allowed} | {row.meaning} |" for row in describe()]
    return "\n".join(rows)


def load_settings() -> Settings:
    """Gives the checked settings of this process; raises ``WrongSetting`` that tells every wrong one at once."""
    faults = list(_unknown_names())
    try:
        settings = Settings()
    except ValidationError as fault:
        # The faults' own texts are English and may repeat a hidden value: only the place is taken.
        names = dict.fromkeys(str(error["loc"][0]) for error in fault.errors(include_input=False, include_url=False))
        faults += [_wrong_value(name) for name in names]
    else:
        faults += _wrong_together(settings)
        if not faults:
            return settings
    raise WrongSetting("设置有误，没有启动：\n" + "\n".join(f"  · {fault}" for fault in faults))


def _variable(field_name: str) -> str:
    return PREFIX + field_name.upper()


def _extra(field_name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", Settings.model_fields[field_name].json_schema_extra)


def _unknown_names() -> Iterator[str]:
    """Gives a fault for each XINTU_ name that is none of ours; its value stays unsaid, for it may be a secret."""
    known = [_variable(name) for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in (*known, *FOR_TESTS):
            near = difflib.get_close_matches(name.upper(), known, n=1)
            yield f"没有 {name} 这项设置；" + (f"是否要写 {near[0]}？" if near else f"可用：{'、'.join(known)}")


def _wrong_value(field_name: str) -> str:
    name = _variable(field_name)
    given = next((value for key, value in os.environ.items() if key.upper() == name), "")
    value = "（值不显示）" if _extra(field_name)["hidden"] else _without_password(given)
    return f"{name}={value} 不对；应为：{_extra(field_name)['allowed']}"


def _without_password(text: str) -> str:
    """Gives the text without what stands before an @: an address pasted whole carries user and password there."""
    return f"…{text[text.rindex('@') :]}" if "@" in text else text


def _wrong_together(settings: Settings) -> list[str]:
    """Gives the faults that only show when settings are seen together."""
    external = not settings.uses_embedded_database
    url, address = settings.database_url, settings.address
    faults = {
        "使用外部数据库时须设置 XINTU_SECRET；它与 XINTU_DATABASE_HOST 一同设置": external and not settings.secret,
        "XINTU_SECRET 只用于外部数据库；请同时设置 XINTU_DATABASE_HOST，或去掉它": bool(settings.secret)
        and not external,
        "XINTU_DATABASE_URL 与 XINTU_DATABASE_HOST 写的不是同一个数据库；请改为一致": (
            url is not None and address is not None and urlsplit(url).path[1:] != address.database
        ),
    }
    if settings.is_production:
        faults |= {
            f"XINTU_TODAY={settings.today} 不对；正式环境（XINTU_ENV=production）不能固定日期，请去掉": (
                settings.today is not None
            ),
            f"XINTU_SAMPLE={settings.sample} 不对；正式环境不生成示例数据，请设为 XINTU_SAMPLE=0": settings.sample != 0,
            "正式环境须用外部 PostgreSQL；请设置 XINTU_DATABASE_HOST 和 XINTU_SECRET": not external,
        }
    return [fault for fault, is_so in faults.items() if is_so]
