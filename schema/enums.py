"""枚举 enums of the schema: stored key, GraphQL name and Chinese term in one place. Stored keys never change."""

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="公开范围 scope（共享、披露方式）")
class Scope(Enum):
    """公开范围."""

    PUBLIC = enum_value("public", description="社会公开 public")
    GOVERNMENT = enum_value("government", description="政务共享 government")
    AUTHORISED = enum_value("authorised", description="授权查询 authorised")


@strawberry.enum(description="撤下原因 withdrawal")
class Withdrawal(Enum):
    """撤下原因."""

    ANNULLED = enum_value("annulled", description="决定被撤销、变更或确认违法 annulled")
    REPAIRED = enum_value("repaired", description="信用修复 repaired")
    OBJECTION_UPHELD = enum_value("objection_upheld", description="异议成立 objection upheld")
    MISTAKEN = enum_value("mistaken", description="误报 mistaken")


@strawberry.enum(description="行政行为种类 record kind（十公示）")
class RecordKind(Enum):
    """十公示的种类."""

    LICENCE = enum_value("licence", description="行政许可 licence")
    PENALTY = enum_value("penalty", description="行政处罚 penalty")
    COMPULSION = enum_value("compulsion", description="行政强制 compulsion")
    CONFIRMATION = enum_value("confirmation", description="行政确认 confirmation")
    LEVY = enum_value("levy", description="行政征收 levy")
    PAYMENT = enum_value("payment", description="行政给付 payment")
    ADJUDICATION = enum_value("adjudication", description="行政裁决 adjudication")
    COMPENSATION = enum_value("compensation", description="行政补偿 compensation")
    REWARD = enum_value("reward", description="行政奖励 reward")
    INSPECTION = enum_value("inspection", description="行政监督检查 inspection")


@strawberry.enum(description="其他行政行为种类 act kind：十公示中许可、处罚以外的八类，用于查询")
class ActKind(Enum):
    """其他行政行为的种类: those of ``RecordKind`` that the table of acts can hold."""

    COMPULSION = enum_value("compulsion", description="行政强制 compulsion")
    CONFIRMATION = enum_value("confirmation", description="行政确认 confirmation")
    LEVY = enum_value("levy", description="行政征收 levy")
    PAYMENT = enum_value("payment", description="行政给付 payment")
    ADJUDICATION = enum_value("adjudication", description="行政裁决 adjudication")
    COMPENSATION = enum_value("compensation", description="行政补偿 compensation")
    REWARD = enum_value("reward", description="行政奖励 reward")
    INSPECTION = enum_value("inspection", description="行政监督检查 inspection")


@strawberry.enum(description="主体类别 subject kind（行政相对人类别）")
class SubjectKind(Enum):
    """主体类别."""

    ENTERPRISE = enum_value("enterprise", description="法人及非法人组织 enterprise")
    INDIVIDUAL_BUSINESS = enum_value("individual_business", description="个体工商户 individual business")
    PRACTITIONER = enum_value("practitioner", description="自然人 practitioner")
    VEHICLE = enum_value("vehicle", description="车辆 vehicle")


@strawberry.enum(description="失信程度 severity（按公示规则分档）")
class Severity(Enum):
    """失信程度."""

    MINOR = enum_value("minor", description="轻微 minor")
    GENERAL = enum_value("general", description="一般 general")
    SERIOUS = enum_value("serious", description="严重 serious")


@strawberry.enum(description="名单种类 list kind")
class ListKind(Enum):
    """名单种类."""

    SERIOUS = enum_value("serious", description="严重失信主体名单 serious")
    OVERLOAD = enum_value("overload", description="严重违法失信超限超载名单 overload")
    FOCUS = enum_value("focus", description="重点关注名单 focus")
    HONEST = enum_value("honest", description="守信激励名单 honest")


@strawberry.enum(description="许可状态 licence state")
class LicenceState(Enum):
    """许可状态."""

    VALID = enum_value("1", description="有效 valid")
    INVALID = enum_value("2", description="无效 invalid")


@strawberry.enum(description="承诺类型 commitment kind")
class CommitmentKind(Enum):
    """承诺类型."""

    APPROVAL = enum_value("审批替代", description="审批替代 approval：以承诺代替审批")
    MISSING_DOCUMENTS = enum_value("容缺受理", description="容缺受理 missing documents：先受理，承诺按期补齐材料")
    VOLUNTARY = enum_value("主动公示", description="主动公示 voluntary：主体自己公开的守信承诺")
    SELF_DISCIPLINE = enum_value("行业自律", description="行业自律 self-discipline：行业协会会员的承诺")
    REPAIR = enum_value("信用修复", description="信用修复 repair：申请修复时作出")
    PROOF = enum_value("证明事项", description="证明事项 proof：以承诺代替证明")
    MINOR_VIOLATION = enum_value("轻微免罚", description="轻微免罚 minor violation：轻微违法免予处罚时作出")


@strawberry.enum(description="履约状态 commitment state")
class CommitmentState(Enum):
    """履约状态."""

    OPEN = enum_value("open", description="履行中 open")
    KEPT = enum_value("kept", description="已履约 kept")
    PARTLY = enum_value("partly", description="部分履约 partly kept")
    BROKEN = enum_value("broken", description="违诺 broken")


@strawberry.enum(description="经营状态 subject state：车辆为营运状态")
class SubjectState(Enum):
    """经营状态."""

    ACTIVE = enum_value("active", description="存续 active")
    CLOSED = enum_value("closed", description="注销 closed")


@strawberry.enum(description="批次状态 import state")
class ImportState(Enum):
    """批次状态."""

    RUNNING = enum_value("running", description="进行中 running")
    DONE = enum_value("done", description="完成 done")
    FAILED = enum_value("failed", description="失败 failed")


@strawberry.enum(description="待更正数据的状态 correction state")
class CorrectionState(Enum):
    """待更正数据的状态."""

    OPEN = enum_value("open", description="待更正 open")
    SETTLED = enum_value("settled", description="已更正 settled")
    DROPPED = enum_value("dropped", description="已放弃 dropped")


@strawberry.enum(description="证件类型 certificate type（自然人，国家数据项目录）")
class CertificateType(Enum):
    """证件类型."""

    ID_CARD = enum_value("身份证", description="居民身份证 ID card")
    PASSPORT = enum_value("护照号", description="护照 passport")
    HOME_RETURN_PERMIT = enum_value("港澳居民来往内地通行证", description="港澳居民来往内地通行证 home return permit")
    MAINLAND_TRAVEL_PERMIT = enum_value(
        "台湾居民来往大陆通行证", description="台湾居民来往大陆通行证 mainland travel permit"
    )
    PERMANENT_RESIDENT = enum_value("外国人永久居留身份证", description="外国人永久居留身份证 permanent resident")

    def __str__(self) -> str:
        """The word of the national list, by which a number's keyed hash is made."""
        return str(self.value)


@strawberry.enum(description="车牌颜色 plate colour：与车牌号一起识别一辆车")
class PlateColour(Enum):
    """车牌颜色."""

    BLUE = enum_value("blue", description="蓝 blue")
    YELLOW = enum_value("yellow", description="黄 yellow")
    BLACK = enum_value("black", description="黑 black")
    WHITE = enum_value("white", description="白 white")
    GREEN = enum_value("green", description="绿 green")
    YELLOW_GREEN = enum_value("yellow_green", description="黄绿双拼 yellow-green")
    GRADIENT_GREEN = enum_value("gradient_green", description="渐变绿 gradient green")
    OTHER = enum_value("other", description="其他 other")


@strawberry.enum(description="车辆用途 vehicle purpose")
class VehiclePurpose(Enum):
    """车辆用途."""

    TAXI = enum_value("taxi", description="巡游出租 cruising taxi")
    RIDE_HAILING = enum_value("ride_hailing", description="网约车 ride hailing")
    FREIGHT = enum_value("freight", description="道路货运 freight")
    PASSENGER = enum_value("passenger", description="道路客运 passenger")
    DANGEROUS = enum_value("dangerous", description="危险货物运输 dangerous goods")
    BUS = enum_value("bus", description="城市公交 bus")
    COACHING = enum_value("coaching", description="教练车 coaching")
    OTHER = enum_value("other", description="其他 other")


@strawberry.enum(description="门 door：查询者从哪一扇门看；每个查询者恰有一扇，门决定看得到什么")
class ViewerDoor(Enum):
    """门."""

    PUBLIC = enum_value("public", description="社会公众 public：没有密钥，或没有有效授权的合作方")
    SUBJECT = enum_value("subject", description="信用主体本人或其授权的合作方 subject")
    GOVERNMENT = enum_value("government", description="其他政府机关 government")
    AGENCY = enum_value("agency", description="本系统机关的工作人员 agency")
    DEVICE = enum_value("device", description="终端 device：只用于顶灯接口")


@strawberry.enum(description="岗位 duty：工作人员在本机关内可以做什么")
class Duty(Enum):
    """岗位."""

    CLERK = enum_value("clerk", description="经办 clerk")
    REVIEWER = enum_value("reviewer", description="审核 reviewer")
    PUBLISHER = enum_value("publisher", description="发布 publisher")
    AUDITOR = enum_value("auditor", description="审计 auditor")
    ADMINISTRATOR = enum_value("administrator", description="管理员 administrator")


def stored_key(member: Enum) -> str:
    """Gives what the tables hold for an enum value: the conversion of every argument of an enum."""
    return str(member.value)


@strawberry.enum(description="信息性质 nature：目录事项是基础、正面还是负面信息")
class Nature(Enum):
    """信息性质."""

    BASIC = enum_value("basic", description="基础信息 basic")
    POSITIVE = enum_value("positive", description="正面信息 positive")
    NEGATIVE = enum_value("negative", description="负面信息 negative")


@strawberry.enum(description="核实程度 source mark：一条规定与原文核对到什么程度")
class SourceMark(Enum):
    """核实程度."""

    VERIFIED = enum_value("verified", description="已与原文核对 verified")
    KNOWN = enum_value("known", description="已知而未与原文核对 known")
    UNCERTAIN = enum_value("uncertain", description="待核实 uncertain：由本局核定")


@strawberry.enum(description="公示起算 disclosure start")
class DisclosureStart(Enum):
    """公示起算."""

    IN_STORE = enum_value("in_store", description="入库之日起 in store")
    EFFECTIVE = enum_value("effective", description="生效之日起 effective：结果公示、异议期满以后")


@strawberry.enum(description="公示截止 disclosure end：写明最长公示期的，以先到者为准")
class DisclosureEnd(Enum):
    """公示截止."""

    DECIDED = enum_value("decided", description="自决定之日起满最长公示期 decided")
    VALID_UNTIL = enum_value("valid_until", description="有效期届满次日 valid until")
    EFFECTIVE_UNTIL = enum_value("effective_until", description="失效日 effective until")
    LISTED_UNTIL = enum_value("listed_until", description="移出日 listed until")
    NEVER = enum_value("never", description="长期公示 never")


@strawberry.enum(description="可申请修复的时点 repair opening")
class RepairOpening(Enum):
    """可申请修复的时点."""

    SHORTEST_TERM = enum_value("shortest_term", description="满最短公示期之日 shortest term")
    NEXT_DAY = enum_value("next_day", description="决定次日 next day")
    NONE = enum_value("none", description="不属于可修复的失信信息 none")


@strawberry.enum(description="检索的种类 search kind")
class SearchKind(Enum):
    """检索的种类."""

    ENTERPRISE = enum_value("enterprise", description="企业 enterprise")
    INDIVIDUAL_BUSINESS = enum_value("individual_business", description="个体工商户 individual business")
    VEHICLE = enum_value("vehicle", description="车辆 vehicle：只按车牌号")


@strawberry.enum(description="读法 search reading：输入的内容被当作什么")
class SearchReading(Enum):
    """读法."""

    EMPTY = enum_value("empty", description="没有可查的内容 empty：空白、只有标点，或者过长")
    NAME = enum_value("name", description="名称 name：全名，或其中的字、词")
    INITIALS = enum_value("initials", description="拼音首字母 initials，或名称中的字母")
    PINYIN = enum_value("pinyin", description="全拼 pinyin，也可能是首字母，或名称中的字母")
    USCC = enum_value("uscc", description="统一社会信用代码 uscc")
    ORGANISATION_CODE = enum_value("organisation_code", description="组织机构代码 organisation code")
    PLATE = enum_value("plate", description="车牌号 plate：不写颜色的，各种颜色都找")
    PERSONAL_NUMBER = enum_value("personal_number", description="像是个人的号码 personal number：不查，也不记录")
    OTHER_NUMBER = enum_value("other_number", description="其他号码 other number：不能在这里查的号码")


@strawberry.enum(description="对上的方式 search match")
class SearchMatch(Enum):
    """对上的方式: in the order in which hits are told."""

    CODE = enum_value("code", description="代码 code：代码就是它的")
    PLATE = enum_value("plate", description="车牌 plate：车牌号就是它的")
    EXACT = enum_value("exact", description="名称相同 exact：不计“有限公司”一类的字和“省、市、县”")
    BRAND = enum_value("brand", description="字号相同 brand：字号相同，其余的词它也有")
    PREFIX = enum_value("prefix", description="开头相同 prefix：名称以输入的内容开头")
    WORDS = enum_value("words", description="词都有 words：输入的词它都有")
    INITIALS = enum_value("initials", description="首字母相同 initials：名称或去掉地名后的拼音首字母以此开头")
    SIMILAR = enum_value("similar", description="相近 similar：没有一个对上时，读音、字形或用词相近的名称")


def enum_sql(kind: type[Enum], column: str) -> str:
    """Gives the SQL that turns a stored key into the GraphQL name; an unknown key gives null, never a wrong name."""
    cases = " ".join(f"WHEN '{member.value}' THEN '{member.name}'" for member in kind)
    return f"CASE {{row}}.{column} {cases} END"


def enums_sql(column: str) -> str:
    """Gives the SQL for a list of stored keys; right for enums whose names are their keys in capitals."""
    return f"upper({{row}}.{column}::text)::text[]"
