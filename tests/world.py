"""Two houses that know nothing of each other, each with one row of everything an address can name.

The access matrix swaps the ids of one for the other's. A route whose address has a new kind of parameter needs a
line in `House.ids`; the matrix fails until it has one.
"""

import io
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product, list_variants
from qrmerch.clock import now
from qrmerch.codes.designs import Design, keep_design
from qrmerch.codes.gs1_models import Gs1Link, LinkHost
from qrmerch.codes.models import Code
from qrmerch.codes.runs import start_run
from qrmerch.config import Settings
from qrmerch.content.models import Reader
from qrmerch.content.notices import tell
from qrmerch.files import FileStore
from qrmerch.imports.feed_models import FeedKind, FeedRun
from qrmerch.imports.feeds import receive_file
from qrmerch.imports.models import ImportRun
from qrmerch.imports.service import receive_sheet
from qrmerch.imports.slot_models import FillRun
from qrmerch.imports.slot_sheets import receive_file as receive_fill
from qrmerch.media.models import Archive, ArchiveState
from qrmerch.messages.links import make_link
from qrmerch.messages.models import LinkKind
from qrmerch.parties.models import Corners, Display, Retailer, Tone
from qrmerch.parties.own_hosts import claim_host
from qrmerch.parties.service import Brand, set_brand
from qrmerch.printing.labels import Label, Wording
from qrmerch.printing.models import PrintRequest, RequestState
from qrmerch.printing.service import Order, add_stock, ask_batch, keep_fit, note_checked, release_batch
from qrmerch.printing.sheets import Printed, Run, sheet
from qrmerch.printing.stocks import get_stock
from qrmerch.reviews.models import Review, ReviewState
from qrmerch.users.models import Invitation
from qrmerch.users.service import open_session
from qrmerch.visitors.service import suppress
from tests.conftest import NOON
from tests.factories import (
    Person,
    let_call,
    make_answer,
    make_arrival,
    make_asset,
    make_call,
    make_claim,
    make_code,
    make_fixture,
    make_item,
    make_look,
    make_occasion,
    make_offer,
    make_person,
    make_retailer,
    make_review,
    make_revision,
    make_sign,
    make_store,
    make_subscription,
    make_template,
    make_use,
    make_vendor,
    publish_page,
)

_PLAIN = Brand("#1f3fbf", Display.SANS, Corners.SOFT, Tone.PLAIN, "To come", {})


@dataclass
class House:
    """One retailer with its vendor and its people; `ids` has a value for every name in an address."""

    ids: dict[str, str]
    people: dict[Role, Person] = field(default_factory=dict)

    def address(self, rule: str) -> str:
        """The address of a rule with this house's ids in it."""
        return rule.format(**self.ids)


def make_house(db: Session, name: str, *, settings: Settings) -> House:
    """A house with one of everything, its sheet on disk; committed by the caller."""
    retailer = make_retailer(db, name=f"{name} Stores")
    store = make_store(db, retailer)
    fixture = make_fixture(db, store)
    vendor = make_vendor(db, retailer, name=f"{name} Knitwear")
    item = make_item(db, retailer, vendor=vendor)
    template = make_template(db, retailer)
    live = publish_page(db, item, template=template)
    waiting = make_revision(
        db, make_item(db, retailer, vendor=vendor, key=f"{name}-2"), template=template, state="submitted"
    )
    code = make_code(db, item, fixture=fixture)
    design = keep_design(db, retailer.id, Design(name=f"{name} tags", caption="Scan it"), at=NOON, actor=None)
    offer = make_offer(db, item)
    claim = make_claim(db, offer, item)
    use = make_use(db, make_claim(db, offer, item), store)
    let_call(db, store)
    call = make_call(db, store, item, fixture=fixture)
    subscription = make_subscription(db, item, email=f"ann@{name.lower()}.example", store=store)
    make_link(db, subscription, LinkKind.STOP, at=NOON, until=None)
    suppress(db, retailer.id, "eve@example.com", keys=[settings.secret_key], at=NOON)
    run = _make_run(db, vendor.id, settings)
    people = {
        role: make_person(db, role, name=f"{name} {role}", retailer=retailer, vendor=vendor, stores=(store,))
        for role in Role
    }
    owner = people[Role.OWNER]
    invitations = [
        _make_invitation(db, Role.ANALYST, retailer_id=retailer.id),
        _make_invitation(db, Role.VENDOR_EDITOR, vendor_id=vendor.id),
    ]
    spare = make_person(db, Role.ASSOCIATE, name=f"{name} spare", retailer=retailer, stores=(store,))
    return House(
        ids={
            "retailer_id": retailer.id,
            "store_id": store.id,
            "fixture_id": fixture.id,
            "vendor_id": vendor.id,
            "item_id": item.id,
            "variant_id": list_variants(db, item.id)[0].id,
            "product_id": item.product_id,
            "template_id": template.id,
            "revision_id": waiting.id,
            "content_id": waiting.content_id,
            "publication_id": live.id,
            "code_id": code.id,
            "look_id": make_look(db, item, make_item(db, retailer, vendor=vendor, key=f"{name}-3")).id,
            "occasion_id": make_occasion(db, store).id,
            "sign_id": make_sign(db, code, settings=settings).id,
            "order_id": start_run(db, [item], [store], at=NOON, batch="Wall").id,
            "host_id": _claim(db, retailer, f"qr.{name.lower()}.example"),
            "design_id": design.id,
            "kit_id": set_brand(db, retailer, _PLAIN, at=now(), from_at=now() + timedelta(days=3)).id,
            "offer_id": offer.id,
            "claim_id": claim.public_id,
            "call_id": call.id,
            "redemption_id": use.id,
            "run_id": run.id,
            "fill_id": _make_fill(db, retailer, vendor.id, item, settings).id,
            "feed_id": _make_feed(db, retailer, settings).id,
            "asset_id": make_asset(db, vendor).id,
            "archive_id": _make_archive(db, vendor.id).id,
            "arrival_id": make_arrival(db, vendor).id,
            "membership_id": spare.membership.id,
            "invitation_id": invitations[0].id,
            "session_id": open_session(db, owner.user, owner.membership, at=now()).session.id,
            "table": "days",
            **_make_prints(db, retailer, vendor.id, code.id, settings),
            "review_id": _make_review(db, item).id,
            "link_id": _make_link(db, item).id,
            "link_host_id": _make_link_host(db, retailer).id,
            "notice_id": tell(db, "sent", item, reader=Reader.RETAILER, at=NOON).id,
        },
        people={**people, Role.OWNER: owner},
    )


def _make_prints(db: Session, retailer: Retailer, vendor_id: str, code_id: str, settings: Settings) -> dict[str, str]:
    """A batch that was released, the vendor's request that it answers, and a stock of the retailer's own."""
    stock = replace(get_stock("avery-5160"), key="drawer-3", name="Drawer 3")
    order = Order(
        name="Tags", code_ids=[code_id], run=Run(stock=stock), wording=Wording(), base_url="http://localhost",
        vendor_id=vendor_id,
    )  # fmt: skip
    batch = ask_batch(db, retailer, order, at=NOON, actor=None)
    # A label of each house is a file of its own.
    code = db.get_one(Code, code_id)
    label = Label(f"http://localhost/q/{code.token}", code.token, "Top", "Riverside")
    data = sheet([label], stock)
    key = FileStore(settings.uploads_dir).put(io.BytesIO(data), "prints")
    printed = Printed(1, 1, ("Top 🔥",), ("A very long name",))
    note_checked(db, batch.id, printed, file_key=key, file_bytes=len(data), at=NOON)
    release_batch(db, batch, at=NOON, actor=None)
    request = PrintRequest(
        id=ids.new(), retailer_id=retailer.id, vendor_id=vendor_id, state=RequestState.RELEASED,
        stock_key=stock.key, stock_said=stock.said, copies=1, note="By May.", reason="None left.", batch_id=batch.id,
        created_at=NOON,
    )  # fmt: skip
    batch.problem = "A code could not be read."
    own = add_stock(db, retailer, stock, at=NOON, actor=None, about="Address labels")
    own.equal_to = "5160"
    keep_fit(db, retailer, "Back office", Run(stock=stock, right_mm=0.4), at=NOON, actor=None)
    db.add(request)
    db.flush()
    return {"batch_id": batch.id, "request_id": request.id, "stock_id": own.id}


def _claim(db: Session, retailer: Retailer, host: str) -> str:
    return claim_host(db, retailer, host, shared_host="localhost", at=now(), actor=None).id


def _make_review(db: Session, item: Item) -> Review:
    review = make_review(db, item, state=ReviewState.PUBLISHED)
    review.reply, review.reply_by, review.replied_at = "Bring it in.", "The maker", NOON
    make_answer(db, item)
    db.flush()
    return review


def _make_link(db: Session, item: Item) -> Gs1Link:
    link = Gs1Link(
        id=ids.new(),
        retailer_id=item.retailer_id,
        item_id=item.id,
        link_type="instructions",
        title="How to wash it",
        href="/help",
        created_at=NOON,
    )
    db.add(link)
    db.flush()
    return link


def _make_link_host(db: Session, retailer: Retailer) -> LinkHost:
    host = LinkHost(id=ids.new(), retailer_id=retailer.id, host=f"{retailer.slug}.help.example", added_at=NOON)
    db.add(host)
    db.flush()
    return host


def _make_fill(db: Session, retailer: Retailer, vendor_id: str, item: Item, settings: Settings) -> FillRun:
    key = get_product(db, item.product_id).key
    return receive_fill(
        db,
        retailer=retailer,
        vendor_id=vendor_id,
        stream=io.BytesIO(f"item,story.lede\n{key},Loose.\nnobody,Loose.\n".encode()),
        file_name="pages.csv",
        user_id=None,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=NOON,
    )


def _make_run(db: Session, vendor_id: str, settings: Settings) -> ImportRun:
    return receive_sheet(
        db,
        vendor_id=vendor_id,
        stream=io.BytesIO(b"style,title,price\nA,Marigold Top,28.00\nB,Buttercup Cardigan,thirty\n"),
        file_name="catalogue.csv",
        currency="USD",
        list_at_id=None,
        user_id=None,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=NOON,
    )


def _make_archive(db: Session, vendor_id: str) -> Archive:
    archive = Archive(
        id=ids.new(), vendor_id=vendor_id, state=ArchiveState.TAKING, file_name="photos.zip",
        file_key="archives/" + "0" * 64, file_bytes=1000, entries=3, created_at=NOON,
    )  # fmt: skip
    db.add(archive)
    db.flush()
    return archive


def _make_feed(db: Session, retailer: Retailer, settings: Settings) -> FeedRun:
    return receive_file(
        db,
        retailer=retailer,
        kind=FeedKind.STORES,
        stream=io.BytesIO(b"code,name,city,country\nW1,Window One,Riverside,US\n,No code,Riverside,US\n"),
        file_name="stores.csv",
        as_of=None,
        country="US",
        user_id=None,
        store=FileStore(settings.uploads_dir),
        settings=settings,
        at=NOON,
    )


def _make_invitation(
    db: Session, role: Role, *, retailer_id: str | None = None, vendor_id: str | None = None
) -> Invitation:
    invitation = Invitation(
        id=ids.new(),
        secret_hash=ids.new(),
        email="somebody@example.com",
        role=role,
        retailer_id=retailer_id,
        vendor_id=vendor_id,
        store_ids=[],
        created_at=NOON,
        until=NOON.replace(year=2090),
    )
    db.add(invitation)
    db.flush()
    return invitation
