"""Which till this is: one of the associate's own stores."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.access import Principal
from qrmerch.associates.pages import Here
from qrmerch.errors import Conflict, NotFound
from qrmerch.offers.queries import find_last_store_id
from qrmerch.offers.service import Till
from qrmerch.parties.models import Store


class NoStore(Conflict):
    """An associate without a store has no till."""

    slug = "no_store"


def get_till(db: Session, principal: Principal, wanted: str) -> Till:
    """The till of a store that was chosen, else of the one where this associate did something last.

    :raises NotFound: the chosen store is not one of their own.
    :raises NoStore: they have none.
    """
    stores = list_own_stores(db, principal)
    if not stores:
        raise NoStore("You have no store yet. Ask the owner to choose one for you.")
    if wanted and wanted not in stores:
        raise NotFound()
    last = find_last_store_id(db, principal.user_id, list(stores)) if len(stores) > 1 and not wanted else None
    store = stores[wanted or last or next(iter(stores))]
    return Till(store, principal.user_id)


def list_own_stores(db: Session, principal: Principal) -> dict[str, Store]:
    """An associate's stores by id, in the order of their codes."""
    wanted = select(Store).where(Store.id.in_(principal.store_ids), Store.retailer_id == principal.retailer_id)
    return {store.id: store for store in db.scalars(wanted.order_by(Store.code))}


def here(db: Session, principal: Principal, till: Till) -> Here:
    """The same for a page."""
    pairs = tuple((each.id, each.short_name) for each in list_own_stores(db, principal).values())
    return Here(till.store.id, till.store.short_name, pairs)
