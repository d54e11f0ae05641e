"""Make the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("chain", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=60), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("chain", "number", name=op.f("uq_audit_entry_chain_number")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("chain", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.UniqueConstraint("chain", name=op.f("uq_audit_head_chain")),
    )
    op.create_table(
        "code_hour",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "retailer_id", "item_id", "on", "hour", "store_id", "code_id", name=op.f("pk_code_hour")
        ),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "agreed_day",
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("phone", "retailer_id", "on", "store_id", name=op.f("pk_agreed_day")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_agreed_day_on"), "agreed_day", ["on"], unique=False)
    op.create_table(
        "day_hash",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("on", "store_id", "hash", name=op.f("pk_day_hash")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "day_total",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("fixture_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "retailer_id", "on", "kind", "store_id", "fixture_id", "item_id", "code_id", name=op.f("pk_day_total")
        ),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_day_total_retailer_item", "day_total", ["retailer_id", "item_id", "on"], unique=False)
    op.create_table(
        "hour_total",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("fixture_id", sa.String(length=36), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "retailer_id", "on", "hour", "kind", "store_id", "fixture_id", name=op.f("pk_hour_total")
        ),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column(
            "answer", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_until"), "idempotency_key", ["until"], unique=False)
    op.create_table(
        "link_check",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("end", sa.String(length=2000), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'good', 'bad')", name=op.f("ck_link_check_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_check")),
        sa.UniqueConstraint("digest", name=op.f("uq_link_check_digest")),
    )
    op.create_index(op.f("ix_link_check_asked_at"), "link_check", ["asked_at"], unique=False)
    op.create_table(
        "log_file",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("bad_lines", sa.Integer(), nullable=False),
        sa.Column("lost_lines", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_file")),
        sa.UniqueConstraint("name", name=op.f("uq_log_file_name")),
    )
    op.create_table(
        "open_visit",
        sa.Column("visit", sa.String(length=32), nullable=False),
        sa.Column("place_number", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting", sa.String(length=20), nullable=False),
        sa.Column("is_engaged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_open_visit")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "rate_bucket",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_bucket")),
    )
    op.create_index(op.f("ix_rate_bucket_full_at"), "rate_bucket", ["full_at"], unique=False)
    op.create_table(
        "retailer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("default_locale", sa.String(length=12), nullable=False),
        sa.Column(
            "locales", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("measurement", sa.String(length=40), nullable=False),
        sa.Column("no_discount", sa.Boolean(), nullable=False),
        sa.Column("stock_limit_hours", sa.Integer(), nullable=False),
        sa.Column("allows_own_approval", sa.Boolean(), nullable=False),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column(
            "locale_rules",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "vendor_terms",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("terms_number", sa.Integer(), nullable=False),
        sa.Column("has_sample_scans", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "measurement IN ('counts', 'visits', 'estimate', 'consented')", name=op.f("ck_retailer_measurement_known")
        ),
        sa.CheckConstraint("stock_limit_hours > 0", name=op.f("ck_retailer_stock_limit_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retailer")),
        sa.UniqueConstraint("slug", name=op.f("uq_retailer_slug")),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_number", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.String(length=32), nullable=False),
        sa.Column("agent", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.Column("entry", sa.String(length=8), nullable=False),
        sa.Column("referrer", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_scan")),
        postgresql_partition_by="RANGE (at)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scan_place",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("fixture_id", sa.String(length=36), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_scan_place")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    op.create_table(
        "vendor",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_house", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("name", name=op.f("uq_vendor_name")),
    )
    op.create_table(
        "withdrawn_rule",
        sa.Column("rule", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_withdrawn_rule")),
    )
    op.create_table(
        "archive",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("done_entries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('taking', 'done', 'cancelled', 'failed')", name=op.f("ck_archive_state_known")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_archive_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_archive_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
    )
    op.create_index(op.f("ix_archive_file_key"), "archive", ["file_key"], unique=False)
    op.create_index(op.f("ix_archive_user_id"), "archive", ["user_id"], unique=False)
    op.create_index(op.f("ix_archive_vendor_id"), "archive", ["vendor_id"], unique=False)
    op.create_table(
        "arrival",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_arrival_size")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_arrival_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_arrival_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
    )
    op.create_index(op.f("ix_arrival_created_at"), "arrival", ["created_at"], unique=False)
    op.create_index(op.f("ix_arrival_user_id"), "arrival", ["user_id"], unique=False)
    op.create_index(op.f("ix_arrival_vendor_id"), "arrival", ["vendor_id"], unique=False)
    op.create_table(
        "asset",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source_key", sa.String(length=100), nullable=False),
        sa.Column("source_bytes", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(length=7), nullable=True),
        sa.Column("placeholder", sa.String(length=2000), nullable=True),
        sa.Column("focus_x", sa.Double(), nullable=False),
        sa.Column("focus_y", sa.Double(), nullable=False),
        sa.Column("is_light_above", sa.Boolean(), nullable=False),
        sa.Column("alt", sa.JSON(), nullable=False),
        sa.Column("alt_text", sa.String(length=4000), nullable=False),
        sa.Column("is_decorative", sa.Boolean(), nullable=False),
        sa.Column("ground", sa.String(length=7), nullable=True),
        sa.Column(
            "codes",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("rights_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rights_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rights_warned_days", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('picture', 'video', 'audio')", name=op.f("ck_asset_kind_known")),
        sa.CheckConstraint("state IN ('checking', 'ready', 'refused')", name=op.f("ck_asset_state_known")),
        sa.CheckConstraint("focus_x BETWEEN 0 AND 1 AND focus_y BETWEEN 0 AND 1", name=op.f("ck_asset_focus_inside")),
        sa.CheckConstraint("rights_until > rights_from", name=op.f("ck_asset_rights_forward")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_asset_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("public_id", name=op.f("uq_asset_public_id")),
        sa.UniqueConstraint("vendor_id", "digest", name=op.f("uq_asset_vendor_id_digest")),
    )
    op.create_index(op.f("ix_asset_rights_until"), "asset", ["rights_until"], unique=False)
    op.create_index(op.f("ix_asset_vendor_id"), "asset", ["vendor_id"], unique=False)
    op.create_table(
        "brand_kit",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("display", sa.String(length=40), nullable=False),
        sa.Column("corners", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=40), nullable=False),
        sa.Column("wordmark", sa.String(length=40), nullable=False),
        sa.Column(
            "legal", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("logo_key", sa.String(length=100), nullable=False),
        sa.Column("logo_dark_key", sa.String(length=100), nullable=False),
        sa.Column("logo_ratio", sa.Integer(), nullable=False),
        sa.Column("font_key", sa.String(length=100), nullable=False),
        sa.Column("font_name", sa.String(length=80), nullable=False),
        sa.Column(
            "font_scripts",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "social", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.CheckConstraint("corners IN ('sharp', 'soft', 'round')", name=op.f("ck_brand_kit_corners_known")),
        sa.CheckConstraint("display IN ('sans', 'serif', 'font')", name=op.f("ck_brand_kit_display_known")),
        sa.CheckConstraint("tone IN ('plain', 'warm', 'luxury')", name=op.f("ck_brand_kit_tone_known")),
        sa.CheckConstraint("length(colour) = 7", name=op.f("ck_brand_kit_colour_hex")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_brand_kit_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_kit")),
        sa.UniqueConstraint("retailer_id", "from_at", name=op.f("uq_brand_kit_retailer_id_from_at")),
    )
    op.create_index(op.f("ix_brand_kit_retailer_id"), "brand_kit", ["retailer_id"], unique=False)
    op.create_table(
        "code_design",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("modules", sa.String(length=40), nullable=False),
        sa.Column("finders", sa.String(length=40), nullable=False),
        sa.Column("ink", sa.String(length=40), nullable=False),
        sa.Column("paper", sa.String(length=40), nullable=False),
        sa.Column("has_logo", sa.Boolean(), nullable=False),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.Column("distance_cm", sa.Integer(), nullable=False),
        sa.Column("size_mm", sa.Double(), nullable=False),
        sa.Column("caption", sa.String(length=60), nullable=False),
        sa.Column("shows_gtin", sa.Boolean(), nullable=False),
        sa.Column("shows_notice", sa.Boolean(), nullable=False),
        sa.Column("has_frame", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("finders IN ('square', 'rounded')", name=op.f("ck_code_design_finders_known")),
        sa.CheckConstraint("ink IN ('black', 'brand')", name=op.f("ck_code_design_ink_known")),
        sa.CheckConstraint("modules IN ('square', 'rounded', 'dots')", name=op.f("ck_code_design_modules_known")),
        sa.CheckConstraint("paper IN ('white', 'cream', 'grey', 'kraft')", name=op.f("ck_code_design_paper_known")),
        sa.CheckConstraint("use IN ('hang_tag', 'till', 'shelf', 'poster')", name=op.f("ck_code_design_use_known")),
        sa.CheckConstraint("distance_cm >= 0", name=op.f("ck_code_design_distance_not_negative")),
        sa.CheckConstraint("size_mm >= 5 AND size_mm <= 1000", name=op.f("ck_code_design_size_possible")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_code_design_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_design")),
        sa.UniqueConstraint("retailer_id", "name", name=op.f("uq_code_design_retailer_id_name")),
    )
    op.create_index(op.f("ix_code_design_retailer_id"), "code_design", ["retailer_id"], unique=False)
    op.create_table(
        "code_reading",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_code_reading_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_reading")),
        sa.UniqueConstraint("retailer_id", "digest", name=op.f("uq_code_reading_retailer_id_digest")),
    )
    op.create_index(op.f("ix_code_reading_retailer_id"), "code_reading", ["retailer_id"], unique=False)
    op.create_table(
        "code_run",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column(
            "leads", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "places", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("carrier IN ('print', 'nfc', 'screen')", name=op.f("ck_code_run_carrier_known")),
        sa.CheckConstraint("state IN ('making', 'done', 'cancelled')", name=op.f("ck_code_run_state_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_code_run_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_code_run_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_run")),
    )
    op.create_index(op.f("ix_code_run_retailer_id"), "code_run", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_code_run_user_id"), "code_run", ["user_id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_correction_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_retailer_id"), "correction", ["retailer_id"], unique=False)
    op.create_index("ix_correction_retailer_on", "correction", ["retailer_id", "on"], unique=False)
    op.create_table(
        "feed_run",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column(
            "columns", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "problems", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "changes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "written", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('stores', 'fixtures', 'prices', 'stock')", name=op.f("ck_feed_run_kind_known")),
        sa.CheckConstraint(
            "state IN ('checked', 'committing', 'done', 'cancelled', 'failed')", name=op.f("ck_feed_run_state_known")
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_feed_run_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_feed_run_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_run")),
    )
    op.create_index(op.f("ix_feed_run_retailer_id"), "feed_run", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_feed_run_user_id"), "feed_run", ["user_id"], unique=False)
    op.create_table(
        "fill_run",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "problems", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "changes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "marks", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "written", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('checked', 'committing', 'done', 'cancelled', 'failed')", name=op.f("ck_fill_run_state_known")
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_fill_run_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_fill_run_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_fill_run_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fill_run")),
    )
    op.create_index(op.f("ix_fill_run_file_key"), "fill_run", ["file_key"], unique=False)
    op.create_index(op.f("ix_fill_run_retailer_id"), "fill_run", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_fill_run_user_id"), "fill_run", ["user_id"], unique=False)
    op.create_index(op.f("ix_fill_run_vendor_id"), "fill_run", ["vendor_id"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column(
            "said", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("is_guessed_encoding", sa.Boolean(), nullable=False),
        sa.Column("has_header", sa.Boolean(), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "columns", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("list_at_id", sa.String(length=36), nullable=True),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "problems", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "changes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "news", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=False),
        sa.Column(
            "written", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("done_groups", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploaded', 'mapped', 'checked', 'committing', 'done', 'cancelled', 'failed')",
            name=op.f("ck_import_run_state_known"),
        ),
        sa.ForeignKeyConstraint(["list_at_id"], ["retailer.id"], name=op.f("fk_import_run_list_at_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_import_run_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_import_run_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_list_at_id"), "import_run", ["list_at_id"], unique=False)
    op.create_index(op.f("ix_import_run_user_id"), "import_run", ["user_id"], unique=False)
    op.create_index(op.f("ix_import_run_vendor_id"), "import_run", ["vendor_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=True),
        sa.Column("vendor_id", sa.String(length=36), nullable=True),
        sa.Column(
            "store_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('operator', 'owner', 'merchandiser', 'reviewer', 'analyst', 'associate', 'vendor_admin', 'vendor_editor')",
            name=op.f("ck_invitation_role_known"),
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_invitation_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_invitation_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitation_secret_hash")),
    )
    op.create_index(op.f("ix_invitation_retailer_id"), "invitation", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_invitation_vendor_id"), "invitation", ["vendor_id"], unique=False)
    op.create_table(
        "label_stock",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("equal_to", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column(
            "measures", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_label_stock_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_stock")),
        sa.UniqueConstraint("retailer_id", "key", name=op.f("uq_label_stock_retailer_id_key")),
    )
    op.create_index(op.f("ix_label_stock_retailer_id"), "label_stock", ["retailer_id"], unique=False)
    op.create_table(
        "link_host",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_link_host_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_host")),
        sa.UniqueConstraint("retailer_id", "host", name=op.f("uq_link_host_retailer_id_host")),
    )
    op.create_index(op.f("ix_link_host_retailer_id"), "link_host", ["retailer_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=True),
        sa.Column("vendor_id", sa.String(length=36), nullable=True),
        sa.Column(
            "store_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('operator', 'owner', 'merchandiser', 'reviewer', 'analyst', 'associate', 'vendor_admin', 'vendor_editor')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_membership_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_membership_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "user_id", "retailer_id", "vendor_id", "role", name=op.f("uq_membership_user_id_retailer_id_vendor_id_role")
        ),
    )
    op.create_index(op.f("ix_membership_retailer_id"), "membership", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_index(op.f("ix_membership_vendor_id"), "membership", ["vendor_id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "headline", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "terms", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "store_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_total", sa.Integer(), nullable=False),
        sa.Column("limit_per_visitor", sa.Integer(), nullable=False),
        sa.Column("claim_hours", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('percent', 'amount', 'gift', 'experience')", name=op.f("ck_offer_kind_known")),
        sa.CheckConstraint("kind NOT IN ('percent', 'amount') OR value > 0", name=op.f("ck_offer_discount_has_value")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_offer_period_forward")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_offer_created_by_user")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_offer_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_offer_public_id")),
    )
    op.create_index(op.f("ix_offer_created_by"), "offer", ["created_by"], unique=False)
    op.create_index(op.f("ix_offer_retailer_id"), "offer", ["retailer_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_contact_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("retailer_id", "email", name=op.f("uq_contact_retailer_id_email")),
    )
    op.create_index(op.f("ix_contact_retailer_id"), "contact", ["retailer_id"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_suppression_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("retailer_id", "address_hash", name=op.f("uq_suppression_retailer_id_address_hash")),
    )
    op.create_index(op.f("ix_suppression_retailer_id"), "suppression", ["retailer_id"], unique=False)
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "headers", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.String(length=80), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('mail', 'sms')", name=op.f("ck_outbox_message_channel_known")),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'kept', 'failed', 'dropped')", name=op.f("ck_outbox_message_state_known")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_outbox_message_contact_id_contact")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_outbox_message_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_index(op.f("ix_outbox_message_retailer_id"), "outbox_message", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_outbox_message_contact_id"), "outbox_message", ["contact_id"], unique=False)
    op.create_index("ix_outbox_message_state_due_at", "outbox_message", ["state", "due_at"], unique=False)
    op.create_table(
        "page_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_page_change_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_change")),
    )
    op.create_index("ix_page_change_at", "page_change", ["at"], unique=False)
    op.create_table(
        "page_template",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("style", sa.String(length=40), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("budget_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("style IN ('everyday', 'editorial', 'quiet')", name=op.f("ck_page_template_style_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_page_template_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_template")),
        sa.UniqueConstraint("retailer_id", "name", name=op.f("uq_page_template_retailer_id_name")),
    )
    op.create_index(op.f("ix_page_template_retailer_id"), "page_template", ["retailer_id"], unique=False)
    op.create_table(
        "print_batch",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("medium", sa.String(length=40), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column(
            "stock", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("run", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column(
            "wording", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("base_url", sa.String(length=300), nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column(
            "stores", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "incomplete", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("cut", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=True),
        sa.Column("again_of_id", sa.String(length=36), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("released_by_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("medium IN ('pdf', 'zpl')", name=op.f("ck_print_batch_medium_known")),
        sa.CheckConstraint(
            "state IN ('drawing', 'checked', 'released', 'cancelled', 'failed')",
            name=op.f("ck_print_batch_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["again_of_id"], ["print_batch.id"], name=op.f("fk_print_batch_again_of_id_print_batch")
        ),
        sa.ForeignKeyConstraint(["released_by_id"], ["user.id"], name=op.f("fk_print_batch_released_by_id_user")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_print_batch_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_print_batch_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_print_batch_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batch")),
    )
    op.create_index(op.f("ix_print_batch_again_of_id"), "print_batch", ["again_of_id"], unique=False)
    op.create_index(op.f("ix_print_batch_released_by_id"), "print_batch", ["released_by_id"], unique=False)
    op.create_index(op.f("ix_print_batch_retailer_id"), "print_batch", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_print_batch_user_id"), "print_batch", ["user_id"], unique=False)
    op.create_index(op.f("ix_print_batch_vendor_id"), "print_batch", ["vendor_id"], unique=False)
    op.create_table(
        "printer_fit",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("printer", sa.String(length=40), nullable=False),
        sa.Column("stock_key", sa.String(length=100), nullable=False),
        sa.Column("right_mm", sa.Double(), nullable=False),
        sa.Column("down_mm", sa.Double(), nullable=False),
        sa.Column("across", sa.Double(), nullable=False),
        sa.Column("along", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_printer_fit_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_fit")),
        sa.UniqueConstraint(
            "retailer_id", "printer", "stock_key", name=op.f("uq_printer_fit_retailer_id_printer_stock_key")
        ),
    )
    op.create_index(op.f("ix_printer_fit_retailer_id"), "printer_fit", ["retailer_id"], unique=False)
    op.create_table(
        "retailer_host",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("was_primary", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.String(length=40), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_said", sa.String(length=400), nullable=False),
        sa.CheckConstraint("proof IN ('dns', 'file', 'operator')", name=op.f("ck_retailer_host_proof_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_retailer_host_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retailer_host")),
        sa.UniqueConstraint("retailer_id", "host", name=op.f("uq_retailer_host_retailer_id_host")),
    )
    op.create_index(op.f("ix_retailer_host_retailer_id"), "retailer_host", ["retailer_id"], unique=False)
    op.create_index(
        "uq_retailer_host_proven",
        "retailer_host",
        ["host"],
        unique=True,
        sqlite_where=sa.text("proven_at IS NOT NULL"),
        postgresql_where=sa.text("proven_at IS NOT NULL"),
    )
    op.create_table(
        "sign_run",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "sign", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "code_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("done_items", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column(
            "findings", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column(
            "preview_keys",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('drawing', 'ready', 'failed', 'cancelled')", name=op.f("ck_sign_run_state_known")
        ),
        sa.CheckConstraint("done_items <= items", name=op.f("ck_sign_run_done_within")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_sign_run_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_run_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_run")),
    )
    op.create_index(op.f("ix_sign_run_retailer_id"), "sign_run", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_sign_run_user_id"), "sign_run", ["user_id"], unique=False)
    op.create_table(
        "store",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("short_name", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=80), nullable=False),
        sa.Column("postcode", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("is_zone_guessed", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("gln", sa.String(length=13), nullable=True),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.Column(
            "weekly", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_store_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("public_id", name=op.f("uq_store_public_id")),
        sa.UniqueConstraint("retailer_id", "code", name=op.f("uq_store_retailer_id_code")),
    )
    op.create_index(op.f("ix_store_retailer_id"), "store", ["retailer_id"], unique=False)
    op.create_table(
        "supply",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("is_trusted", sa.Boolean(), nullable=False),
        sa.Column(
            "rules", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("may_ask_prints", sa.Boolean(), nullable=False),
        sa.Column("brand_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_supply_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_supply_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply")),
        sa.UniqueConstraint("retailer_id", "vendor_id", name=op.f("uq_supply_retailer_id_vendor_id")),
    )
    op.create_index(op.f("ix_supply_retailer_id"), "supply", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_supply_vendor_id"), "supply", ["vendor_id"], unique=False)
    op.create_table(
        "supply_terms",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("accepted_by", sa.String(length=36), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_supply_terms_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_supply_terms_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_terms")),
        sa.UniqueConstraint(
            "retailer_id", "vendor_id", "number", name=op.f("uq_supply_terms_retailer_id_vendor_id_number")
        ),
    )
    op.create_index(op.f("ix_supply_terms_accepted_by"), "supply_terms", ["accepted_by"], unique=False)
    op.create_index(op.f("ix_supply_terms_retailer_id"), "supply_terms", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_supply_terms_vendor_id"), "supply_terms", ["vendor_id"], unique=False)
    op.create_table(
        "vendor_product",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("maker", sa.String(length=80), nullable=False),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "image_urls", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_product_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_product")),
        sa.UniqueConstraint("vendor_id", "key", name=op.f("uq_vendor_product_vendor_id_key")),
    )
    op.create_index(op.f("ix_vendor_product_vendor_id"), "vendor_product", ["vendor_id"], unique=False)
    op.create_table(
        "visitor",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_visitor_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitor")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_visitor_secret_hash")),
    )
    op.create_index(op.f("ix_visitor_retailer_id"), "visitor", ["retailer_id"], unique=False)
    op.create_table(
        "warehouse",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_warehouse_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse")),
        sa.UniqueConstraint("retailer_id", "code", name=op.f("uq_warehouse_retailer_id_code")),
    )
    op.create_index(op.f("ix_warehouse_retailer_id"), "warehouse", ["retailer_id"], unique=False)
    op.create_table(
        "archive_line",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("archive_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=True),
        sa.Column(
            "product_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("matched_by", sa.String(length=10), nullable=False),
        sa.CheckConstraint("outcome IN ('taken', 'again', 'refused')", name=op.f("ck_archive_line_outcome_known")),
        sa.ForeignKeyConstraint(["archive_id"], ["archive.id"], name=op.f("fk_archive_line_archive_id_archive")),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_archive_line_asset_id_asset"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_archive_line_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_line")),
        sa.UniqueConstraint("archive_id", "place", name=op.f("uq_archive_line_archive_id_place")),
    )
    op.create_index(op.f("ix_archive_line_asset_id"), "archive_line", ["asset_id"], unique=False)
    op.create_index(op.f("ix_archive_line_vendor_id"), "archive_line", ["vendor_id"], unique=False)
    op.create_table(
        "code_draft",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=9), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=True),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("fixture_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_code_draft_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["run_id"], ["code_run.id"], name=op.f("fk_code_draft_run_id_code_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_draft")),
    )
    op.create_index(op.f("ix_code_draft_retailer_id"), "code_draft", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_code_draft_run_id"), "code_draft", ["run_id"], unique=False)
    op.create_table(
        "agreed_phone",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_agreed_phone_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreed_phone")),
        sa.UniqueConstraint("key", "retailer_id", name=op.f("uq_agreed_phone_key_retailer_id")),
    )
    op.create_index(op.f("ix_agreed_phone_retailer_id"), "agreed_phone", ["retailer_id"], unique=False)
    op.create_table(
        "consent_event",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=True),
        sa.Column("contact_id", sa.String(length=36), nullable=True),
        sa.Column("phone_id", sa.String(length=36), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('grant', 'refuse', 'withdraw')", name=op.f("ck_consent_event_action_known")),
        sa.CheckConstraint(
            "CASE WHEN phone_id IS NULL THEN (visitor_id IS NULL) <> (contact_id IS NULL)"
            " ELSE visitor_id IS NULL AND contact_id IS NULL END",
            name=op.f("ck_consent_event_one_subject"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_consent_event_contact_id_contact")),
        sa.ForeignKeyConstraint(["phone_id"], ["agreed_phone.id"], name=op.f("fk_consent_event_phone_id_agreed_phone")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_consent_event_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_consent_event_visitor_id_visitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_event")),
    )
    op.create_index(op.f("ix_consent_event_retailer_id"), "consent_event", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_consent_event_visitor_id"), "consent_event", ["visitor_id"], unique=False)
    op.create_index(op.f("ix_consent_event_contact_id"), "consent_event", ["contact_id"], unique=False)
    op.create_index(op.f("ix_consent_event_phone_id"), "consent_event", ["phone_id"], unique=False)
    op.create_table(
        "fixed_value",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.String(length=90), nullable=False),
        sa.Column(
            "value", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_fixed_value_retailer_id_retailer")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["page_template.id"], name=op.f("fk_fixed_value_template_id_page_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixed_value")),
    )
    op.create_index(op.f("ix_fixed_value_retailer_id"), "fixed_value", ["retailer_id"], unique=False)
    op.create_index(
        "ix_fixed_value_template_slot_from", "fixed_value", ["template_id", "slot", "from_at"], unique=False
    )
    op.create_table(
        "fixture",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "kind IN ('shelf', 'window', 'poster', 'hangtag', 'queue', 'wall', 'screen')",
            name=op.f("ck_fixture_kind_known"),
        ),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_fixture_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_fixture_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixture")),
        sa.UniqueConstraint("store_id", "name", name=op.f("uq_fixture_store_id_name")),
    )
    op.create_index(op.f("ix_fixture_retailer_id"), "fixture", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_fixture_store_id"), "fixture", ["store_id"], unique=False)
    op.create_table(
        "item",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=True),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["vendor_product.id"], name=op.f("fk_item_product_id_vendor_product")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_item_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_item_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("public_id", name=op.f("uq_item_public_id")),
        sa.UniqueConstraint("retailer_id", "product_id", name=op.f("uq_item_retailer_id_product_id")),
    )
    op.create_index(op.f("ix_item_product_id"), "item", ["product_id"], unique=False)
    op.create_index(op.f("ix_item_retailer_id"), "item", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_item_vendor_id"), "item", ["vendor_id"], unique=False)
    op.create_table(
        "offer_counter",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("lim", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "used >= 0 AND reserved >= 0 AND used + reserved <= lim", name=op.f("ck_offer_counter_within_limit")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_counter_offer_id_offer")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_offer_counter_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_counter")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_offer_counter_offer_id")),
    )
    op.create_index(op.f("ix_offer_counter_retailer_id"), "offer_counter", ["retailer_id"], unique=False)
    op.create_table(
        "picture_fetch",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'fetching', 'done', 'failed', 'left')", name=op.f("ck_picture_fetch_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["vendor_product.id"], name=op.f("fk_picture_fetch_product_id_vendor_product")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_picture_fetch_run_id_import_run")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_picture_fetch_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_fetch")),
    )
    op.create_index(op.f("ix_picture_fetch_product_id"), "picture_fetch", ["product_id"], unique=False)
    op.create_index(op.f("ix_picture_fetch_run_id"), "picture_fetch", ["run_id"], unique=False)
    op.create_index(op.f("ix_picture_fetch_vendor_id"), "picture_fetch", ["vendor_id"], unique=False)
    op.create_index("ix_picture_fetch_vendor_state", "picture_fetch", ["vendor_id", "state"], unique=False)
    op.create_table(
        "print_request",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("stock_key", sa.String(length=100), nullable=False),
        sa.Column("stock_said", sa.String(length=120), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=True),
        sa.Column("again_of_id", sa.String(length=36), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'making', 'released', 'refused')", name=op.f("ck_print_request_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["again_of_id"], ["print_request.id"], name=op.f("fk_print_request_again_of_id_print_request")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["print_batch.id"], name=op.f("fk_print_request_batch_id_print_batch")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_print_request_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_print_request_user_id_user")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_print_request_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_request")),
    )
    op.create_index(op.f("ix_print_request_again_of_id"), "print_request", ["again_of_id"], unique=False)
    op.create_index(op.f("ix_print_request_batch_id"), "print_request", ["batch_id"], unique=False)
    op.create_index(op.f("ix_print_request_retailer_id"), "print_request", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_print_request_user_id"), "print_request", ["user_id"], unique=False)
    op.create_index(op.f("ix_print_request_vendor_id"), "print_request", ["vendor_id"], unique=False)
    op.create_table(
        "product_picture",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_product_picture_asset_id_asset"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["vendor_product.id"], name=op.f("fk_product_picture_product_id_vendor_product")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_product_picture_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_picture")),
        sa.UniqueConstraint("product_id", "asset_id", name=op.f("uq_product_picture_product_id_asset_id")),
    )
    op.create_index(op.f("ix_product_picture_asset_id"), "product_picture", ["asset_id"], unique=False)
    op.create_index(op.f("ix_product_picture_vendor_id"), "product_picture", ["vendor_id"], unique=False)
    op.create_table(
        "product_variant",
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("sku", sa.String(length=120), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("vendor_code", sa.String(length=60), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("was_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["vendor_product.id"], name=op.f("fk_product_variant_product_id_vendor_product")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_product_variant_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_variant")),
        sa.UniqueConstraint("product_id", "key", name=op.f("uq_product_variant_product_id_key")),
    )
    op.create_index(op.f("ix_product_variant_gtin"), "product_variant", ["gtin"], unique=False)
    op.create_index(op.f("ix_product_variant_product_id"), "product_variant", ["product_id"], unique=False)
    op.create_index(op.f("ix_product_variant_vendor_id"), "product_variant", ["vendor_id"], unique=False)
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("done_percent", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frame", sa.String(length=16), nullable=False),
        sa.Column("frame_made", sa.String(length=16), nullable=False),
        sa.Column("poster_id", sa.String(length=36), nullable=True),
        sa.Column("captions", sa.JSON(), nullable=False),
        sa.Column("transcript", sa.JSON(), nullable=False),
        sa.Column("is_speechless", sa.Boolean(), nullable=False),
        sa.CheckConstraint("done_percent BETWEEN 0 AND 100", name=op.f("ck_recording_percent")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_recording_asset_id_asset")),
        sa.ForeignKeyConstraint(["poster_id"], ["asset.id"], name=op.f("fk_recording_poster_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_recording_asset_id")),
    )
    op.create_index(op.f("ix_recording_poster_id"), "recording", ["poster_id"], unique=False)
    op.create_table(
        "rendition",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_rendition_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendition")),
        sa.UniqueConstraint(
            "asset_id",
            "purpose",
            "width",
            "format",
            "part",
            name=op.f("uq_rendition_asset_id_purpose_width_format_part"),
        ),
    )
    op.create_index(op.f("ix_rendition_asset_id"), "rendition", ["asset_id"], unique=False)
    op.create_index(op.f("ix_rendition_key"), "rendition", ["key"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "notices", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["membership.id"],
            name=op.f("fk_staff_session_membership_id_membership"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_staff_session_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_session_secret_hash")),
    )
    op.create_index(op.f("ix_staff_session_membership_id"), "staff_session", ["membership_id"], unique=False)
    op.create_index(op.f("ix_staff_session_user_id"), "staff_session", ["user_id"], unique=False)
    op.create_table(
        "store_network",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("cidr", sa.String(length=43), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_store_network_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_store_network_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_network")),
    )
    op.create_index(op.f("ix_store_network_retailer_id"), "store_network", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_store_network_store_id"), "store_network", ["store_id"], unique=False)
    op.create_table(
        "template_draft",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column(
            "sections", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.String(length=36), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_template_draft_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["saved_by"], ["user.id"], name=op.f("fk_template_draft_saved_by_user")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["page_template.id"], name=op.f("fk_template_draft_template_id_page_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_draft")),
        sa.UniqueConstraint("template_id", name=op.f("uq_template_draft_template_id")),
    )
    op.create_index(op.f("ix_template_draft_retailer_id"), "template_draft", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_template_draft_saved_by"), "template_draft", ["saved_by"], unique=False)
    op.create_table(
        "template_version",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "sections", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("weight_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["retailer_id"], ["retailer.id"], name=op.f("fk_template_version_retailer_id_retailer")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["page_template.id"], name=op.f("fk_template_version_template_id_page_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_version")),
        sa.UniqueConstraint("template_id", "number", name=op.f("uq_template_version_template_id_number")),
    )
    op.create_index(op.f("ix_template_version_retailer_id"), "template_version", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_template_version_template_id"), "template_version", ["template_id"], unique=False)
    op.create_table(
        "answer",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('yes', 'partly', 'no')", name=op.f("ck_answer_answer_known")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_answer_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_answer_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_answer_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_item_at", "answer", ["item_id", "at"], unique=False)
    op.create_index(op.f("ix_answer_retailer_id"), "answer", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_answer_store_id"), "answer", ["store_id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("visit", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column(
            "terms", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("code_lookup", sa.String(length=64), nullable=False),
        sa.Column("code_tail", sa.String(length=4), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('issued', 'redeemed', 'void')", name=op.f("ck_claim_state_known")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_claim_item_id_item")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_claim_offer_id_offer")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_claim_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_claim_store_id_store")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_claim_visitor_id_visitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("code_lookup", name=op.f("uq_claim_code_lookup")),
        sa.UniqueConstraint("public_id", name=op.f("uq_claim_public_id")),
    )
    op.create_index(
        "ix_claim_holding",
        "claim",
        ["offer_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'issued' AND freed_at IS NULL"),
        postgresql_where=sa.text("state = 'issued' AND freed_at IS NULL"),
    )
    op.create_index(op.f("ix_claim_item_id"), "claim", ["item_id"], unique=False)
    op.create_index(op.f("ix_claim_offer_id"), "claim", ["offer_id"], unique=False)
    op.create_index(op.f("ix_claim_retailer_id"), "claim", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_claim_store_id"), "claim", ["store_id"], unique=False)
    op.create_index("ix_claim_visitor", "claim", ["visitor_id"], unique=False)
    op.create_table(
        "code",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=9), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=True),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("fixture_id", sa.String(length=36), nullable=True),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("replaced_by_id", sa.String(length=36), nullable=True),
        sa.Column("batch", sa.String(length=60), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("carrier IN ('print', 'nfc', 'screen')", name=op.f("ck_code_carrier_known")),
        sa.CheckConstraint(
            "item_id IS NOT NULL OR subject_kind IN ('store', 'look', 'occasion')", name=op.f("ck_code_item_or_other")
        ),
        sa.CheckConstraint("state IN ('active', 'replaced', 'retired')", name=op.f("ck_code_state_known")),
        sa.CheckConstraint(
            "subject_kind IN ('item', 'variant', 'store', 'look', 'occasion')", name=op.f("ck_code_subject_kind_known")
        ),
        sa.ForeignKeyConstraint(["fixture_id"], ["fixture.id"], name=op.f("fk_code_fixture_id_fixture")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_code_item_id_item")),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["code.id"], name=op.f("fk_code_replaced_by_id_code")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_code_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_code_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("token", name=op.f("uq_code_token")),
    )
    op.create_index(op.f("ix_code_fixture_id"), "code", ["fixture_id"], unique=False)
    op.create_index(op.f("ix_code_item_id"), "code", ["item_id"], unique=False)
    op.create_index(op.f("ix_code_replaced_by_id"), "code", ["replaced_by_id"], unique=False)
    op.create_index("ix_code_retailer_host", "code", ["retailer_id", "host"], unique=False)
    op.create_index(op.f("ix_code_retailer_id"), "code", ["retailer_id"], unique=False)
    op.create_index("ix_code_retailer_item", "code", ["retailer_id", "item_id"], unique=False)
    op.create_index(op.f("ix_code_store_id"), "code", ["store_id"], unique=False)
    op.create_index(op.f("ix_code_subject_id"), "code", ["subject_id"], unique=False)
    op.create_table(
        "content",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_content_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_content_retailer_id_retailer")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["page_template.id"], name=op.f("fk_content_template_id_page_template")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_content_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content")),
        sa.UniqueConstraint("item_id", "template_id", name=op.f("uq_content_item_id_template_id")),
    )
    op.create_index(op.f("ix_content_item_id"), "content", ["item_id"], unique=False)
    op.create_index(op.f("ix_content_retailer_id"), "content", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_content_template_id"), "content", ["template_id"], unique=False)
    op.create_index(op.f("ix_content_vendor_id"), "content", ["vendor_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("visit", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.String(length=60), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_event_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_event_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_event_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_retailer_id"), "event", ["retailer_id"], unique=False)
    op.create_index("ix_event_retailer_item_at", "event", ["retailer_id", "item_id", "at"], unique=False)
    op.create_index(op.f("ix_event_store_id"), "event", ["store_id"], unique=False)
    op.create_index(
        "ix_event_uncounted",
        "event",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT is_counted"),
        postgresql_where=sa.text("NOT is_counted"),
    )
    op.create_table(
        "gs1_link",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("qualifiers", sa.String(length=200), nullable=False),
        sa.Column("link_type", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("href", sa.String(length=2000), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("context", sa.String(length=40), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_gs1_link_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_gs1_link_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gs1_link")),
    )
    op.create_index(op.f("ix_gs1_link_item_id"), "gs1_link", ["item_id"], unique=False)
    op.create_index(op.f("ix_gs1_link_retailer_id"), "gs1_link", ["retailer_id"], unique=False)
    op.create_index("ix_gs1_link_retailer_item", "gs1_link", ["retailer_id", "item_id"], unique=False)
    op.create_index(
        "uq_gs1_link_default",
        "gs1_link",
        ["retailer_id", "item_id", "gtin", "qualifiers", "locale"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "look",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "title", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "words", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("picture_id", sa.String(length=36), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["asset.id"], name=op.f("fk_look_picture_id_asset")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_look_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
        sa.UniqueConstraint("public_id", name=op.f("uq_look_public_id")),
    )
    op.create_index(op.f("ix_look_picture_id"), "look", ["picture_id"], unique=False)
    op.create_index(op.f("ix_look_retailer_id"), "look", ["retailer_id"], unique=False)
    op.create_table(
        "look_item",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("look_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_look_item_item_id_item")),
        sa.ForeignKeyConstraint(["look_id"], ["look.id"], name=op.f("fk_look_item_look_id_look")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_look_item_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_item")),
        sa.UniqueConstraint("look_id", "item_id", name=op.f("uq_look_item_look_id_item_id")),
    )
    op.create_index(op.f("ix_look_item_item_id"), "look_item", ["item_id"], unique=False)
    op.create_index(op.f("ix_look_item_look_id"), "look_item", ["look_id"], unique=False)
    op.create_index(op.f("ix_look_item_retailer_id"), "look_item", ["retailer_id"], unique=False)
    op.create_table(
        "migration",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("last_id", sa.String(length=36), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_migration_state_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_migration_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["started_by"], ["user.id"], name=op.f("fk_migration_started_by_user")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["page_template.id"], name=op.f("fk_migration_template_id_page_template")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["template_version.id"], name=op.f("fk_migration_version_id_template_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    op.create_index(op.f("ix_migration_retailer_id"), "migration", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_migration_started_by"), "migration", ["started_by"], unique=False)
    op.create_index(op.f("ix_migration_template_id"), "migration", ["template_id"], unique=False)
    op.create_index(op.f("ix_migration_version_id"), "migration", ["version_id"], unique=False)
    op.create_table(
        "occasion",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "title", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "words", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "spot", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("begins", sa.String(length=16), nullable=False),
        sa.Column("ends", sa.String(length=16), nullable=False),
        sa.Column("picture_id", sa.String(length=36), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends > begins", name=op.f("ck_occasion_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["picture_id"], ["asset.id"], name=op.f("fk_occasion_picture_id_asset")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_occasion_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion")),
        sa.UniqueConstraint("public_id", name=op.f("uq_occasion_public_id")),
    )
    op.create_index(op.f("ix_occasion_picture_id"), "occasion", ["picture_id"], unique=False)
    op.create_index(op.f("ix_occasion_retailer_id"), "occasion", ["retailer_id"], unique=False)
    op.create_table(
        "occasion_store",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("occasion_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["occasion_id"], ["occasion.id"], name=op.f("fk_occasion_store_occasion_id_occasion")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_occasion_store_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_occasion_store_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion_store")),
        sa.UniqueConstraint("occasion_id", "store_id", name=op.f("uq_occasion_store_occasion_id_store_id")),
    )
    op.create_index(op.f("ix_occasion_store_occasion_id"), "occasion_store", ["occasion_id"], unique=False)
    op.create_index(op.f("ix_occasion_store_retailer_id"), "occasion_store", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_occasion_store_store_id"), "occasion_store", ["store_id"], unique=False)
    op.create_table(
        "offer_item",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_offer_item_item_id_item")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_item_offer_id_offer")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_offer_item_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_item")),
        sa.UniqueConstraint("offer_id", "item_id", name=op.f("uq_offer_item_offer_id_item_id")),
    )
    op.create_index(op.f("ix_offer_item_item_id"), "offer_item", ["item_id"], unique=False)
    op.create_index(op.f("ix_offer_item_offer_id"), "offer_item", ["offer_id"], unique=False)
    op.create_index(op.f("ix_offer_item_retailer_id"), "offer_item", ["retailer_id"], unique=False)
    op.create_table(
        "print_request_item",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_print_request_item_item_id_item")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["print_request.id"], name=op.f("fk_print_request_item_request_id_print_request")
        ),
        sa.ForeignKeyConstraint(
            ["retailer_id"], ["retailer.id"], name=op.f("fk_print_request_item_retailer_id_retailer")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_print_request_item_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("request_id", "item_id", name=op.f("pk_print_request_item")),
    )
    op.create_index(op.f("ix_print_request_item_item_id"), "print_request_item", ["item_id"], unique=False)
    op.create_index(op.f("ix_print_request_item_retailer_id"), "print_request_item", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_print_request_item_vendor_id"), "print_request_item", ["vendor_id"], unique=False)
    op.create_table(
        "review",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("alias", sa.String(length=60), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bought_store_id", sa.String(length=36), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("reply_by", sa.String(length=80), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_reply_shown", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('off_topic', 'personal', 'abuse', 'advert', 'twice', 'own')",
            name=op.f("ck_review_reason_known"),
        ),
        sa.CheckConstraint("state IN ('pending', 'published', 'removed')", name=op.f("ck_review_state_known")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_review_stars_range")),
        sa.ForeignKeyConstraint(["bought_store_id"], ["store.id"], name=op.f("fk_review_bought_store_id_store")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_review_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_review_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_bought_store_id"), "review", ["bought_store_id"], unique=False)
    op.create_index("ix_review_item_state", "review", ["item_id", "state"], unique=False)
    op.create_index(op.f("ix_review_retailer_id"), "review", ["retailer_id"], unique=False)
    op.create_index("ix_review_retailer_state", "review", ["retailer_id", "state", "written_at"], unique=False)
    op.create_table(
        "share_link",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_share_link_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_share_link_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_share_link_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link")),
        sa.UniqueConstraint("public_id", name=op.f("uq_share_link_public_id")),
    )
    op.create_index(op.f("ix_share_link_item_id"), "share_link", ["item_id"], unique=False)
    op.create_index(op.f("ix_share_link_retailer_id"), "share_link", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_share_link_store_id"), "share_link", ["store_id"], unique=False)
    op.create_table(
        "variant",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("sku", sa.String(length=120), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("is_proposed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_variant_price_not_negative")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_variant_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_variant_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_variant_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant")),
        sa.UniqueConstraint("item_id", "key", name=op.f("uq_variant_item_id_key")),
    )
    op.create_index(op.f("ix_variant_item_id"), "variant", ["item_id"], unique=False)
    op.create_index("ix_variant_retailer_gtin", "variant", ["retailer_id", "gtin"], unique=False)
    op.create_index(op.f("ix_variant_retailer_id"), "variant", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_variant_vendor_id"), "variant", ["vendor_id"], unique=False)
    op.create_table(
        "wishlist_item",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_wishlist_item_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_wishlist_item_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_wishlist_item_store_id_store")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_wishlist_item_visitor_id_visitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishlist_item")),
        sa.UniqueConstraint("visitor_id", "item_id", name=op.f("uq_wishlist_item_visitor_id_item_id")),
    )
    op.create_index(op.f("ix_wishlist_item_item_id"), "wishlist_item", ["item_id"], unique=False)
    op.create_index(op.f("ix_wishlist_item_retailer_id"), "wishlist_item", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_wishlist_item_store_id"), "wishlist_item", ["store_id"], unique=False)
    op.create_table(
        "list_share",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("secret", sa.String(length=32), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=True),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (secret IS NOT NULL)", name=op.f("ck_list_share_known_while_shared")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (visitor_id IS NOT NULL)", name=op.f("ck_list_share_owned_while_shared")
        ),
        sa.CheckConstraint("mode IN ('view', 'gift')", name=op.f("ck_list_share_mode_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_list_share_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_list_share_visitor_id_visitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_share")),
        sa.UniqueConstraint("public_id", name=op.f("uq_list_share_public_id")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_list_share_secret_hash")),
        sa.UniqueConstraint("visitor_id", name=op.f("uq_list_share_visitor_id")),
    )
    op.create_index(op.f("ix_list_share_retailer_id"), "list_share", ["retailer_id"], unique=False)
    op.create_table(
        "bringing",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("share_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("visitor_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_bringing_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_bringing_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["share_id"], ["list_share.id"], name=op.f("fk_bringing_share_id_list_share")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_bringing_visitor_id_visitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bringing")),
        sa.UniqueConstraint("share_id", "item_id", name=op.f("uq_bringing_share_id_item_id")),
    )
    op.create_index(op.f("ix_bringing_item_id"), "bringing", ["item_id"], unique=False)
    op.create_index(op.f("ix_bringing_retailer_id"), "bringing", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_bringing_visitor_id"), "bringing", ["visitor_id"], unique=False)
    op.create_table(
        "call_rule",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("staffed", sa.String(length=40), nullable=False),
        sa.Column("most_open", sa.Integer(), nullable=False),
        sa.Column("says_name", sa.Boolean(), nullable=False),
        sa.Column("come_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("staffed IN ('hours', 'switch')", name=op.f("ck_call_rule_staffed_known")),
        sa.CheckConstraint("most_open BETWEEN 1 AND 50", name=op.f("ck_call_rule_most_open_in_range")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_call_rule_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_call_rule_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_rule")),
        sa.UniqueConstraint("store_id", name=op.f("uq_call_rule_store_id")),
    )
    op.create_index(op.f("ix_call_rule_retailer_id"), "call_rule", ["retailer_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=True),
        sa.Column("fixture_id", sa.String(length=36), nullable=True),
        sa.Column("caller", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'taken', 'done', 'impossible', 'withdrawn', 'lapsed')", name=op.f("ck_call_state_known")
        ),
        sa.CheckConstraint("why IN ('none_here', 'all_busy', 'not_found')", name=op.f("ck_call_why_known")),
        sa.ForeignKeyConstraint(["fixture_id"], ["fixture.id"], name=op.f("fk_call_fixture_id_fixture")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_call_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_call_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_call_store_id_store")),
        sa.ForeignKeyConstraint(["taken_by"], ["user.id"], name=op.f("fk_call_taken_by_user")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_call_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("public_id", name=op.f("uq_call_public_id")),
        sa.UniqueConstraint("store_id", "on", "number", name=op.f("uq_call_store_id_on_number")),
    )
    op.create_index("ix_call_asked_at", "call", ["asked_at"], unique=False)
    op.create_index(op.f("ix_call_fixture_id"), "call", ["fixture_id"], unique=False)
    op.create_index(op.f("ix_call_item_id"), "call", ["item_id"], unique=False)
    op.create_index(op.f("ix_call_retailer_id"), "call", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_call_taken_by"), "call", ["taken_by"], unique=False)
    op.create_index(op.f("ix_call_variant_id"), "call", ["variant_id"], unique=False)
    op.create_index(
        "uq_call_open",
        "call",
        ["store_id", "caller"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'taken')"),
        postgresql_where=sa.text("state IN ('asked', 'taken')"),
    )
    op.create_table(
        "gtin_answer",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_gtin_answer_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_gtin_answer_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gtin_answer")),
        sa.UniqueConstraint("retailer_id", "gtin", name=op.f("uq_gtin_answer_retailer_id_gtin")),
    )
    op.create_index(op.f("ix_gtin_answer_retailer_id"), "gtin_answer", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_gtin_answer_variant_id"), "gtin_answer", ["variant_id"], unique=False)
    op.create_table(
        "offer_subject_use",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("subject_key", sa.String(length=70), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_offer_subject_use_claim_id_claim")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_subject_use_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["retailer_id"], ["retailer.id"], name=op.f("fk_offer_subject_use_retailer_id_retailer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_subject_use")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_offer_subject_use_claim_id")),
        sa.UniqueConstraint(
            "offer_id", "subject_key", "place", name=op.f("uq_offer_subject_use_offer_id_subject_key_place")
        ),
    )
    op.create_index(op.f("ix_offer_subject_use_retailer_id"), "offer_subject_use", ["retailer_id"], unique=False)
    op.create_table(
        "price_history",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_price_history_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_price_history_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_history")),
    )
    op.create_index(op.f("ix_price_history_retailer_id"), "price_history", ["retailer_id"], unique=False)
    op.create_index("ix_price_history_variant_from", "price_history", ["variant_id", "from_at"], unique=False)
    op.create_table(
        "print_line",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["print_batch.id"], name=op.f("fk_print_line_batch_id_print_batch")),
        sa.ForeignKeyConstraint(["code_id"], ["code.id"], name=op.f("fk_print_line_code_id_code")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_print_line_retailer_id_retailer")),
        sa.PrimaryKeyConstraint("batch_id", "place", name=op.f("pk_print_line")),
    )
    op.create_index(op.f("ix_print_line_code_id"), "print_line", ["code_id"], unique=False)
    op.create_index(op.f("ix_print_line_retailer_id"), "print_line", ["retailer_id"], unique=False)
    op.create_table(
        "redemption",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("associate_id", sa.String(length=36), nullable=True),
        sa.Column("reverses_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('redeemed', 'reversed', 'refused')", name=op.f("ck_redemption_outcome_known")),
        sa.ForeignKeyConstraint(["associate_id"], ["user.id"], name=op.f("fk_redemption_associate_id_user")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_redemption_claim_id_claim")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_redemption_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["reverses_id"], ["redemption.id"], name=op.f("fk_redemption_reverses_id_redemption")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_redemption_store_id_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("retailer_id", "idempotency_key", name=op.f("uq_redemption_retailer_id_idempotency_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_redemption_reverses_id")),
    )
    op.create_index(op.f("ix_redemption_associate_id"), "redemption", ["associate_id"], unique=False)
    op.create_index(op.f("ix_redemption_claim_id"), "redemption", ["claim_id"], unique=False)
    op.create_index(op.f("ix_redemption_retailer_id"), "redemption", ["retailer_id"], unique=False)
    op.create_index("ix_redemption_store_at", "redemption", ["store_id", "at"], unique=False)
    op.create_index(
        "uq_redemption_standing",
        "redemption",
        ["claim_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'redeemed' AND undone_at IS NULL"),
        postgresql_where=sa.text("outcome = 'redeemed' AND undone_at IS NULL"),
    )
    op.create_table(
        "revision",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("content_id", sa.String(length=36), nullable=False),
        sa.Column("template_version_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column(
            "body", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("author_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignee_id", sa.String(length=36), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_from_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'rejected', 'approved', 'withdrawn')",
            name=op.f("ck_revision_state_known"),
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["user.id"], name=op.f("fk_revision_assignee_id_user")),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_revision_author_id_user")),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_revision_content_id_content")),
        sa.ForeignKeyConstraint(["moved_from_id"], ["revision.id"], name=op.f("fk_revision_moved_from_id_revision")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_revision_retailer_id_retailer")),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["template_version.id"],
            name=op.f("fk_revision_template_version_id_template_version"),
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_revision_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("content_id", "number", name=op.f("uq_revision_content_id_number")),
        sa.UniqueConstraint(
            "moved_from_id", "template_version_id", name=op.f("uq_revision_moved_from_id_template_version_id")
        ),
    )
    op.create_index(op.f("ix_revision_assignee_id"), "revision", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_revision_author_id"), "revision", ["author_id"], unique=False)
    op.create_index(op.f("ix_revision_content_id"), "revision", ["content_id"], unique=False)
    op.create_index(op.f("ix_revision_moved_from_id"), "revision", ["moved_from_id"], unique=False)
    op.create_index(op.f("ix_revision_retailer_id"), "revision", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_revision_template_version_id"), "revision", ["template_version_id"], unique=False)
    op.create_index(op.f("ix_revision_vendor_id"), "revision", ["vendor_id"], unique=False)
    op.create_index(
        "uq_revision_open",
        "revision",
        ["content_id", "state"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'submitted')"),
        postgresql_where=sa.text("state IN ('draft', 'submitted')"),
    )
    op.create_table(
        "stock",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_stock_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_stock_store_id_store")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock")),
        sa.UniqueConstraint("store_id", "variant_id", name=op.f("uq_stock_store_id_variant_id")),
    )
    op.create_index(op.f("ix_stock_retailer_id"), "stock", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_stock_store_id"), "stock", ["store_id"], unique=False)
    op.create_index(op.f("ix_stock_variant_id"), "stock", ["variant_id"], unique=False)
    op.create_table(
        "warehouse_stock",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("warehouse_id", sa.String(length=36), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_warehouse_stock_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_warehouse_stock_variant_id_variant")),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouse.id"], name=op.f("fk_warehouse_stock_warehouse_id_warehouse")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse_stock")),
        sa.UniqueConstraint("warehouse_id", "variant_id", name=op.f("uq_warehouse_stock_warehouse_id_variant_id")),
    )
    op.create_index(op.f("ix_warehouse_stock_retailer_id"), "warehouse_stock", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_warehouse_stock_variant_id"), "warehouse_stock", ["variant_id"], unique=False)
    op.create_index(op.f("ix_warehouse_stock_warehouse_id"), "warehouse_stock", ["warehouse_id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("revision_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reviewer_id", sa.String(length=36), nullable=True),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column(
            "comments", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'returned', 'rejected')", name=op.f("ck_approval_verdict_known")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_approval_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user.id"], name=op.f("fk_approval_reviewer_id_user")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_approval_revision_id_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("revision_id", name=op.f("uq_approval_revision_id")),
    )
    op.create_index(op.f("ix_approval_retailer_id"), "approval", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_approval_reviewer_id"), "approval", ["reviewer_id"], unique=False)
    op.create_table(
        "draft_save",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("revision_id", sa.String(length=36), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column(
            "slots", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("path", sa.String(length=10), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_draft_save_author_id_user")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_draft_save_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_draft_save_revision_id_revision")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_draft_save_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_save")),
        sa.UniqueConstraint("revision_id", "edit", name=op.f("uq_draft_save_revision_id_edit")),
    )
    op.create_index(op.f("ix_draft_save_author_id"), "draft_save", ["author_id"], unique=False)
    op.create_index(op.f("ix_draft_save_retailer_id"), "draft_save", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_draft_save_vendor_id"), "draft_save", ["vendor_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reader", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("revision_id", sa.String(length=36), nullable=True),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reader IN ('vendor', 'retailer')", name=op.f("ck_notice_reader_known")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_notice_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_notice_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_notice_revision_id_revision")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_notice_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_item_id"), "notice", ["item_id"], unique=False)
    op.create_index(op.f("ix_notice_retailer_id"), "notice", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_notice_revision_id"), "notice", ["revision_id"], unique=False)
    op.create_index(op.f("ix_notice_vendor_id"), "notice", ["vendor_id"], unique=False)
    op.create_table(
        "publication",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("revision_id", sa.String(length=36), nullable=True),
        sa.Column(
            "store_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column(
            "locales",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column(
            "weekly",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("until_at IS NULL OR until_at >= from_at", name=op.f("ck_publication_period_forward")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_publication_created_by_user")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_publication_item_id_item")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_publication_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_publication_revision_id_revision")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_publication_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_index(op.f("ix_publication_created_by"), "publication", ["created_by"], unique=False)
    op.create_index("ix_publication_item_from", "publication", ["item_id", "from_at"], unique=False)
    op.create_index(op.f("ix_publication_retailer_id"), "publication", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_publication_revision_id"), "publication", ["revision_id"], unique=False)
    op.create_index(op.f("ix_publication_vendor_id"), "publication", ["vendor_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("variant_id", sa.String(length=36), nullable=True),
        sa.Column("store_id", sa.String(length=36), nullable=True),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("shown_text", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fired_store_id", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'back_in_stock') = (variant_id IS NOT NULL)",
            name=op.f("ck_subscription_variant_where_it_belongs"),
        ),
        sa.CheckConstraint("channel IN ('mail', 'sms')", name=op.f("ck_subscription_channel_known")),
        sa.CheckConstraint("purpose IN ('newsletter', 'back_in_stock')", name=op.f("ck_subscription_purpose_known")),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'fired', 'unsubscribed', 'expired')",
            name=op.f("ck_subscription_state_known"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_subscription_contact_id_contact")),
        sa.ForeignKeyConstraint(["fired_store_id"], ["store.id"], name=op.f("fk_subscription_fired_store_id_store")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_subscription_retailer_id_retailer")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_subscription_store_id_store")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_subscription_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "contact_id", "channel", "purpose", "about", name=op.f("uq_subscription_contact_id_channel_purpose_about")
        ),
    )
    op.create_index(op.f("ix_subscription_fired_store_id"), "subscription", ["fired_store_id"], unique=False)
    op.create_index(op.f("ix_subscription_retailer_id"), "subscription", ["retailer_id"], unique=False)
    op.create_index("ix_subscription_retailer_state", "subscription", ["retailer_id", "purpose", "state"], unique=False)
    op.create_index("ix_subscription_state_until", "subscription", ["state", "until"], unique=False)
    op.create_index(op.f("ix_subscription_store_id"), "subscription", ["store_id"], unique=False)
    op.create_index("ix_subscription_variant_state", "subscription", ["variant_id", "state"], unique=False)
    op.create_table(
        "mail_link",
        sa.Column("retailer_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('confirm', 'stop')", name=op.f("ck_mail_link_kind_known")),
        sa.CheckConstraint("purpose IN ('newsletter', 'back_in_stock')", name=op.f("ck_mail_link_purpose_known")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_mail_link_contact_id_contact")),
        sa.ForeignKeyConstraint(["retailer_id"], ["retailer.id"], name=op.f("fk_mail_link_retailer_id_retailer")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_mail_link_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_mail_link_secret_hash")),
    )
    op.create_index(op.f("ix_mail_link_contact_id"), "mail_link", ["contact_id"], unique=False)
    op.create_index(op.f("ix_mail_link_retailer_id"), "mail_link", ["retailer_id"], unique=False)
    op.create_index(op.f("ix_mail_link_subscription_id"), "mail_link", ["subscription_id"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_link")
    op.drop_table("subscription")
    op.drop_index(op.f("ix_publication_vendor_id"), table_name="publication")
    op.drop_index(op.f("ix_publication_revision_id"), table_name="publication")
    op.drop_index(op.f("ix_publication_retailer_id"), table_name="publication")
    op.drop_index("ix_publication_item_from", table_name="publication")
    op.drop_index(op.f("ix_publication_created_by"), table_name="publication")
    op.drop_table("publication")
    op.drop_index(op.f("ix_notice_vendor_id"), table_name="notice")
    op.drop_index(op.f("ix_notice_revision_id"), table_name="notice")
    op.drop_index(op.f("ix_notice_retailer_id"), table_name="notice")
    op.drop_index(op.f("ix_notice_item_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_draft_save_vendor_id"), table_name="draft_save")
    op.drop_index(op.f("ix_draft_save_retailer_id"), table_name="draft_save")
    op.drop_index(op.f("ix_draft_save_author_id"), table_name="draft_save")
    op.drop_table("draft_save")
    op.drop_index(op.f("ix_approval_reviewer_id"), table_name="approval")
    op.drop_index(op.f("ix_approval_retailer_id"), table_name="approval")
    op.drop_table("approval")
    op.drop_index(op.f("ix_warehouse_stock_warehouse_id"), table_name="warehouse_stock")
    op.drop_index(op.f("ix_warehouse_stock_variant_id"), table_name="warehouse_stock")
    op.drop_index(op.f("ix_warehouse_stock_retailer_id"), table_name="warehouse_stock")
    op.drop_table("warehouse_stock")
    op.drop_index(op.f("ix_stock_variant_id"), table_name="stock")
    op.drop_index(op.f("ix_stock_store_id"), table_name="stock")
    op.drop_index(op.f("ix_stock_retailer_id"), table_name="stock")
    op.drop_table("stock")
    op.drop_index(
        "uq_revision_open",
        table_name="revision",
        sqlite_where=sa.text("state IN ('draft', 'submitted')"),
        postgresql_where=sa.text("state IN ('draft', 'submitted')"),
    )
    op.drop_index(op.f("ix_revision_vendor_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_template_version_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_retailer_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_moved_from_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_content_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_author_id"), table_name="revision")
    op.drop_index(op.f("ix_revision_assignee_id"), table_name="revision")
    op.drop_table("revision")
    op.drop_index(
        "uq_redemption_standing",
        table_name="redemption",
        sqlite_where=sa.text("outcome = 'redeemed' AND undone_at IS NULL"),
        postgresql_where=sa.text("outcome = 'redeemed' AND undone_at IS NULL"),
    )
    op.drop_index("ix_redemption_store_at", table_name="redemption")
    op.drop_index(op.f("ix_redemption_retailer_id"), table_name="redemption")
    op.drop_index(op.f("ix_redemption_claim_id"), table_name="redemption")
    op.drop_index(op.f("ix_redemption_associate_id"), table_name="redemption")
    op.drop_table("redemption")
    op.drop_index(op.f("ix_print_line_retailer_id"), table_name="print_line")
    op.drop_index(op.f("ix_print_line_code_id"), table_name="print_line")
    op.drop_table("print_line")
    op.drop_index("ix_price_history_variant_from", table_name="price_history")
    op.drop_index(op.f("ix_price_history_retailer_id"), table_name="price_history")
    op.drop_table("price_history")
    op.drop_index(op.f("ix_offer_subject_use_retailer_id"), table_name="offer_subject_use")
    op.drop_table("offer_subject_use")
    op.drop_index(op.f("ix_gtin_answer_variant_id"), table_name="gtin_answer")
    op.drop_index(op.f("ix_gtin_answer_retailer_id"), table_name="gtin_answer")
    op.drop_table("gtin_answer")
    op.drop_index(
        "uq_call_open",
        table_name="call",
        sqlite_where=sa.text("state IN ('asked', 'taken')"),
        postgresql_where=sa.text("state IN ('asked', 'taken')"),
    )
    op.drop_index(op.f("ix_call_variant_id"), table_name="call")
    op.drop_index(op.f("ix_call_taken_by"), table_name="call")
    op.drop_index(op.f("ix_call_retailer_id"), table_name="call")
    op.drop_index(op.f("ix_call_item_id"), table_name="call")
    op.drop_index(op.f("ix_call_fixture_id"), table_name="call")
    op.drop_index("ix_call_asked_at", table_name="call")
    op.drop_table("call")
    op.drop_index(op.f("ix_call_rule_retailer_id"), table_name="call_rule")
    op.drop_table("call_rule")
    op.drop_index(op.f("ix_bringing_visitor_id"), table_name="bringing")
    op.drop_index(op.f("ix_bringing_retailer_id"), table_name="bringing")
    op.drop_index(op.f("ix_bringing_item_id"), table_name="bringing")
    op.drop_table("bringing")
    op.drop_index(op.f("ix_list_share_retailer_id"), table_name="list_share")
    op.drop_table("list_share")
    op.drop_index(op.f("ix_wishlist_item_store_id"), table_name="wishlist_item")
    op.drop_index(op.f("ix_wishlist_item_retailer_id"), table_name="wishlist_item")
    op.drop_index(op.f("ix_wishlist_item_item_id"), table_name="wishlist_item")
    op.drop_table("wishlist_item")
    op.drop_index(op.f("ix_variant_vendor_id"), table_name="variant")
    op.drop_index(op.f("ix_variant_retailer_id"), table_name="variant")
    op.drop_index("ix_variant_retailer_gtin", table_name="variant")
    op.drop_index(op.f("ix_variant_item_id"), table_name="variant")
    op.drop_table("variant")
    op.drop_index(op.f("ix_share_link_store_id"), table_name="share_link")
    op.drop_index(op.f("ix_share_link_retailer_id"), table_name="share_link")
    op.drop_index(op.f("ix_share_link_item_id"), table_name="share_link")
    op.drop_table("share_link")
    op.drop_index("ix_review_retailer_state", table_name="review")
    op.drop_index(op.f("ix_review_retailer_id"), table_name="review")
    op.drop_index("ix_review_item_state", table_name="review")
    op.drop_index(op.f("ix_review_bought_store_id"), table_name="review")
    op.drop_table("review")
    op.drop_index(op.f("ix_print_request_item_vendor_id"), table_name="print_request_item")
    op.drop_index(op.f("ix_print_request_item_retailer_id"), table_name="print_request_item")
    op.drop_index(op.f("ix_print_request_item_item_id"), table_name="print_request_item")
    op.drop_table("print_request_item")
    op.drop_index(op.f("ix_offer_item_retailer_id"), table_name="offer_item")
    op.drop_index(op.f("ix_offer_item_offer_id"), table_name="offer_item")
    op.drop_index(op.f("ix_offer_item_item_id"), table_name="offer_item")
    op.drop_table("offer_item")
    op.drop_index(op.f("ix_occasion_store_store_id"), table_name="occasion_store")
    op.drop_index(op.f("ix_occasion_store_retailer_id"), table_name="occasion_store")
    op.drop_index(op.f("ix_occasion_store_occasion_id"), table_name="occasion_store")
    op.drop_table("occasion_store")
    op.drop_index(op.f("ix_occasion_retailer_id"), table_name="occasion")
    op.drop_index(op.f("ix_occasion_picture_id"), table_name="occasion")
    op.drop_table("occasion")
    op.drop_index(op.f("ix_migration_version_id"), table_name="migration")
    op.drop_index(op.f("ix_migration_template_id"), table_name="migration")
    op.drop_index(op.f("ix_migration_started_by"), table_name="migration")
    op.drop_index(op.f("ix_migration_retailer_id"), table_name="migration")
    op.drop_table("migration")
    op.drop_index(op.f("ix_look_item_retailer_id"), table_name="look_item")
    op.drop_index(op.f("ix_look_item_look_id"), table_name="look_item")
    op.drop_index(op.f("ix_look_item_item_id"), table_name="look_item")
    op.drop_table("look_item")
    op.drop_index(op.f("ix_look_retailer_id"), table_name="look")
    op.drop_index(op.f("ix_look_picture_id"), table_name="look")
    op.drop_table("look")
    op.drop_index(
        "uq_gs1_link_default",
        table_name="gs1_link",
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.drop_index("ix_gs1_link_retailer_item", table_name="gs1_link")
    op.drop_index(op.f("ix_gs1_link_retailer_id"), table_name="gs1_link")
    op.drop_index(op.f("ix_gs1_link_item_id"), table_name="gs1_link")
    op.drop_table("gs1_link")
    op.drop_index(
        "ix_event_uncounted",
        table_name="event",
        sqlite_where=sa.text("NOT is_counted"),
        postgresql_where=sa.text("NOT is_counted"),
    )
    op.drop_index(op.f("ix_event_store_id"), table_name="event")
    op.drop_index("ix_event_retailer_item_at", table_name="event")
    op.drop_index(op.f("ix_event_retailer_id"), table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_content_vendor_id"), table_name="content")
    op.drop_index(op.f("ix_content_template_id"), table_name="content")
    op.drop_index(op.f("ix_content_retailer_id"), table_name="content")
    op.drop_index(op.f("ix_content_item_id"), table_name="content")
    op.drop_table("content")
    op.drop_index(op.f("ix_code_subject_id"), table_name="code")
    op.drop_index(op.f("ix_code_store_id"), table_name="code")
    op.drop_index("ix_code_retailer_item", table_name="code")
    op.drop_index(op.f("ix_code_retailer_id"), table_name="code")
    op.drop_index("ix_code_retailer_host", table_name="code")
    op.drop_index(op.f("ix_code_replaced_by_id"), table_name="code")
    op.drop_index(op.f("ix_code_item_id"), table_name="code")
    op.drop_index(op.f("ix_code_fixture_id"), table_name="code")
    op.drop_table("code")
    op.drop_index("ix_claim_visitor", table_name="claim")
    op.drop_index(op.f("ix_claim_store_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_retailer_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_offer_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_item_id"), table_name="claim")
    op.drop_index(
        "ix_claim_holding",
        table_name="claim",
        sqlite_where=sa.text("state = 'issued' AND freed_at IS NULL"),
        postgresql_where=sa.text("state = 'issued' AND freed_at IS NULL"),
    )
    op.drop_table("claim")
    op.drop_index(op.f("ix_answer_store_id"), table_name="answer")
    op.drop_index(op.f("ix_answer_retailer_id"), table_name="answer")
    op.drop_index("ix_answer_item_at", table_name="answer")
    op.drop_table("answer")
    op.drop_index(op.f("ix_template_version_template_id"), table_name="template_version")
    op.drop_index(op.f("ix_template_version_retailer_id"), table_name="template_version")
    op.drop_table("template_version")
    op.drop_index(op.f("ix_template_draft_saved_by"), table_name="template_draft")
    op.drop_index(op.f("ix_template_draft_retailer_id"), table_name="template_draft")
    op.drop_table("template_draft")
    op.drop_index(op.f("ix_store_network_store_id"), table_name="store_network")
    op.drop_index(op.f("ix_store_network_retailer_id"), table_name="store_network")
    op.drop_table("store_network")
    op.drop_index(op.f("ix_staff_session_user_id"), table_name="staff_session")
    op.drop_index(op.f("ix_staff_session_membership_id"), table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_index(op.f("ix_rendition_key"), table_name="rendition")
    op.drop_index(op.f("ix_rendition_asset_id"), table_name="rendition")
    op.drop_table("rendition")
    op.drop_index(op.f("ix_recording_poster_id"), table_name="recording")
    op.drop_table("recording")
    op.drop_index(op.f("ix_product_variant_vendor_id"), table_name="product_variant")
    op.drop_index(op.f("ix_product_variant_product_id"), table_name="product_variant")
    op.drop_index(op.f("ix_product_variant_gtin"), table_name="product_variant")
    op.drop_table("product_variant")
    op.drop_index(op.f("ix_product_picture_vendor_id"), table_name="product_picture")
    op.drop_index(op.f("ix_product_picture_asset_id"), table_name="product_picture")
    op.drop_table("product_picture")
    op.drop_index(op.f("ix_print_request_vendor_id"), table_name="print_request")
    op.drop_index(op.f("ix_print_request_user_id"), table_name="print_request")
    op.drop_index(op.f("ix_print_request_retailer_id"), table_name="print_request")
    op.drop_index(op.f("ix_print_request_batch_id"), table_name="print_request")
    op.drop_index(op.f("ix_print_request_again_of_id"), table_name="print_request")
    op.drop_table("print_request")
    op.drop_index("ix_picture_fetch_vendor_state", table_name="picture_fetch")
    op.drop_index(op.f("ix_picture_fetch_vendor_id"), table_name="picture_fetch")
    op.drop_index(op.f("ix_picture_fetch_run_id"), table_name="picture_fetch")
    op.drop_index(op.f("ix_picture_fetch_product_id"), table_name="picture_fetch")
    op.drop_table("picture_fetch")
    op.drop_index(op.f("ix_offer_counter_retailer_id"), table_name="offer_counter")
    op.drop_table("offer_counter")
    op.drop_index(op.f("ix_item_vendor_id"), table_name="item")
    op.drop_index(op.f("ix_item_retailer_id"), table_name="item")
    op.drop_index(op.f("ix_item_product_id"), table_name="item")
    op.drop_table("item")
    op.drop_index(op.f("ix_fixture_store_id"), table_name="fixture")
    op.drop_index(op.f("ix_fixture_retailer_id"), table_name="fixture")
    op.drop_table("fixture")
    op.drop_index("ix_fixed_value_template_slot_from", table_name="fixed_value")
    op.drop_index(op.f("ix_fixed_value_retailer_id"), table_name="fixed_value")
    op.drop_table("fixed_value")
    op.drop_index(op.f("ix_consent_event_visitor_id"), table_name="consent_event")
    op.drop_index(op.f("ix_consent_event_retailer_id"), table_name="consent_event")
    op.drop_index(op.f("ix_consent_event_phone_id"), table_name="consent_event")
    op.drop_index(op.f("ix_consent_event_contact_id"), table_name="consent_event")
    op.drop_table("consent_event")
    op.drop_index(op.f("ix_agreed_phone_retailer_id"), table_name="agreed_phone")
    op.drop_table("agreed_phone")
    op.drop_index(op.f("ix_code_draft_run_id"), table_name="code_draft")
    op.drop_index(op.f("ix_code_draft_retailer_id"), table_name="code_draft")
    op.drop_table("code_draft")
    op.drop_index(op.f("ix_archive_line_vendor_id"), table_name="archive_line")
    op.drop_index(op.f("ix_archive_line_asset_id"), table_name="archive_line")
    op.drop_table("archive_line")
    op.drop_index(op.f("ix_warehouse_retailer_id"), table_name="warehouse")
    op.drop_table("warehouse")
    op.drop_index(op.f("ix_visitor_retailer_id"), table_name="visitor")
    op.drop_table("visitor")
    op.drop_index(op.f("ix_vendor_product_vendor_id"), table_name="vendor_product")
    op.drop_table("vendor_product")
    op.drop_index(op.f("ix_supply_terms_vendor_id"), table_name="supply_terms")
    op.drop_index(op.f("ix_supply_terms_retailer_id"), table_name="supply_terms")
    op.drop_index(op.f("ix_supply_terms_accepted_by"), table_name="supply_terms")
    op.drop_table("supply_terms")
    op.drop_index(op.f("ix_supply_vendor_id"), table_name="supply")
    op.drop_index(op.f("ix_supply_retailer_id"), table_name="supply")
    op.drop_table("supply")
    op.drop_index(op.f("ix_store_retailer_id"), table_name="store")
    op.drop_table("store")
    op.drop_index(op.f("ix_sign_run_user_id"), table_name="sign_run")
    op.drop_index(op.f("ix_sign_run_retailer_id"), table_name="sign_run")
    op.drop_table("sign_run")
    op.drop_index(
        "uq_retailer_host_proven",
        table_name="retailer_host",
        sqlite_where=sa.text("proven_at IS NOT NULL"),
        postgresql_where=sa.text("proven_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_retailer_host_retailer_id"), table_name="retailer_host")
    op.drop_table("retailer_host")
    op.drop_index(op.f("ix_printer_fit_retailer_id"), table_name="printer_fit")
    op.drop_table("printer_fit")
    op.drop_index(op.f("ix_print_batch_vendor_id"), table_name="print_batch")
    op.drop_index(op.f("ix_print_batch_user_id"), table_name="print_batch")
    op.drop_index(op.f("ix_print_batch_retailer_id"), table_name="print_batch")
    op.drop_index(op.f("ix_print_batch_released_by_id"), table_name="print_batch")
    op.drop_index(op.f("ix_print_batch_again_of_id"), table_name="print_batch")
    op.drop_table("print_batch")
    op.drop_index(op.f("ix_page_template_retailer_id"), table_name="page_template")
    op.drop_table("page_template")
    op.drop_index("ix_page_change_at", table_name="page_change")
    op.drop_table("page_change")
    op.drop_index("ix_outbox_message_state_due_at", table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_retailer_id"), table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_contact_id"), table_name="outbox_message")
    op.drop_table("outbox_message")
    op.drop_index(op.f("ix_suppression_retailer_id"), table_name="suppression")
    op.drop_table("suppression")
    op.drop_index(op.f("ix_contact_retailer_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_index(op.f("ix_offer_retailer_id"), table_name="offer")
    op.drop_index(op.f("ix_offer_created_by"), table_name="offer")
    op.drop_table("offer")
    op.drop_index(op.f("ix_membership_vendor_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_user_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_retailer_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_link_host_retailer_id"), table_name="link_host")
    op.drop_table("link_host")
    op.drop_index(op.f("ix_label_stock_retailer_id"), table_name="label_stock")
    op.drop_table("label_stock")
    op.drop_index(op.f("ix_invitation_vendor_id"), table_name="invitation")
    op.drop_index(op.f("ix_invitation_retailer_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_import_run_vendor_id"), table_name="import_run")
    op.drop_index(op.f("ix_import_run_user_id"), table_name="import_run")
    op.drop_index(op.f("ix_import_run_list_at_id"), table_name="import_run")
    op.drop_table("import_run")
    op.drop_index(op.f("ix_fill_run_vendor_id"), table_name="fill_run")
    op.drop_index(op.f("ix_fill_run_user_id"), table_name="fill_run")
    op.drop_index(op.f("ix_fill_run_retailer_id"), table_name="fill_run")
    op.drop_index(op.f("ix_fill_run_file_key"), table_name="fill_run")
    op.drop_table("fill_run")
    op.drop_index(op.f("ix_feed_run_user_id"), table_name="feed_run")
    op.drop_index(op.f("ix_feed_run_retailer_id"), table_name="feed_run")
    op.drop_table("feed_run")
    op.drop_index("ix_correction_retailer_on", table_name="correction")
    op.drop_index(op.f("ix_correction_retailer_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_code_run_user_id"), table_name="code_run")
    op.drop_index(op.f("ix_code_run_retailer_id"), table_name="code_run")
    op.drop_table("code_run")
    op.drop_index(op.f("ix_code_reading_retailer_id"), table_name="code_reading")
    op.drop_table("code_reading")
    op.drop_index(op.f("ix_code_design_retailer_id"), table_name="code_design")
    op.drop_table("code_design")
    op.drop_index(op.f("ix_brand_kit_retailer_id"), table_name="brand_kit")
    op.drop_table("brand_kit")
    op.drop_index(op.f("ix_asset_vendor_id"), table_name="asset")
    op.drop_index(op.f("ix_asset_rights_until"), table_name="asset")
    op.drop_table("asset")
    op.drop_index(op.f("ix_arrival_vendor_id"), table_name="arrival")
    op.drop_index(op.f("ix_arrival_user_id"), table_name="arrival")
    op.drop_index(op.f("ix_arrival_created_at"), table_name="arrival")
    op.drop_table("arrival")
    op.drop_index(op.f("ix_archive_vendor_id"), table_name="archive")
    op.drop_index(op.f("ix_archive_user_id"), table_name="archive")
    op.drop_index(op.f("ix_archive_file_key"), table_name="archive")
    op.drop_table("archive")
    op.drop_table("withdrawn_rule")
    op.drop_table("vendor")
    op.drop_table("user")
    op.drop_table("scan_place")
    op.drop_table("scan")
    op.drop_table("retailer")
    op.drop_index(op.f("ix_rate_bucket_full_at"), table_name="rate_bucket")
    op.drop_table("rate_bucket")
    op.drop_table("open_visit")
    op.drop_table("log_file")
    op.drop_index(op.f("ix_link_check_asked_at"), table_name="link_check")
    op.drop_table("link_check")
    op.drop_index(op.f("ix_idempotency_key_until"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("hour_total")
    op.drop_index("ix_day_total_retailer_item", table_name="day_total")
    op.drop_table("day_total")
    op.drop_table("day_hash")
    op.drop_index(op.f("ix_agreed_day_on"), table_name="agreed_day")
    op.drop_table("agreed_day")
    op.drop_table("code_hour")
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
