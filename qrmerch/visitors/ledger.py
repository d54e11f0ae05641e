"""What people agreed to and took back, with the words that they were shown; rows are only added."""

from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.visitors.models import AgreedPhone, ConsentAction, ConsentEvent, Contact, Visitor


def note(
    db: Session,
    who: Visitor | Contact | AgreedPhone,
    purpose: str,
    action: ConsentAction,
    *,
    shown_text: str,
    locale: str,
    at: datetime,
) -> None:
    """Add one answer to the ledger; the caller commits."""
    db.add(
        ConsentEvent(
            retailer_id=who.retailer_id,
            visitor_id=who.id if isinstance(who, Visitor) else None,
            contact_id=who.id if isinstance(who, Contact) else None,
            phone_id=who.id if isinstance(who, AgreedPhone) else None,
            purpose=purpose,
            action=action,
            shown_text=shown_text,
            locale=locale,
            at=at,
        )
    )
