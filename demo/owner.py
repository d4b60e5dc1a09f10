"""Onboard a fresh Home Assistant through its own interface, as its first visitor would."""

from dataclasses import dataclass

from demo.api import Http, Json

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
    client = f"{http.url}/"
    user = {"name": "Demo", "username": USER, "password": PASSWORD, "client_id": client, "language": _LANGUAGE}
    code = (await http.post("/api/onboarding/users", user))["auth_code"]
    grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
    answer = await http.post_form("/auth/token", grant)
    http.token = answer["access_token"]
    await http.post("/api/onboarding/analytics", {})
    await http.post("/api/onboarding/integration", {"client_id": client, "redirect_uri": f"{client}?auth_callback=1"})
    return Tokens(url=http.url, client=client, answer=answer)
