"""What a phone gets of a page before anybody touches it: requests, bytes on the wire, and when it is painted."""

from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import Page

# Slow 4G as Lighthouse has it, and a phone's processor. https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
_DOWN_BYTES_S: Final = 1_638_400 // 8
_UP_BYTES_S: Final = 675_000 // 8
_LATENCY_MS: Final = 150
_SLOWER: Final = 4
_LOOK = """() => new Promise(done => {
  const seen = {lcp: 0, shift: 0};
  new PerformanceObserver(list => { for (const each of list.getEntries()) seen.lcp = each.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  new PerformanceObserver(list => { for (const each of list.getEntries()) seen.shift += each.value; })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(seen), 300);
})"""


@dataclass(frozen=True)
class FirstView:
    """One opening: addresses asked for, bytes as they came over the line (heads too), the largest paint, the shift."""

    requests: tuple[str, ...]
    total_bytes: int
    by_kind: dict[str, int] = field(default_factory=dict)
    lcp_ms: float = 0
    shift: float = 0


def open_first(page: Page, address: str, *, is_slow: bool = False) -> FirstView:
    """Open a page with nothing in the cache, and wait until the line is quiet.

    :param is_slow: over slow 4G on a slow phone, as measured and not as simulated.
    """
    line = page.context.new_cdp_session(page)
    asked: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}

    def note_request(told: dict[str, Any]) -> None:
        if told["request"]["url"].startswith("http"):
            asked[told["requestId"]] = (told["request"]["url"], told.get("type", "Other"))

    line.on("Network.requestWillBeSent", note_request)
    line.on(
        "Network.loadingFinished",
        lambda told: sizes.__setitem__(told["requestId"], int(told["encodedDataLength"])),
    )
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    if is_slow:
        speed = {"latency": _LATENCY_MS, "downloadThroughput": _DOWN_BYTES_S, "uploadThroughput": _UP_BYTES_S}
        line.send("Network.emulateNetworkConditions", {"offline": False, **speed})
        line.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    page.goto(address, wait_until="networkidle")
    seen = page.evaluate(_LOOK)
    line.detach()
    by_kind: dict[str, int] = {}
    for request, (_, kind) in asked.items():
        by_kind[kind] = by_kind.get(kind, 0) + sizes.get(request, 0)
    return FirstView(
        tuple(url for url, _ in asked.values()),
        sum(by_kind.values()),
        by_kind,
        float(seen["lcp"]),
        float(seen["shift"]),
    )
