"""A browser without script, for tests through HTTP: cookies, forms, and the headers that browsers send."""

import re
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from qrmerch.clock import now
from qrmerch.users.models import Membership, User
from qrmerch.users.service import open_session
from qrmerch.web import Services

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)


class Browser:
    """One person's browser. `get` and `post` do not follow redirects; `follow` does."""

    def __init__(self, app: Flask, *, agent: str = PHONE, language: str = "en") -> None:
        self.app, self._agent, self._language = app, agent, language
        # Through the front door, as a real server calls it.
        self._client = Client(app.wsgi_app, response_wrapper=TestResponse)
        self._token = ""
        self._is_signed_in = False

    @property
    def token(self) -> str:
        """The token of this sign-in, looked up on a page when it is first needed; empty for who is not signed in."""
        if self._is_signed_in and not self._token:
            self._token = self._find_token()
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        self._token, self._is_signed_in = token, False

    def another(self, **more: Any) -> "Browser":
        """Somebody else's browser."""
        return Browser(self.app, **more)

    def sign_in(self, user: User, membership: Membership) -> "Browser":
        """Be signed in as this person in this role, without the form."""
        services: Services = self.app.extensions["qrmerch"]
        with services.database.write() as db:
            signed_in = open_session(db, user, membership, at=now())
            db.commit()
        self._client.set_cookie("qs", signed_in.secret, domain="localhost")
        self._token, self._is_signed_in = "", True
        return self

    def get(self, address: str, **headers: str) -> TestResponse:
        """Follow a link."""
        return self._client.get(address, headers=self._headers(headers))

    def head(self, address: str, **headers: str) -> TestResponse:
        return self._client.head(address, headers=self._headers(headers))

    def post(self, address: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """Send a form of our own page, with the token of this sign-in."""
        sent = {"csrf": self.token, **(data or {})} if self.token else dict(data or {})
        told = {"Sec-Fetch-Site": "same-origin", **headers}
        return self._client.post(address, data=sent, headers=self._headers(told))

    def post_json(self, address: str, text: str) -> TestResponse:
        """Send JSON as a program of ours does, with the token of this sign-in."""
        told = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.token}
        return self._client.post(address, data=text, content_type="application/json", headers=self._headers(told))

    def raw_post(self, address: str, headers: dict[str, str]) -> int:
        """The status of a POST with these headers only, as another site's page or a script would send it."""
        return self._client.post(address, headers=headers).status_code

    def follow(self, response: TestResponse) -> TestResponse:
        """The page that a redirect leads to."""
        assert response.status_code == 303, f"{response.status_code}: {response.text[:300]}"
        return self.get(response.headers["Location"])

    def send(self, response: TestResponse, *, action: str, **values: Any) -> TestResponse:
        """Fill in and send the form on a page whose action contains `action`; hidden fields go along."""
        form = find_form(response.text, action)
        return self.post(form.action, {**form.fields, **values})

    def cookies(self) -> list[str]:
        """Names of the cookies this browser keeps."""
        return sorted(cookie.key for cookie in self._client._cookies.values())  # type: ignore[union-attr]

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"User-Agent": self._agent, "Accept": "text/html", "Accept-Language": self._language, **named}

    def _find_token(self) -> str:
        page = self.get("/account").text
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
        assert found, "the account page has no token"
        return found[1]


class Form:
    """A form as it stands on a page: where it goes and what its fields hold."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, Any] = {}


def find_form(html: str, action: str) -> Form:
    """The first form of a page whose action contains `action`."""
    reader = _Forms()
    reader.feed(html)
    for form in reader.forms:
        if action in form.action:
            return form
    raise AssertionError(f"no form goes to {action}; there are {[form.action for form in reader.forms]}")


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said.get("action", "")))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, said.get("name", "")
        if tag == "input" and name and said.get("type") not in ("checkbox", "radio", "file", "submit"):
            fields[name] = said.get("value", "")
        elif tag == "input" and name and said.get("type") in ("checkbox", "radio") and "checked" in said:
            value, before = said.get("value", "on"), fields.get(name)
            several = [*(before if isinstance(before, list) else [before]), value]
            fields[name] = value if before is None else several
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in said or self._select not in fields):
            fields[self._select] = said.get("value", "")
        elif tag == "textarea" and name:
            self._area = name
            fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            # The first line break after the tag is not part of the value.
            self.forms[-1].fields[self._area] += data.removeprefix("\n")
