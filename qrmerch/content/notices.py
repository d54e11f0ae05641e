"""What happened to a vendor's pages, told to the people of one house: in the app, and by mail.

Every function leaves the commit to its caller.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.catalog.models import Item
from qrmerch.content.models import Notice, Reader, Revision


def tell(
    db: Session,
    kind: str,
    item: Item,
    *,
    reader: Reader,
    at: datetime,
    revision: Revision | None = None,
    detail: dict[str, Any] | None = None,
) -> Notice:
    """Note for one house that something happened to an item's page.

    :param kind: sent, approved, returned, rejected, live, down, template or blocked.
    :param detail: plain JSON that the sentence needs, such as a reason or a slot.
    """
    notice = Notice(
        id=ids.new(),
        retailer_id=item.retailer_id,
        vendor_id=item.vendor_id,
        reader=reader,
        kind=kind,
        item_id=item.id,
        revision_id=revision.id if revision else None,
        detail=detail or {},
        at=at,
    )
    db.add(notice)
    db.flush()
    return notice
