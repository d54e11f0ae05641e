"""What becomes of a refusal to publish because of links: they are followed, so that the next try knows more."""

from datetime import datetime

from sqlalchemy.orm import Session

from qrmerch.content.links import ask
from qrmerch.content.models import Revision
from qrmerch.content.queries import slots_of
from qrmerch.web import services


def ask_again(db: Session, revision: Revision, *, at: datetime) -> None:
    """Leave nothing of a refused transaction but the asking for what is at the end of the page's links."""
    db.rollback()
    if services().settings.follows_links:
        ask(db, slots_of(revision), at=at)
        db.commit()
