"""Codes in a vendor's pictures that would send a shopper away, as links in words do.

Fine are the retailer's own proven hosts, and what is printed for the retailer on the installation's host. A code
without an address is told to nobody. In a page that was sent, a picture that nobody has looked through counts as one
with a code.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.models import Revision
from qrmerch.errors import FormError
from qrmerch.i18n import format_list
from qrmerch.media.models import Asset, AssetKind, AssetState
from qrmerch.media.picture_codes import find_house, is_on, list_addresses, said_end
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import list_own_hosts

_UNREAD: Final = "has not been looked through for codes yet: look closely."
_KINDS: Final = {"Aztec": "an Aztec code", "DataMatrix": "a Data Matrix code"}
_NAMED: Final = 3


def find_leading_away(db: Session, retailer_id: str | None, assets: Iterable[Asset]) -> dict[str, str]:
    """Which of these pictures hold a code that leads away, by asset id, each with the end of a sentence about it.

    :param retailer_id: on whose pages they are to stand; None for anybody's, who owns nothing.
    """
    hosts = list_own_hosts(db, retailer_id) if retailer_id else frozenset()
    found = {}
    for each in assets:
        if each.kind != AssetKind.PICTURE or each.state != AssetState.READY:
            continue
        if said := _say(_list_away(db, retailer_id, hosts, each.codes or [])):
            found[each.id] = said
    return found


def find_at_houses(db: Session, retailers: Sequence[Retailer], assets: Collection[Asset]) -> dict[str, str]:
    """As `find_leading_away`, for pictures that may stand with any of these retailers; whole sentences."""
    if not retailers:
        return {each: f"This picture {said}" for each, said in find_leading_away(db, None, assets).items()}
    by_house = {each.name: find_leading_away(db, each.id, assets) for each in retailers}
    found = {}
    for asset in assets:
        where = [name for name, leading in by_house.items() if asset.id in leading]
        if where:
            only = "" if len(where) == len(by_house) else f" That is so at {format_list(where, 'en')}."
            found[asset.id] = f"This picture {by_house[where[0]][asset.id]}{only}"
    return found


def find_in_revision(db: Session, revision: Revision) -> dict[str, str]:
    """As `find_leading_away`, of the pictures that were sent with a revision, those in front of its films too."""
    return find_in_revisions(db, [revision]).get(revision.id, {})


def find_in_revisions(db: Session, revisions: Collection[Revision]) -> dict[str, dict[str, str]]:
    """The same of several of one retailer's, by revision id; those without such a picture are left out."""
    ids = {each.id: _list_pictures(each.body) for each in revisions}
    wanted = sorted({asset_id for several in ids.values() for asset_id in several})
    if not wanted:
        return {}
    assets = {each.id: each for each in db.scalars(select(Asset).where(Asset.id.in_(wanted)))}
    found = {each.id: _UNREAD for each in assets.values() if each.codes is None and not each.kind.is_recording}
    found |= find_leading_away(db, next(iter(revisions)).retailer_id, assets.values())
    by_revision = {of: {each: found[each] for each in several if each in found} for of, several in ids.items()}
    return {of: those for of, those in by_revision.items() if those}


def refuse_unread(db: Session, revision: Revision) -> None:
    """Let nobody approve a page whose pictures hold a code that leads away without saying that it may stay.

    :raises FormError: there is one.
    """
    if found := find_in_revision(db, revision):
        first = next(iter(found.values()))
        raise FormError({"codes": f"A picture {first} Say that it may stay, or return the page."})


def _list_pictures(body: dict[str, Any]) -> list[str]:
    fronts = [each.get("poster_id") for each in (body.get("recordings") or {}).values()]
    return [*(body.get("pictures") or {}), *(str(each) for each in fronts if each)]


def _list_away(
    db: Session, retailer_id: str | None, hosts: Collection[str], codes: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """Kind and end of each that leads away."""
    return [
        (kind, said_end(address))
        for kind, address, is_here in list_addresses(codes)
        if not is_on(address, hosts) and not (is_here and retailer_id and find_house(db, address) == retailer_id)
    ]


def _say(away: list[tuple[str, str]]) -> str:
    ends = list(dict.fromkeys(end for _, end in away))
    if not ends:
        return ""
    if len(away) == 1:
        return f"holds {_KINDS.get(away[0][0], 'a QR code')} that leads to {ends[0]}: shoppers would be sent away."
    named = ends[:_NAMED] if len(ends) <= _NAMED else [*ends[: _NAMED - 1], f"{len(ends) - _NAMED + 1} others"]
    return f"holds {len(away)} codes that lead to {format_list(named, 'en')}: shoppers would be sent away."
