"""Whether the studio stays quick while thousands of pictures are made ready.

    .venv/bin/python -m bench.studio [pictures] [seconds]

Starts a whole installation (web workers, loader, job worker) with so many pictures waiting, and asks for the studio's
pages as one signed-in vendor, first with the job worker stopped and then with it at work. Prints and writes
`bench/results/studio.json`: the median and the 95th percentile of each, and how many pictures were made meanwhile.
"""

import http.cookiejar
import io
import json
import random
import signal
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
from PIL import Image
from sqlalchemy import func, select

from qrmerch import jobs
from qrmerch.access import Role
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.files import FileStore
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.service import receive_upload
from qrmerch.migrate import upgrade
from qrmerch.users.service import Wanted, add_membership, add_user
from tests.drills.shop import Shop
from tests.factories import make_retailer, make_vendor

_RESULTS = Path(__file__).parent / "results" / "studio.json"
_PAGES = ("/studio", "/studio/assets", "/studio/assets?state=checking&page=3", "/studio/products", "/studio/import")
_EMAIL, _PASSWORD = "vera@sunnyside.example", "buttercup at the quay"


def _photograph() -> bytes:
    """A picture of 1,600 × 1,200 pixels with texture."""
    rough = Image.effect_noise((200, 150), 60).resize((1600, 1200), Image.Resampling.BICUBIC)
    kept = io.BytesIO()
    Image.merge("RGB", (rough, rough.rotate(180), rough)).save(kept, "JPEG", quality=80)
    return kept.getvalue()


def _fill(settings: Settings, pictures: int) -> None:
    database, store, photograph = Database(settings.database_url), FileStore(settings.uploads_dir), _photograph()
    with database.write() as db:
        vendor = make_vendor(db, make_retailer(db), name="Sunny Side")
        user = add_user(db, email=_EMAIL, name="Vera", password=_PASSWORD, at=now())
        wanted = Wanted(_EMAIL, Role.VENDOR_EDITOR, retailer_id=None, vendor_id=vendor.id, store_ids=())
        add_membership(db, user, wanted, at=now())
        db.commit()
        vendor_id = vendor.id
    for number in range(pictures):
        with database.write() as db:
            # What stands behind the end of a JPEG makes it another file and the same picture.
            stream = io.BytesIO(photograph + number.to_bytes(4, "big"))
            receive_upload(
                db, vendor_id=vendor_id, stream=stream, file_name=f"photo-{number}.jpg", store=store,
                settings=settings, at=now(),
            )  # fmt: skip
            db.commit()
    database.close()


def _sign_in(base: str) -> urllib.request.OpenerDirector:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    said = urllib.parse.urlencode({"email": _EMAIL, "password": _PASSWORD}).encode()
    answer = opener.open(urllib.request.Request(f"{base}/sign-in", said, {"Origin": base}))
    assert answer.url.endswith("/studio"), answer.url
    return opener


def _ask(opener: urllib.request.OpenerDirector, base: str, seconds: float) -> list[float]:
    """Milliseconds of each page, asked one after the other with a short rest."""
    found = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        opener.open(base + random.choice(_PAGES)).read()
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.05)
    return found


def _said(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "pages": len(times),
        "median_ms": round(statistics.median(times)),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)]),
    }


def _job_workers(server: int) -> list[psutil.Process]:
    return [each for each in psutil.Process(server).children(recursive=True) if "worker" in each.cmdline()]


def _ready(database: Database) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Asset).where(Asset.state == AssetState.READY)) or 0


def main() -> None:
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            mode="demo", data_dir=folder / "var", uploads_dir=folder / "up", vendor_quota_bytes=10**11
        ).ready()
        upgrade(settings)
        jobs.prepare(settings)
        _fill(settings, pictures)
        shop = Shop(settings)
        try:
            server = shop.serve()
            opener = _sign_in(shop.settings.base_url)
            workers = _job_workers(server.pid)
            assert workers, "no job worker is running"
            stopped = [each for worker in workers for each in (worker, *worker.children(recursive=True))]
            for each in stopped:
                each.send_signal(signal.SIGSTOP)
            idle = _said(_ask(opener, shop.settings.base_url, seconds / 2))
            for each in stopped:
                each.send_signal(signal.SIGCONT)
            before = _ready(shop.database)
            busy = _said(_ask(opener, shop.settings.base_url, seconds))
            made = _ready(shop.database) - before
        finally:
            shop.end()
    found = {
        "pictures_waiting": pictures,
        "made_meanwhile": made,
        "with_the_worker_stopped": idle,
        "while_it_works": busy,
        "times_as_long": round(busy["median_ms"] / idle["median_ms"], 2),
    }
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
