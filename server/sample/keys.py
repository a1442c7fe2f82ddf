"""演示密钥 one API key for each role, so that every door can be tried. Trial only; told once, like every key."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.accounts.service import KeyRole, issue_key
from server.database.connection import Database
from server.sample.goodwill import PARTNER
from server.sample.office import Office
from server.sample.world import Business


@dataclass(frozen=True, slots=True)
class DemoKey:
    """一个演示密钥: ``what`` tells in Chinese whose it is."""

    label: str
    role: str
    what: str
    key: str = field(repr=False)


async def issue_keys(database: Database, office: Office, firm: Business, fleet: Business) -> tuple[DemoKey, ...]:
    """Issues the keys: officer of the first bureau, another government body, partner, a firm's own, a fleet's device."""
    home = office.world.homes[0]
    officer, government, partner = "示例-经办人", "示例-其他部门", "示例-合作方"
    firm_label, device = "示例-企业", "示例-顶灯"
    return (
        DemoKey(
            officer,
            KeyRole.OFFICER,
            f"{home.bureau.name}经办人",
            await issue_key(database, label=officer, role=KeyRole.OFFICER, agency_code=home.code),
        ),
        DemoKey(
            government,
            KeyRole.GOVERNMENT,
            "其他政府部门（政务共享）",
            await issue_key(database, label=government, role=KeyRole.GOVERNMENT),
        ),
        DemoKey(
            partner,
            KeyRole.PARTNER,
            f"合作方 {PARTNER}（授权查询）",
            await issue_key(database, label=partner, role=KeyRole.PARTNER, partner=PARTNER),
        ),
        DemoKey(
            firm_label,
            KeyRole.SUBJECT,
            f"企业本身 {firm.name}",
            await issue_key(database, label=firm_label, role=KeyRole.SUBJECT, subject=office.ids[firm]),
        ),
        DemoKey(
            device,
            KeyRole.DEVICE,
            f"顶灯终端 {fleet.name}",
            await issue_key(database, label=device, role=KeyRole.DEVICE, subject=office.ids[fleet]),
        ),
    )
