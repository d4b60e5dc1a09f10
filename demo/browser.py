"""A headless Chromium of its own, driven over the DevTools protocol."""

import asyncio
import base64
import json
import shutil
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import aiohttp

from demo.api import Json
from demo.errors import DemoError
from demo.process import end, start

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
    "--hide-scrollbars",
    "--lang=en-US",
    "--remote-debugging-port=0",
)
_ANSWER_SECONDS = 30.0
_STOP_SECONDS = 10.0
_LARGEST_MESSAGE = 64 * 1024 * 1024

# Everything a person could read on the page: the frontend hides its parts in nested shadow roots.
_HELPERS = """
const parts = function* (root) {
  for (const node of root.querySelectorAll("*")) {
    yield node;
    if (node.shadowRoot) yield* parts(node.shadowRoot);
  }
};
const find = (selector) => [...parts(document)].filter((node) => node.matches(selector));
const text = (root = document) => [...parts(root)]
  .filter((node) => !["STYLE", "SCRIPT"].includes(node.tagName))
  .flatMap((node) => [...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])])
  .filter((node) => node.nodeType === Node.TEXT_NODE)
  .map((node) => node.data.trim()).filter(Boolean).join("\\n");
"""
_UNTIL = """(async () => {{
{helpers}
  const end = performance.now() + {milliseconds};
  while (performance.now() < end) {{
    if ({condition}) return true;
    await new Promise((done) => setTimeout(done, 100));
  }}
  return false;
}})()"""


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take the browser's socket."""
        self._socket = socket
        self._session: str | None = None
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self.complaints: list[str] = []
        """What the page's scripts reported as errors."""

    async def begin(self) -> Self:
        """Open the tab."""
        target = (await self._do("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self._do("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        await self._do("Page.enable")
        await self._do("Runtime.enable")
        still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        await self._do("Emulation.setEmulatedMedia", features=still)
        return self

    async def show(self, url: str) -> None:
        """Go to an address. Raises DemoError if there is nothing."""
        answer = await self._do("Page.navigate", url=url)
        if "errorText" in answer:
            raise DemoError(f"{url}: {answer['errorText']}")

    async def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self._do("Emulation.setDeviceMetricsOverride", **size)

    async def remember(self, key: str, value: object) -> None:
        """Put something into the browser's local storage for this site, as JSON."""
        await self.evaluate(f"localStorage.setItem({json.dumps(key)}, {json.dumps(json.dumps(value))})")

    async def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever the script gives
        """Run JavaScript and return its result. Raises DemoError if it fails."""
        answer = await self._do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise DemoError(f"the page says: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def look(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression gives
        """Return the result of an expression that may use `find(selector)` and `text(root)`."""
        return await self.evaluate(f"(() => {{ {_HELPERS} return {expression}; }})()")

    async def until(self, condition: str, seconds: float = 20.0) -> bool:
        """Wait until an expression holds that may use `find(selector)` and `text(root)`."""
        script = _UNTIL.format(helpers=_HELPERS, condition=condition, milliseconds=int(seconds * 1000))
        return bool(await self.evaluate(script))

    async def missing(self, wanted: Sequence[str], seconds: float = 20.0) -> list[str]:
        """Wait until all texts can be read on the page; return those that cannot."""
        texts = json.dumps(list(wanted))
        if await self.until(f"{texts}.every((wanted) => text().includes(wanted))", seconds):
            return []
        seen = await self.look("text()")
        return [each for each in wanted if each not in seen]

    async def click(self, selector: str, containing: str = "") -> None:
        """Click on the first thing that matches. Raises DemoError if there is none."""
        chosen = f"find({json.dumps(selector)}).find((it) => (it.innerText ?? '').includes({json.dumps(containing)}))"
        if not await self.until(f"Boolean({chosen})"):
            raise DemoError(f"the page has no {selector} with {containing!r}")
        await self.look(f"{chosen}.click()")

    async def picture(self) -> bytes:
        """Return what can be seen as a PNG file."""
        answer = await self._do("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            data: Json = message.json()
            if (answer := self._answers.get(data.get("id", 0))) is not None:
                answer.set_result(data)
            elif data.get("method") == "Runtime.exceptionThrown":
                details = data["params"]["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(DemoError("the browser has ended"))

    async def _do(self, method: str, **parameters: object) -> Json:
        self._last_id += 1
        number = self._last_id
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        try:
            await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
            async with asyncio.timeout(_ANSWER_SECONDS):
                message = await answer
        except TimeoutError as error:
            raise DemoError(f"the browser did not answer {method} in {_ANSWER_SECONDS:g} s") from error
        finally:
            del self._answers[number]
        if "error" in message:
            raise DemoError(f"the browser says to {method}: {message['error']['message']}")
        result: Json = message["result"]
        return result


@asynccontextmanager
async def open_page(session: aiohttp.ClientSession) -> AsyncGenerator[Page]:
    """Run a browser with one tab and a profile of its own. Raises DemoError if there is no browser."""
    command = next(filter(None, map(shutil.which, _NAMES)), None)
    if command is None:
        raise DemoError("no Chromium here; `scripts/bootstrap --browser` installs it")
    with tempfile.TemporaryDirectory(prefix="acrel-browser-", ignore_cleanup_errors=True) as profile:
        process = await start(command, *_FLAGS, f"--user-data-dir={profile}", errors=PIPE)
        try:
            address = await _devtools(process)
            async with session.ws_connect(address, max_msg_size=_LARGEST_MESSAGE) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                try:
                    yield await page.begin()
                finally:
                    listening.cancel()
                    with suppress(asyncio.CancelledError):
                        await listening
        finally:
            await asyncio.shield(end(process, _STOP_SECONDS))


async def _devtools(process: Process) -> str:
    """Return where the browser listens, as it says itself. Raises DemoError if it does not."""
    said = b""
    if process.stderr is not None:
        async for line in process.stderr:
            _, found, address = line.decode(errors="replace").partition("DevTools listening on ")
            if found:
                return address.strip()
            said += line
    raise DemoError(f"the browser did not start: {said.decode(errors='replace')[-500:]}")
