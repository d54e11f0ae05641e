"""The page that a key of kept pages stands for, rendered from the database."""

from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.rendering.kept import (
    LOOK,
    NOWHERE,
    OCCASION,
    RETIRED,
    RETIRED_LOOK,
    RETIRED_OCCASION,
    STORE,
    PageKey,
    RenderedPage,
    pick_of,
)
from qrmerch.rendering.look_page import render_look_page
from qrmerch.rendering.occasion_page import render_occasion_page
from qrmerch.rendering.service import render_item_page
from qrmerch.rendering.store_page import render_store_page


def render_key(db: Session, key: PageKey, *, at: datetime, base_url: str) -> RenderedPage:
    """A page as everybody without a cookie gets it.

    :param at: the instant that it shows.
    :param base_url: this installation's own address, for retailers without a proven host.
    """
    if key.form == STORE:
        return render_store_page(db, store_id=key.item_id, locale=key.locale, at=at)
    is_nowhere = key.store_id == NOWHERE
    store_id = key.store_id if key.store_id and not is_nowhere else None
    if key.form in (LOOK, RETIRED_LOOK):
        return render_look_page(
            db,
            look_id=key.item_id,
            store_id=store_id,
            locale=key.locale,
            at=at,
            is_retired=key.form == RETIRED_LOOK,
            is_nowhere=is_nowhere,
        )
    if key.form in (OCCASION, RETIRED_OCCASION):
        return render_occasion_page(
            db,
            occasion_id=key.item_id,
            store_id=store_id,
            locale=key.locale,
            at=at,
            is_retired=key.form == RETIRED_OCCASION,
        )
    return render_item_page(
        db,
        item_id=key.item_id,
        store_id=store_id,
        locale=key.locale,
        at=at,
        is_retired=key.form == RETIRED,
        is_nowhere=is_nowhere,
        pick=pick_of(key.form),
        base_url=base_url,
    )
