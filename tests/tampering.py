"""What somebody does who goes around the application: the database's own rule about the log is taken away first."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def allow_tampering(db: Session) -> None:
    """Let this database's log be changed; committed."""
    if db.get_bind().dialect.name == "sqlite":
        db.execute(text("DROP TRIGGER IF EXISTS audit_entry_stays"))
        db.execute(text("DROP TRIGGER IF EXISTS audit_entry_is_kept"))
    else:
        db.execute(text("DROP TRIGGER IF EXISTS audit_entry_stays ON audit_entry"))
    db.commit()
