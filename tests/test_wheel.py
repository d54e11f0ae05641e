"""The wheel works without the checkout: templates, styles and migrations travel in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_VISIT = """
import os
from qrmerch import create_app
from qrmerch.catalog.drafts import ProductDraft, VariantDraft
from qrmerch.catalog.service import list_at, put_product
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.parties.queries import find_retailer_by_slug, list_vendors
from werkzeug.test import Client

settings = Settings.read(os.environ)
with Database(settings.database_url).write() as db:
    shop = find_retailer_by_slug(db, "fashiontown")
    house = list_vendors(db, shop.id)[0].vendor
    draft = ProductDraft("top", title="Marigold Top", variants=(VariantDraft("m", (("Size", "M"),), "USD"),))
    product, _ = put_product(db, house.id, draft, at=now())
    address = f"/i/{list_at(db, product, shop.id, now()).public_id}"
    db.commit()
client = Client(create_app(settings).wsgi_app)
page = client.get(address, headers={"Host": "127.0.0.1"})
assert page.status_code == 200, page.status
assert "Marigold Top" in page.text and "--fill:" in page.text
script = page.text.split('defer src="')[1].split('"')[0]
assert client.get(script, headers={"Host": "127.0.0.1"}).status_code == 200
print("rendered", len(page.text))
"""


@pytest.mark.timeout(300)
def test_a_wheel_installed_elsewhere_renders_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wheel = next((tmp_path / "dist").glob("qrmerch-*.whl"))
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
        names = packed.namelist()
    away = tmp_path / "away"
    away.mkdir()
    # -P: nothing of the folder one stands in; the editable install of the checkout stands behind this one.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("QRMERCH_")},
        "PYTHONPATH": str(installed),
        "QRMERCH_MODE": "demo",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], cwd=away, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert str(installed) in run("-c", "import qrmerch; print(qrmerch.__file__)")
    run("-m", "qrmerch.cli", "db", "upgrade")
    run("-m", "qrmerch.cli", "retailer", "add", "fashiontown", "Fashiontown", "--currency", "USD")
    assert "rendered" in run("-c", _VISIT)
    assert not [name for name in names if name.startswith(("tests/", "vendor_uploads/", "docs/"))]
