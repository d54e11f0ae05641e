"""A vendor's first hour with a retailer: from the invitation to the first approved page, step by step."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.models import Approval, Revision, Verdict
from qrmerch.media.models import Asset
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.parties.terms import is_agreed
from qrmerch.studio.pages import FirstHour, Step
from qrmerch.studio.standing import Standing


def list_first_hours(
    db: Session, vendor_id: str, retailers: Sequence[Retailer], standings: Sequence[Standing], *, has_products: bool
) -> list[FirstHour]:
    """The steps with each retailer where no page was approved yet; a retailer's own range has no first hour."""
    if db.get_one(Vendor, vendor_id).is_house:
        return []
    approved = (
        select(Revision.retailer_id)
        .join(Approval, Approval.revision_id == Revision.id)
        .where(Revision.vendor_id == vendor_id, Approval.verdict == Verdict.APPROVED)
        .distinct()
    )
    sent = select(Revision.retailer_id).where(Revision.vendor_id == vendor_id, Revision.submitted_at.is_not(None))
    begun, through = set(db.scalars(sent.distinct())), set(db.scalars(approved))
    has_file = has_products or db.scalar(select(Asset.id).where(Asset.vendor_id == vendor_id).limit(1)) is not None
    found = []
    for retailer in retailers:
        if retailer.id not in through:
            here = [each for each in standings if each.retailer_id == retailer.id]
            steps = _steps(db, vendor_id, retailer, here, has_file=has_file, is_sent=retailer.id in begun)
            found.append(FirstHour(retailer.id, retailer.name, steps, sum(each.is_done for each in steps)))
    return found


def _steps(
    db: Session, vendor_id: str, retailer: Retailer, here: Sequence[Standing], *, has_file: bool, is_sent: bool
) -> tuple[Step, ...]:
    name, house = retailer.name, f"/studio/retailers/{retailer.id}"
    supply = find_supply(db, retailer.id, vendor_id)
    is_seen = supply is not None and supply.brand_seen_at is not None
    steps = [Step("Come in", f"You accepted the invitation of {name}.", "", "", True)]
    if retailer.vendor_terms:
        why = "What they ask of everybody who writes their pages. No page can be sent before."
        steps.append(Step("Agree to the terms", why, house, "Read", is_agreed(db, retailer, vendor_id)))
    why = "The colours and letters are theirs; the words and pictures are yours."
    steps.append(Step("Look at the brand", why, house, "Look", is_seen))
    why = "A Shopify, Magento or Vendure export, or a plain CSV. Nothing is written before you have seen it."
    steps.append(Step("Import your items", why, "/studio/import", "Import", has_file))
    unsent = next((each for each in here if each.state in ("draft", "none", "returned", "rejected")), None)
    why = "The form shows beside it what shoppers will see." if here else "List an item there first: choose a product."
    href = unsent.href if unsent else "/studio/products"
    steps.append(Step("Send the first page", why, href, "Write" if here else "Choose", is_sent))
    waiting = next((each for each in here if each.state == "submitted"), None)
    back = next((each for each in here if each.state in ("returned", "rejected")), None)
    why = (
        f"{name} looks at it; you get a message when they answer."
        if waiting or not back
        else f"{name} answered: see why."
    )
    target = back if back and not waiting else waiting
    steps.append(Step("Have it approved", why, target.href if target else "", "Open" if target else "", False))
    return tuple(steps)
