"""The page that a key of kept pages stands for, rendered from the database."""

from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.rendering.kept import NOWHERE, RETIRED, STORE, PageKey, RenderedPage, pick_of
from qrmerch.rendering.service import render_item_page
from qrmerch.rendering.store_page import render_store_page


def render_key(db: Session, key: PageKey, *, at: datetime, base_url: str) -> RenderedPage:
    """A page as everybody without a cookie gets it.

    :param at: the instant that it shows.
    :param base_url: this installation's own address, for retailers without a proven host.
    """
    if key.form == STORE:
        return render_store_page(db, store_id=key.item_id, locale=key.locale, at=at)
    return render_item_page(
        db,
        item_id=key.item_id,
        store_id=key.store_id if key.store_id not in ("", NOWHERE) else None,
        locale=key.locale,
        at=at,
        is_retired=key.form == RETIRED,
        is_nowhere=key.store_id == NOWHERE,
        pick=pick_of(key.form),
        base_url=base_url,
    )
