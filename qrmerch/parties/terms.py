"""What a retailer asks of its vendors before their first page: written by language, agreed to by number.

Every function leaves the commit to its caller.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch import audit, ids
from qrmerch.db import lock_for_chain
from qrmerch.errors import Conflict, FormError
from qrmerch.i18n import language_name
from qrmerch.parties.models import Retailer, SupplyTerms, Vendor
from qrmerch.text import clean_block

MAX_TERMS_CHARS: Final = 8_000


class TermsNotAgreed(FormError):
    """A page was sent before the vendor agreed to the retailer's terms as they are now."""

    slug = "terms_not_agreed"


class TermsChanged(Conflict):
    """The terms that were read are not the ones that hold."""

    slug = "terms_changed"


def set_terms(db: Session, retailer: Retailer, texts: Mapping[str, str], *, actor: audit.Actor, at: datetime) -> bool:
    """Write what vendors agree to, by language; none in any language ends it. They are asked again.

    :return: whether anything changed.
    :raises FormError: by `terms.<language>`, a text that is too long, or that the first language lacks.
    """
    kept, problems = {}, {}
    for locale, text in texts.items():
        words = clean_block(text, max(len(text) * 4, 1)).strip()
        if len(words) > MAX_TERMS_CHARS:
            problems[f"terms.{locale}"] = f"{MAX_TERMS_CHARS:,} characters at most; this has {len(words):,}."
        elif words:
            kept[locale] = words
    first = retailer.default_locale
    if kept and first not in kept and not problems:
        name = language_name(first, "en")
        problems[f"terms.{first}"] = f"Write them in {name} too: who reads no other language falls back to it."
    if problems:
        raise FormError(problems)
    # Two who write them at once would both call theirs by the same number, and an agreement would be to either.
    lock_for_chain(db, f"terms {retailer.id}")
    db.refresh(retailer)
    detail = audit.changes(retailer.vendor_terms or {}, kept)
    if not detail:
        return False
    retailer.vendor_terms, retailer.terms_number = kept, retailer.terms_number + 1
    db.flush()
    audit.record(db, actor, "terms.set", ("retailer", retailer.id), at=at, retailer_id=retailer.id, detail=detail)
    return True


def is_agreed(db: Session, retailer: Retailer, vendor_id: str) -> bool:
    """Whether there is nothing that a vendor still has to agree to; a retailer's own range never has."""
    if not retailer.vendor_terms or db.get_one(Vendor, vendor_id).is_house:
        return True
    return _find_agreement(db, retailer, vendor_id) is not None


def agree(db: Session, retailer: Retailer, vendor_id: str, *, number: int, actor: audit.Actor, at: datetime) -> None:
    """Note that somebody of the vendor agreed; a second time changes nothing.

    :param number: of the terms that were read.
    :raises TermsChanged: others hold by now.
    """
    lock_for_chain(db, f"terms {retailer.id}")
    db.refresh(retailer)
    if number != retailer.terms_number:
        raise TermsChanged("These terms were changed after you opened them. Read them again.")
    if _find_agreement(db, retailer, vendor_id) is not None:
        return
    db.add(
        SupplyTerms(
            id=ids.new(),
            retailer_id=retailer.id,
            vendor_id=vendor_id,
            number=number,
            accepted_by=actor.user_id,
            accepted_at=at,
        )
    )
    db.flush()
    subject = ("vendor", vendor_id)
    audit.record(db, actor, "terms.agree", subject, at=at, retailer_id=retailer.id, detail={"terms": number})


def refuse_unagreed(db: Session, retailer: Retailer, vendor_id: str) -> None:
    """:raises TermsNotAgreed: the vendor has not agreed to the retailer's terms as they are now."""
    if not is_agreed(db, retailer, vendor_id):
        raise TermsNotAgreed(
            {"": f"Agree to the terms of {retailer.name} first: they are on your Home. Nothing you wrote is lost."}
        )


def _find_agreement(db: Session, retailer: Retailer, vendor_id: str) -> SupplyTerms | None:
    wanted = select(SupplyTerms).where(
        SupplyTerms.retailer_id == retailer.id,
        SupplyTerms.vendor_id == vendor_id,
        SupplyTerms.number == retailer.terms_number,
    )
    return db.scalars(wanted).one_or_none()
