"""Onboard a fresh Home Assistant through its own interface, as its first visitor would."""

from dataclasses import dataclass

from demo.api import Http, Json, Socket

USER = "demo"
PASSWORD = "demo"  # noqa: S105 - printed for everybody; the server listens on loopback only
_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A login as the frontend keeps it in the browser."""

    url: str
    client: str
    answer: Json

    def for_browser(self) -> Json:
        """Return what the frontend looks for in the browser's local storage."""
        return {**self.answer, "hassUrl": self.url, "clientId": self.client}


async def onboard(http: Http) -> Tokens:
    """Create the owner, log in and finish the remaining steps. Raises DemoError."""
    client = _client(http)
    user = {"name": "Demo", "username": USER, "password": PASSWORD, "client_id": client, "language": _LANGUAGE}
    tokens = await _redeem(http, (await http.post("/api/onboarding/users", user))["auth_code"])
    await http.post("/api/onboarding/analytics", {})
    await http.post("/api/onboarding/integration", {"client_id": client, "redirect_uri": f"{client}?auth_callback=1"})
    return tokens


async def log_in(http: Http) -> Tokens:
    """Log in as the owner. Raises DemoError."""
    client = _client(http)
    begin = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
    step = await http.post("/auth/login_flow", begin)
    answers = {"client_id": client, "username": USER, "password": PASSWORD}
    done = await http.post(f"/auth/login_flow/{step['flow_id']}", answers)
    return await _redeem(http, done["result"])


async def _redeem(http: Http, code: str) -> Tokens:
    grant = {"grant_type": "authorization_code", "code": code, "client_id": _client(http)}
    answer = await http.post_form("/auth/token", grant)
    http.token = answer["access_token"]
    return Tokens(url=http.url, client=_client(http), answer=answer)


def _client(http: Http) -> str:
    return f"{http.url}/"


async def keep_address(socket: Socket) -> None:
    """Confirm the web server's address, which Home Assistant would give up after five minutes. Raises DemoError.

    It also wants the address out of `configuration.yaml`, where the demo has put it; that notice is put aside.
    """
    await socket.ask("http/config/promote")
    for issue in (await socket.ask("repairs/list_issues"))["issues"]:
        if issue["domain"] == "http":
            await socket.ask("repairs/ignore_issue", domain="http", issue_id=issue["issue_id"], ignore=True)
