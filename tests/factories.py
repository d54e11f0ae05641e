"""One `make_*` for each thing a test needs: valid by default, overriding only what the test is about.

People recur: Vera the vendor, Mia the merchandiser, Rob the reviewer, Ada the associate, Otto the outsider (of
another retailer), Olga (of another vendor).
"""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.access import VENDOR, Role
from qrmerch.calls import service as calls
from qrmerch.calls.models import Call, CallRule, Staffed
from qrmerch.calls.queries import find_rule
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.models import Item, VendorProduct
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import list_at, put_product
from qrmerch.clock import now
from qrmerch.codes.models import Carrier, Code, CodeState
from qrmerch.codes.tokens import address_of, make_token
from qrmerch.config import Settings
from qrmerch.content import drafts, publishing, reviewing, templates
from qrmerch.content.models import PageTemplate, Publication, Revision, RevisionState, Style
from qrmerch.content.queries import find_template_of
from qrmerch.files import FileStore
from qrmerch.looks.models import Look, LookItem
from qrmerch.media.models import Arrival, Asset, AssetKind, AssetState, Recording, Rendition
from qrmerch.messages.models import Purpose, Subscription, SubscriptionState
from qrmerch.occasions.models import Occasion, OccasionStore
from qrmerch.offers import service as offers
from qrmerch.offers.models import Claim, Offer, OfferKind, Outcome, Redemption
from qrmerch.offers.terms import OfferTerms
from qrmerch.offers.till_codes import find_code_of
from qrmerch.outbox import Channel
from qrmerch.parties import service as parties
from qrmerch.parties.models import Fixture, FixtureKind, Retailer, Store, Vendor
from qrmerch.parties.queries import find_supply
from qrmerch.printing.sign_models import SignRun, SignState
from qrmerch.printing.signs import Dress, Shown, Sign
from qrmerch.reviews.models import Answer, Helped, Review, ReviewState
from qrmerch.reviews.service import answer as tap
from qrmerch.users.models import Membership, User
from qrmerch.visitors.ledger import note
from qrmerch.visitors.models import ConsentAction, Contact, Visitor
from qrmerch.visitors.service import keep_contact, remember
from tests.conftest import NOON

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in: `browser.sign_in(*person)`."""

    user: User
    membership: Membership

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.user, self.membership))


def make_retailer(
    db: Session,
    *,
    slug: str = "",
    name: str = "",
    locales: list[str] | None = None,
    at: datetime = NOON - timedelta(days=90),
    **more: object,
) -> Retailer:
    number = next(_numbers)
    return parties.add_retailer(
        db,
        slug=slug or f"shop-{number}",
        name=name or f"Shop {number}",
        currency="USD",
        locales=locales or ["en"],
        time_zone="America/New_York",
        at=at,
        **more,  # type: ignore[arg-type]
    )


def make_store(
    db: Session, retailer: Retailer, *, code: str = "", short_name: str = "", time_zone: str = "America/New_York"
) -> Store:
    number = next(_numbers)
    details = parties.StoreDetails(
        code=code or f"S{number}",
        name=f"{retailer.name} {short_name or number}",
        short_name=short_name or f"Store {number}",
        address="12 Quay Street",
        city="Riverside",
        country="US",
        time_zone=time_zone,
    )
    return parties.add_store(db, retailer, details, at=NOON - timedelta(days=80))


def make_fixture(db: Session, store: Store, *, name: str = "", kind: FixtureKind = FixtureKind.SHELF) -> Fixture:
    return parties.add_fixture(db, store, name=name or f"Shelf {next(_numbers)}", kind=kind)


def make_vendor(db: Session, *retailers: Retailer, name: str = "", is_trusted: bool = False) -> Vendor:
    """A vendor that supplies these retailers."""
    vendor = parties.add_vendor(db, name=name or f"Vendor {next(_numbers)}", at=NOON - timedelta(days=80))
    for retailer in retailers:
        parties.add_supply(db, retailer, vendor, is_trusted=is_trusted)
    return vendor


def make_person(
    db: Session,
    role: Role,
    *,
    name: str = "",
    retailer: Retailer | None = None,
    vendor: Vendor | None = None,
    stores: tuple[Store, ...] = (),
) -> Person:
    """A user in a role. No password: `browser.sign_in(*person)` needs none, and Argon2 takes its time."""
    number = next(_numbers)
    user = User(
        id=ids.new(),
        email=f"{name.lower() or 'person'}{number}@example.com",
        name=name or f"Person {number}",
        created_at=NOON,
    )
    db.add(user)
    db.flush()
    membership = Membership(
        id=ids.new(),
        user_id=user.id,
        role=role,
        retailer_id=retailer.id if retailer and role not in VENDOR else None,
        vendor_id=vendor.id if vendor and role in VENDOR else None,
        store_ids=[store.id for store in stores],
        created_at=NOON,
    )
    db.add(membership)
    db.flush()
    return Person(user, membership)


def make_product(
    db: Session,
    vendor: Vendor,
    *,
    key: str = "",
    title: str = "Marigold Top",
    sizes: tuple[str, ...] = ("S", "M"),
    price_minor: int = 2800,
) -> VendorProduct:
    number = next(_numbers)
    draft = ProductDraft(
        key=key or f"style-{number}",
        title=title,
        maker=vendor.name,
        category="Tops",
        description="A loose knit.",
        texts={"blurb": "The loose knit.", "story": "Open-stitch cotton.", "care": "Wash cool."},
        facts=(("Material", "Cotton"),),
        variants=tuple(
            VariantDraft(
                size.casefold(), (("Size", size),), "USD", sku=f"{key or number}-{size}", price_minor=price_minor
            )
            for size in sizes
        ),
    )
    product, _ = put_product(db, vendor.id, draft, at=NOON - timedelta(days=70))
    return product


def make_item(
    db: Session,
    retailer: Retailer,
    *,
    vendor: Vendor | None = None,
    at: datetime = NOON - timedelta(days=70),
    **more: object,
) -> Item:
    """An item of a vendor's (a new one's unless given) at a retailer, with its variants and prices."""
    vendor = vendor or make_vendor(db, retailer)
    if find_supply(db, retailer.id, vendor.id) is None:
        parties.add_supply(db, retailer, vendor)
    return list_at(db, make_product(db, vendor, **more), retailer.id, at)  # type: ignore[arg-type]


def make_look(
    db: Session, *items: Item, title: str = "For Saturday", is_published: bool = True, at: datetime = NOON
) -> Look:
    """A look of these items, which all are of one retailer."""
    look = Look(
        id=ids.new(),
        retailer_id=items[0].retailer_id,
        name=title,
        title={"en": title},
        is_published=is_published,
        created_at=at,
    )
    db.add(look)
    db.flush()
    for place, item in enumerate(items):
        db.add(LookItem(retailer_id=item.retailer_id, look_id=look.id, item_id=item.id, place=place))
    db.flush()
    return look


def make_occasion(
    db: Session,
    *stores: Store,
    title: str = "Late night",
    begins: str = "2030-05-01T18:00",
    ends: str = "2030-05-01T21:00",
    is_published: bool = True,
    at: datetime = NOON,
) -> Occasion:
    """An event in these stores, by their own clocks."""
    occasion = Occasion(
        id=ids.new(),
        retailer_id=stores[0].retailer_id,
        name=title,
        title={"en": title},
        begins=begins,
        ends=ends,
        is_published=is_published,
        created_at=at,
        changed_at=at,
    )
    db.add(occasion)
    db.flush()
    for store in stores:
        db.add(OccasionStore(retailer_id=store.retailer_id, occasion_id=occasion.id, store_id=store.id))
    db.flush()
    return occasion


def make_code(
    db: Session,
    item: Item,
    *,
    fixture: Fixture | None = None,
    store: Store | None = None,
    state: CodeState = CodeState.ACTIVE,
) -> Code:
    """A printed code for an item at a place."""
    code = Code(
        id=ids.new(),
        retailer_id=item.retailer_id,
        token=make_token(),
        item_id=item.id,
        store_id=fixture.store_id if fixture else store.id if store else None,
        fixture_id=fixture.id if fixture else None,
        carrier=Carrier.PRINT,
        state=state,
        created_at=NOON,
    )
    db.add(code)
    db.flush()
    return code


def make_sign(db: Session, code: Code, *, settings: Settings) -> SignRun:
    """A poster of a code's item that is ready: its row, and what stands for its file and the picture of its page."""
    item = db.get_one(Item, code.item_id)
    shown = Shown(address_of("https://fashiontown.example", code.token), code.token, item.title)
    dress = Dress("Fashiontown", "#7a1f4f", "#ffffff", "#7a1f4f")
    sign = Sign("poster-a4", "en", "ltr", dress, (shown,), place="Riverside", distance=0.6)
    store, picture = FileStore(settings.uploads_dir), io.BytesIO()
    Image.new("RGB", (21, 30), "#7a1f4f").save(picture, "JPEG")
    picture.seek(0)
    run = SignRun(
        id=ids.new(),
        retailer_id=code.retailer_id,
        state=SignState.READY,
        format=sign.format,
        title=item.title,
        sign=sign.to_json(),
        code_ids=[code.id],
        items=1,
        done_items=1,
        pages=1,
        findings=[{"name": "Pictures", "verdict": "warn", "said": "The picture is too small for this size."}],
        file_key=store.put(io.BytesIO(b"%PDF-1.6 stands for a poster"), "signs"),
        file_bytes=28,
        preview_keys=[store.put(picture, "signs")],
        created_at=NOON,
        ended_at=now(),
    )
    db.add(run)
    db.flush()
    return run


def make_asset(
    db: Session,
    vendor: Vendor,
    *,
    alt: dict[str, str] | None = None,
    width: int = 1200,
    height: int = 1500,
    state: AssetState = AssetState.READY,
    file_name: str = "",
    codes: Sequence[dict[str, object]] | None = (),
) -> Asset:
    """A picture of a vendor's with all its renditions as rows; there are no files behind them.

    :param codes: what can be read in it; None where nobody has looked.
    """
    number = next(_numbers)
    asset = Asset(
        id=ids.new(),
        vendor_id=vendor.id,
        state=state,
        digest=f"{number:064x}",
        source_key=f"incoming/{number:064x}",
        source_bytes=1000,
        file_name=file_name or f"picture-{number}.jpg",
        width=width,
        height=height,
        colour="#ddc020",
        is_light_above=True,
        codes=None if codes is None else list(codes),
        alt=alt if alt is not None else {"en": f"A yellow knit top, view {number}"},
        received_at=NOON - timedelta(days=65),
    )
    asset.alt_text = "\n".join(asset.alt.values())
    db.add(asset)
    db.flush()
    sizes = [("page", each, each * 5 // 4) for each in (390, 780, 1170)] + [("card", 300, 375), ("preview", 1200, 630)]
    db.add_all(
        Rendition(
            asset_id=asset.id,
            purpose=purpose,
            format=kind,
            width=wide,
            height=high,
            key=f"renditions/{number:048x}{wide:012x}{place:04x}",
            size_bytes=100,
        )
        for purpose, wide, high in sizes
        for place, kind in enumerate(("avif", "jpeg"))
    )
    db.flush()
    return asset


def make_film(
    db: Session,
    vendor: Vendor,
    *,
    kind: AssetKind = AssetKind.FILM,
    state: AssetState = AssetState.READY,
    captions: dict[str, str] | None = None,
    transcript: dict[str, str] | None = None,
    is_speechless: bool = False,
    duration_ms: int = 42_000,
) -> Asset:
    """A film (or sound) of a vendor's with its renditions as rows; there are no files behind them.

    :param captions: locale to a digest; one in English unless said otherwise.
    """
    asset = make_asset(db, vendor, alt={}, width=1280, height=720, state=state, file_name=f"film-{next(_numbers)}.mp4")
    asset.kind, asset.is_decorative = kind, True
    said = captions if captions is not None else {"en": f"{next(_numbers):064x}"}
    db.add(
        Recording(
            asset_id=asset.id,
            duration_ms=duration_ms,
            done_percent=100,
            frame="2",
            frame_made="2",
            captions={
                locale: {
                    "key": f"renditions/{digest}",
                    "file_name": f"{locale}.vtt",
                    "cues": 12,
                    "words": f"Said in {locale}.",
                }
                for locale, digest in said.items()
            },
            transcript=transcript or {},
            is_speechless=is_speechless,
        )
    )
    is_film = kind == AssetKind.FILM
    files = [("film" if is_film else "sound", "mp4" if is_film else "m4a", "")]
    files += [("frame", "jpeg", str(part)) for part in range(6)] if is_film else []
    db.add_all(
        Rendition(
            asset_id=asset.id,
            purpose=purpose,
            part=part,
            format=form,
            width=1280 if is_film else 0,
            height=720 if is_film else 0,
            key=f"renditions/{next(_numbers):064x}",
            size_bytes=5_000_000,
        )
        for purpose, form, part in files
    )
    db.flush()
    return asset


def make_arrival(db: Session, vendor: Vendor, *, kind: str = "recording", size_bytes: int = 1000) -> Arrival:
    """A file that is on its way; nothing of it is here."""
    number = next(_numbers)
    arrival = Arrival(
        id=ids.new(),
        vendor_id=vendor.id,
        kind=kind,
        file_name=f"film-{number}.mp4",
        size_bytes=size_bytes,
        stamp="1",
        created_at=NOON,
    )
    db.add(arrival)
    db.flush()
    return arrival


def make_template(
    db: Session, retailer: Retailer, *, style: Style = Style.EVERYDAY, name: str = "", is_default: bool = True
) -> PageTemplate:
    """One of the three shipped templates; the retailer's default unless said otherwise."""
    return templates.add_template(
        db,
        retailer.id,
        name=name or f"{style.capitalize()} {next(_numbers)}",
        style=style,
        at=NOON - timedelta(days=75),
        is_default=is_default,
    )


def make_revision(
    db: Session,
    item: Item,
    *,
    template: PageTemplate | None = None,
    state: RevisionState | str = RevisionState.DRAFT,
    slots: dict[str, object] | None = None,
    author: Person | None = None,
    reviewer: Person | None = None,
    at: datetime = NOON - timedelta(days=60),
) -> Revision:
    """The next revision of an item's page: complete unless `slots` says otherwise, taken as far as `state`.

    The template is the retailer's default, or a new one where it has none.
    """
    vendor, retailer = db.get_one(Vendor, item.vendor_id), db.get_one(Retailer, item.retailer_id)
    template = template or find_template_of(db, item) or make_template(db, retailer)
    author = author or make_person(db, Role.VENDOR_EDITOR, name="Vera", vendor=vendor)
    draft = drafts.open_draft(db, item, author_id=author.user.id, at=at, template=template)
    given = slots or {}
    values: dict[str, object] = {
        "gallery.pictures": given.get("gallery.pictures") or [make_asset(db, vendor).id],
        "story.lede": {"en": "The loose knit that makes jeans look like a plan."},
        "story.text": {"en": "Open-stitch cotton with a **scooped** neck."},
        **given,
    }
    drafts.save_draft(db, draft, values, edit=draft.edit, at=at)
    wanted = RevisionState(state)
    if wanted == RevisionState.DRAFT:
        return draft
    drafts.submit(db, draft, author_id=author.user.id, at=at)
    rob = reviewer or make_person(db, Role.REVIEWER, name="Rob", retailer=retailer)
    if wanted == RevisionState.WITHDRAWN:
        drafts.withdraw(db, draft, at=at)
    elif draft.state == RevisionState.SUBMITTED and wanted == RevisionState.APPROVED:
        reviewing.approve(db, draft, digest=draft.digest or "", reviewer=Doer(rob.user.id), at=at)
    elif wanted == RevisionState.RETURNED:
        said = [{"slot": "story.lede", "text": "Could it name the cotton?"}]
        reviewing.send_back(db, draft, digest=draft.digest or "", comments=said, reviewer=Doer(rob.user.id), at=at)
    return draft


@dataclass(frozen=True)
class Doer:
    """Somebody as the audit log knows them, for services that are told who acts."""

    user_id: str


def publish_page(
    db: Session,
    item: Item,
    *,
    template: PageTemplate | None = None,
    slots: dict[str, object] | None = None,
    at: datetime = NOON - timedelta(days=60),
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    stores: tuple[Store, ...] | None = None,
) -> Publication:
    """A page of an item that went through review and shows: everywhere and from `at` on unless said otherwise."""
    revision = make_revision(db, item, template=template, state=RevisionState.APPROVED, slots=slots, at=at)
    return publishing.publish(
        db,
        revision,
        actor=None,
        at=at,
        from_at=from_at,
        until_at=until_at,
        store_ids=[store.id for store in stores] if stores is not None else None,
    )


def make_visitor(db: Session, retailer: Retailer, *, secret: str | None = None, at: datetime = NOON) -> Visitor:
    """A phone that asked to be remembered."""
    known = remember(db, retailer.id, secret, shown_text="Get the code.", locale=retailer.default_locale, at=at)
    db.flush()
    return known.visitor


def make_subscription(
    db: Session, item: Item, *, email: str = "ann@example.com", store: Store | None = None
) -> Subscription:
    """An address that confirmed: it wants to be told when an item's first variant is back."""
    variant = list_variants(db, item.id)[0]
    contact: Contact = keep_contact(db, item.retailer_id, email, at=NOON)
    made = Subscription(
        id=ids.new(),
        retailer_id=item.retailer_id,
        contact_id=contact.id,
        channel=Channel.MAIL,
        purpose=Purpose.BACK_IN_STOCK,
        variant_id=variant.id,
        store_id=store.id if store else None,
        about=f"{variant.id}:{store.id if store else ''}",
        state=SubscriptionState.CONFIRMED,
        shown_text="Tell me when it is back.",
        locale="en",
        asked_at=NOON,
        confirmed_at=NOON,
        until=NOON + timedelta(days=180),
    )
    db.add(made)
    shown = {"shown_text": made.shown_text, "locale": made.locale}
    note(db, contact, made.purpose, ConsentAction.GRANT, at=NOON, **shown)
    db.flush()
    return made


def make_offer(
    db: Session,
    *items: Item,
    kind: OfferKind = OfferKind.PERCENT,
    value: int = 10,
    headline: str | dict[str, str] = "10 % off any yellow top",
    terms: str | dict[str, str] = "One code each. While they last.",
    from_at: datetime = NOON - timedelta(days=3650),
    until_at: datetime = NOON + timedelta(days=30),
    limit_total: int = 200,
    limit_per_visitor: int = 1,
    claim_hours: int = 24,
    stores: tuple[Store, ...] | None = None,
    actor: Doer | None = None,
    at: datetime = NOON - timedelta(days=30),
) -> Offer:
    """An offer on items of one retailer; it has begun long ago and ends a month after noon."""
    locale = db.get_one(Retailer, items[0].retailer_id).default_locale
    wanted = OfferTerms(
        kind=kind,
        value=value,
        headline={locale: headline} if isinstance(headline, str) else headline,
        terms={locale: terms} if isinstance(terms, str) else terms,
        from_at=from_at,
        until_at=until_at,
        limit_total=limit_total,
        limit_per_visitor=limit_per_visitor,
        claim_hours=claim_hours,
        store_ids=None if stores is None else tuple(store.id for store in stores),
    )
    item_ids = [item.id for item in items]
    return offers.add_offer(db, items[0].retailer_id, wanted, item_ids=item_ids, actor=actor, at=at)


# Whoever shows or reads a made claim's code needs the key it was made under.
TILL_KEYS = ("a key of tests, which no installation has",)


def make_review(
    db: Session,
    item: Item,
    *,
    stars: int = 4,
    text: str = "Wore it the same evening.",
    alias: str = "Ines",
    state: ReviewState = ReviewState.PENDING,
    written_at: datetime = NOON,
    **more: object,
) -> Review:
    """One shopper's review; nobody has read it unless said otherwise."""
    review = Review(
        id=ids.new(), retailer_id=item.retailer_id, item_id=item.id, stars=stars, title="", text=text, alias=alias,
        locale="en", state=state, written_at=written_at, **more,
    )  # fmt: skip
    db.add(review)
    db.flush()
    return review


def make_answer(db: Session, item: Item, helped: Helped = Helped.YES, *, at: datetime = NOON) -> Answer:
    """One tap on an item's page."""
    return tap(db, item, helped, store_id=None, at=at)


def let_call(
    db: Session,
    store: Store,
    *,
    staffed: Staffed = Staffed.SWITCH,
    most_open: int = 5,
    says_name: bool = False,
    at: datetime | None = None,
    until: datetime | None = None,
) -> CallRule:
    """Shoppers may call in a store, whose associates have said an hour ago that they can come for two days."""
    at = at or now()
    calls.set_rule(db, store, calls.CallTerms(True, staffed, most_open, says_name), actor=None, at=at)
    rule = find_rule(db, store.id)
    assert rule is not None
    rule.come_until = until or at + timedelta(days=2)
    db.flush()
    return rule


def make_call(
    db: Session,
    store: Store,
    item: Item,
    *,
    fixture: Fixture | None = None,
    caller: str = "",
    at: datetime | None = None,
) -> Call:
    """A call of a phone's that nobody else has, for the first variant of an item."""
    return calls.call(
        db,
        store,
        item,
        variant=list_variants(db, item.id)[0],
        fixture=fixture,
        caller=caller or f"phone {next(_numbers)}",
        visit=None,
        at=at or now(),
    )


def make_claim(
    db: Session,
    offer: Offer,
    item: Item,
    *,
    visitor: Visitor | None = None,
    store: Store | None = None,
    visit: str | None = None,
    keys: tuple[str, ...] = TILL_KEYS,
    at: datetime = NOON,
    variant: str = "",
) -> Claim:
    """A code for an offer in the hand of a visitor, a new one unless given."""
    visitor = visitor or make_visitor(db, db.get_one(Retailer, offer.retailer_id), at=at)
    store_id = store.id if store else None
    return offers.claim(db, offer, item, visitor, store_id=store_id, visit=visit, keys=keys, at=at, variant=variant)


def make_use(
    db: Session,
    claim: Claim,
    store: Store,
    *,
    by: Person | None = None,
    keys: tuple[str, ...] = TILL_KEYS,
    at: datetime = NOON,
) -> Redemption:
    """A code, used at a store's till."""
    till = offers.Till(store, by.user.id if by else None)
    code = make_code_of(claim, keys=keys)
    use = offers.redeem(db, code, till=till, idempotency_key=ids.public(), keys=keys, at=at).row
    assert use is not None and use.outcome == Outcome.REDEEMED, use
    return use


def make_code_of(claim: Claim, *, keys: tuple[str, ...] = TILL_KEYS) -> str:
    """A claim's code as its shopper reads it."""
    code = find_code_of(keys, claim.id, claim.code_lookup)
    assert code, "the claim was made under another key"
    return code
