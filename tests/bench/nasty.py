"""恶意查询 the nastiest requests of at most 8 KB that we could think of, each an attempt to make the service work too long.

Not for what is answered: an answer and a refusal are both fine, so long as they are quick. Every request differs by a
``seed`` in its names, so that no cache helps; ``Known`` names rows that exist, so that the database has to work too.
The benchmark times them on a large database; the tests count steps and rows by the same requests.

In the texts ``§`` stands for the seed; in a text that is repeated ``¶`` stands for its number and ``¢`` for a code.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from graphql import get_introspection_query

#: Bytes of a request's body.
MOST = 8_192
Variables = dict[str, Any]
#: Name, text and variables.
Made = tuple[str, str, Variables | None]


@dataclass(frozen=True, slots=True)
class Known:
    """已有的 codes and global ids of rows in the database that is asked; invented ones where there is none."""

    usccs: tuple[str, ...] = ("91370117MA0000001L",)
    ids: tuple[str, ...] = field(
        default_factory=lambda: tuple(urlsafe_b64encode(b"EN" + UUID(int=n).bytes).decode() for n in range(20))
    )


@dataclass(frozen=True, slots=True)
class Nasty:
    """一个恶意请求: its name in the report and the body of a POST."""

    name: str
    body: bytes


def body_of(query: str, variables: Variables | None = None) -> bytes:
    """Gives the request's body as a client that saves bytes writes it."""
    given: Variables = {"query": query} | ({"variables": variables} if variables else {})
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()


def _filled(
    head: str, pieces: str | tuple[str, ...], tail: str = "}", most: int = 100_000, known: Known | None = None
) -> str:
    """Repeats the pieces in turn as often as the bound of bytes lets it; the seed has five digits."""
    choices = (pieces,) if isinstance(pieces, str) else pieces
    usccs = (known or Known()).usccs
    left, parts = MOST - len(body_of((head + tail).replace("§", "12345"))), [head]
    for number in range(most):
        part = choices[number % len(choices)].replace("¶", str(number)).replace("¢", usccs[number % len(usccs)])
        left -= len(json.dumps(part.replace("§", "12345"), ensure_ascii=False).encode()) - 2
        if left < 0:
            break
        parts.append(part)
    return "".join(parts) + tail


def _nested(opening: str, inner: str, depth: int) -> str:
    return opening * depth + inner + "}" * (opening.count("{") * depth)


ROOTS = ("enterprises", "individualBusinesses", "vehicles", "licences", "penalties", "acts", "ratings", "listEntries")
ROOTS += ("commitments", "grants", "agencies", "benefitProducts")
OF_SUBJECT = ("licences", "penalties", "acts", "ratings", "listEntries", "commitments", "grants")
PARTIES = ("Enterprise", "IndividualBusiness", "Practitioner")
TYPES = (
    *PARTIES,
    "Vehicle",
    "Licence",
    "Penalty",
    "Act",
    "Rating",
    "ListEntry",
    "Commitment",
    "BenefitGrant",
    "Agency",
)
#: A filter that no row passes, or only those at the far end, for each root that has one.
MISSES = (
    'penalties(first:1,agency:"000000")',
    'licences(first:1,decidedFrom:"9998-01-01")',
    'penalties(last:1,decidedTo:"1900-01-01")',
    'ratings(first:1,standard:"road_enterprise_quality",grade:"没有")',
    'ratings(first:1,standard:"none",year:1949)',
    'ratings(last:1,agency:"000000")',
    'enterprises(first:1,sector:"没有")',
    'enterprises(first:1,division:"540100")',
    'listEntries(first:1,quarter:"1949Q1")',
    'listEntries(last:1,kind:HONEST,agency:"000000")',
    "commitments(first:1,kind:PROOF)",
    'grants(first:1,product:"没有")',
    'grants(last:1,grantedTo:"1900-01-01")',
    "acts(first:1,kind:COMPENSATION)",
    "vehicles(first:1,purpose:BUS)",
)
#: Two filters at once, each of which many rows pass and hardly any both.
CROSSED = (
    'penalties(first:100,agency:"370116",decidedTo:"2024-01-05")',
    'licences(last:100,agency:"370283",decidedFrom:"2026-05-01")',
    'ratings(first:100,standard:"road_enterprise_quality",grade:"B",year:2023,agency:"370102")',
    'enterprises(first:100,sector:"道路客运",division:"370283")',
    'listEntries(first:100,kind:SERIOUS,quarter:"2026Q2")',
    'commitments(last:100,agency:"370116",signedTo:"2024-06-03")',
    'vehicles(last:100,purpose:FREIGHT,division:"370116")',
)


def _large(_known: Known) -> Iterator[Made]:
    """What is large or deep in itself."""
    yield "一千个相同字段", _filled("query q§{service{", "today ", "}}"), None
    yield "相同的连接", _filled("query q§{", "agencies{totalCount}"), None
    yield "同名异参", _filled("query q§{", 'a:enterprise(uscc:"¶"){name}'), None
    yield "很多别名", _filled("query q§{service{", "a¶:today ", "}}"), None
    yield "深括号", "query q§" + "{" * 4000, None
    yield "深列表", "query q§{nodes(ids:" + "[" * 3900 + "]" * 3900 + "){id}}", None
    yield "深对象", "query q§{enterprise(uscc:" + "{a:" * 2600 + "){name}}", None
    yield "只有注释", _filled("#§\n", "# 注释\n", ""), None
    yield "只有逗号", "query q§{" + "," * 8000 + "service{today}}", None
    yield "长名称", "query q§{" + "a" * 8000 + ":service{today}}", None
    yield "长数字", "query q§{enterprises(first:" + "9" * 8000 + "){totalCount}}", None
    yield "长小数", "query q§{enterprises(first:1e" + "9" * 8000 + "){totalCount}}", None
    yield "转义", 'query q§{enterprise(uscc:"' + "\\u0041" * 1100 + '"){name}}', None
    yield "反斜线", 'query q§{enterprise(uscc:"' + "\\\\" * 1900 + '"){name}}', None
    yield "块文本", 'query q§{enterprise(uscc:"""' + '\n \\"""' * 700 + '"""){name}}', None
    yield "块文本缩进", 'query q§{enterprise(uscc:"""' + "\n " * 2500 + '"""){name}}', None
    yield "不闭合的文本", "query q§{" + '"' * 3900, None
    yield "中文名称", _filled("query q§{", "企业¶ "), None
    yield "没用的变量", _filled("query q§(", "$v¶:[[Int]]=[[¶]],", "){service{today}}"), None
    yield "很多操作", _filled("", "query q§x¶{service{today}}", ""), None
    yield "很多无名操作", _filled("", "{service{today}}", "query q§{viewer{name}}"), None
    yield "很多指令", _filled("query q§{service", "@skip(if:false)", "{today}}"), None
    yield "不认识的字段", _filled("query q§{", "enterprize¶§ "), None
    yield "不认识的参数", _filled("query q§{enterprise(", "uscd¶:1,", "){name}}"), None
    yield "不认识的类型", _filled("query q§{", "...on Enterprize¶{id}"), None
    yield "不认识的变量", _filled("query q§{", "a¶:enterprise(uscc:$v¶){id}"), None


def _fragments(_known: Known) -> Iterator[Made]:
    """What grows when fragments are spread, and what the overlap rule compares in pairs."""
    start = "query q§{enterprises(first:1){edges{node{...f0}}}}"
    for depth in (12, 58):
        links = "".join(f"fragment f{n} on Enterprise{{a{n}:name ...f{n + 1} ...f{n + 1}}}" for n in range(depth))
        yield f"片断 {depth} 层各展两次", f"{start}{links}fragment f{depth} on Enterprise{{name}}", None
    web = "query q§{service{...f0}}"
    for n in range(50):
        spreads = " ".join(f"...f{m}" for m in range(n + 1, min(n + 18, 50)))
        web += f"fragment f{n} on Service{{a{n}:today {spreads}}}"
    yield "片断互相展开", web, None
    yield "片断循环", _filled("query q§{...f0}", "fragment f¶ on Query{...f¶ ...f0}", ""), None
    yield "三百个无用片断", _filled("query q§{service{today}}", "fragment f¶ on Query{viewer{name}}", ""), None
    yield "同一片断很多次", _filled("query q§{service{", "...f ", "}}fragment f on Service{today revision}"), None
    yield "内联片断很深", "query q§{" + _nested("...on Query{", "service{today}", 600) + "}", None
    chain = (
        "".join(f"fragment f{n} on Query{{...f{n + 1}}}" for n in range(58))
        + "fragment f58 on Query{enterprises(first:$v){pageInfo{endCursor}}}"
    )
    yield "操作乘片断", _filled("", "query q§x¶($v:Int){...f0}", chain), None
    pairs = "".join(
        f'fragment f{n} on Query{{enterprise(uscc:"{n}"){{...g{n} name}}}}fragment g{n} on Enterprise{{a:uscc}}'
        for n in range(29)
    )
    yield "片断两两相比", "query q§{" + "".join(f"...f{n} " for n in range(29)) + "}" + pairs, None


def _misses(_known: Known) -> Iterator[Made]:
    """What the database may have to look for through a whole table."""
    for number, miss in enumerate(MISSES + CROSSED, 1):
        yield f"筛选 {number}", "query q§{a§:" + miss + "{edges{node{id}}}}", None
        yield f"筛选的总数 {number}", "query q§{a§:" + miss + "{totalCount}}", None
    every = tuple(f"a¶:{miss}{{edges{{cursor}}}}" for miss in MISSES)
    yield "全部筛选", _filled("query q§{", every, most=len(MISSES)), None
    for root in ROOTS:
        yield f"最旧的一百条 {root}", "query q§{a§:" + root + "(last:100){edges{node{id}}}}", None
    yield "极端的日期", 'query q§{penalties(decidedFrom:"0001-01-01",decidedTo:"9999-12-31"){totalCount}}', None
    number = '"' + "〔罚〕" * 20 + '¶"'
    yield (
        "文号",
        _filled("query q§{", f'a¶:penalty(authorityUscc:"11370100004260001X",documentNumber:{number}){{id}}'),
        None,
    )
    yield "查人", "query q§($n:String!){practitioner(certificateNumber:$n){name}}", {"n": "9" * 7900}
    cursor = urlsafe_b64encode(b"9" * 5500).decode()
    yield "长游标", f'query q§{{enterprises(after:"{cursor}"){{totalCount}}}}', None


def _reads(known: Known) -> Iterator[Made]:
    """What makes the database plan, read or count much."""
    pages = tuple(f"a¶:{root}(first:100){{edges{{cursor}}}}" for root in ROOTS)
    yield "一百个连接各一百条", _filled("query q§{", pages, most=100), None
    totals = tuple(f"a¶:{root}(first:0){{totalCount}}" for root in ROOTS)
    yield "各处总数", _filled("query q§{", totals), None
    yield "各处总数，十二个", _filled("query q§{", totals, most=12), None
    under = (
        "ratings(first:5){edges{node{grade points{points}}}}penalties(first:5){edges{node{facts disclosure{basis}}}}"
    )
    for size in (30, 60, 100):
        yield f"主体 {size} 家连同事实", f"query q§{{a§:enterprises(first:{size}){{edges{{node{{{under}}}}}}}}}", None
    empty = "".join(f"{name}(first:0){{edges{{cursor}}}}" for name in OF_SUBJECT)
    for most in (10, 20, 60):
        text = _filled("query q§{", f'a¶:enterprise(uscc:"¢"){{{empty}}}', most=most, known=known)
        yield f"空页的大语句 {most}", text, None
    one = 'a¶:enterprise(uscc:"¢"){ratings(first:1){totalCount}}'
    for most in (35, 100, 400):
        yield f"主体 {most} 个别名", _filled("query q§{", one, most=most, known=known), None
    yield "隐藏的人", "query q§{vehicles(first:100){edges{node{driver{__typename ...on Practitioner{name}}}}}}", None
    persons = "party{...on Practitioner{name licences(first:10){totalCount}}}"
    yield "人的记录", f"query q§{{penalties(first:100){{edges{{node{{{persons}}}}}}}}}", None
    month = 'a¶:recordCounts(kind:PENALTY,fromMonth:"2020-01",months:24){count}'
    grade = 'a¶:ratingCounts(standard:"road_enterprise_quality",fromYear:2020,years:6){count}'
    for most in (1, 4, 40):
        yield f"按月计数 {most}", _filled("query q§{", month, most=most), None
        yield f"按等级计数 {most}", _filled("query q§{", grade, most=most), None
    lists = ("catalogue{name}", "measures{content}", "standards{key}", "disclosureTerms{basis}", "glossary{definition}")
    for most in (5, 100):
        yield f"参考表 {most}", _filled("query q§{", tuple(f"a¶:{name}" for name in lists), most=most), None
    past = 'a¶:enterprise(uscc:"¢",asOf:"2026-06-01"){ratings{totalCount}penalties{edges{node{facts}}}}'
    for most in (1, 10, 100):
        yield f"以前的一天 {most}", _filled("query q§{", past, most=most, known=known), None


def _graph(known: Known) -> Iterator[Made]:
    """What walks from fact to party and back."""
    ids = ",".join(f'"{known.ids[n % len(known.ids)]}"' for n in range(100))
    yield "节点一百个", f"query q§{{nodes(ids:[{ids}]){{id}}}}", None
    yield "节点八千字节", "query q§($i:[ID!]!){nodes(ids:$i){id __typename}}", {"i": [*known.ids * 400][:260]}
    few = ",".join(f'"{known.ids[n % len(known.ids)]}"' for n in range(20))
    under = "".join(f"{name}(first:1){{edges{{node{{id}}}}}}" for name in OF_SUBJECT)
    # Other names for the same field: of equal ones only ten are allowed.
    types = "".join(
        f"...on {name}{{i{place}:id {under if name in PARTIES else ''}}}" for place, name in enumerate(TYPES)
    )
    yield "节点全部类型", f"query q§{{nodes(ids:[{few}]){{{types}}}}}", None
    yield "节点很多别名", _filled("query q§{", f'a¶:node(id:"{known.ids[0]}"){{id}}'), None
    opening = "party{...on Enterprise{penalties(first:2){edges{node{"
    for depth in (2, 3, 4):
        yield (
            f"当事人 {depth} 层",
            "query q§{penalties(first:2){edges{node{" + _nested(opening, "id", depth) + "}}}}",
            None,
        )
    opening = "ratings(first:3){edges{node{bases(first:3){edges{node{record{party{...on Enterprise{"
    start = f'query q§{{enterprise(uscc:"{known.usccs[0]}"){{'
    for depth in (1, 2):
        yield f"评价依据 {depth} 层", start + _nested(opening, "name", depth) + "}}", None
    for levels in (1, 2, 3):
        yield f"联合类型 {levels} 层", "query q§{penalties(first:1){edges{node{" + _parties(levels) + "}}}}", None


def _parties(levels: int) -> str:
    """At each level each type of the union, and under each its penalties with their parties."""
    if levels == 0:
        return "party{__typename}"
    inner = _parties(levels - 1)
    return (
        "party{" + "".join(f"...on {name}{{penalties(first:1){{edges{{node{{{inner}}}}}}}}}" for name in PARTIES) + "}"
    )


def _schema(_known: Known) -> Iterator[Made]:
    """What asks for the schema itself."""
    yield "标准内省", get_introspection_query().replace("IntrospectionQuery", "q§"), None
    yield "内省逐层", "query q§{__schema{types{" + _nested("fields{type{", "name", 6) + "}}}", None
    yield "内省多次", _filled("query q§{", 'a¶:__type(name:"Enterprise"){fields{name}}'), None
    yield "内省五次", _filled("query q§{", 'a¶:__type(name:"Enterprise"){fields{name args{name}}}', most=5), None
    yield "内省别名", _filled("query q§{__schema{", "a¶:types{fields{name args{name description}}}", "}}"), None
    yield "类型名", _filled("query q§{", "a¶:__typename "), None


def _raw(seed: int) -> Iterator[Nasty]:
    """What is no GraphQL at all, or whose variables are the trouble."""
    ask = f'{{"query":"query q{seed}($v:Int){{enterprises(first:$v){{totalCount}}}}","variables":'
    yield Nasty("JSON 深数组", b"[" * MOST)
    yield Nasty("全是空格", b" " * MOST)
    yield Nasty("批量", b"[" + b",".join([b'{"query":"{service{today}}"}'] * 280) + b"]")
    values = {
        "变量深数组": "[" * 3900 + "]" * 3900,
        "变量长数字": "9" * 7900,
        "变量长小数": "1e" + "9" * 7900,
        "变量转义": '"' + "\\u0041" * 1300 + '"',
        "变量代理字符": '"' + "\\ud800" * 1300 + '"',
        "变量空列表": "[" + ",".join(["[]"] * 2600) + "]",
    }
    for name, value in values.items():
        yield Nasty(name, (ask + '{"v":' + value + "}}").encode())
    yield Nasty("变量很多", (ask + "{" + ",".join(f'"v{n}":{n}' for n in range(720)) + "}}").encode())
    yield Nasty("变量同名", (ask + "{" + ",".join(['"v":1'] * 1300) + "}}").encode())


def requests(seed: int, known: Known | None = None) -> list[Nasty]:
    """Gives all of them; another ``seed`` (a number of five digits) gives others that no cache has seen."""
    made = [
        Nasty(name, body_of(query.replace("§", str(seed)), variables))
        for part in (_large, _fragments, _misses, _reads, _graph, _schema)
        for name, query, variables in part(known or Known())
    ]
    return [*made, *_raw(seed)]
