"""Before, with and after the login; whose token a request bears."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulator.cloud.accounts import Account, claims_of, issued
from simulator.cloud.calls import (
    DISABLED,
    MUST_LOG_IN,
    RENEWED,
    UNAUTHORIZED,
    UNHOSTED,
    WRONG_PASSWORD,
    Call,
    Handler,
    RefusedError,
)

if TYPE_CHECKING:
    from simulator.cloud.server import Cloud


def new_token(cloud: Cloud, account: Account) -> str:
    """Give an account a token that runs out in time."""
    cloud.tokens += 1
    now = cloud.clock.now().timestamp()
    claims = {"username": account.user, "exp": int(now + cloud.behaviour.token_s), "jti": str(cloud.tokens)}
    token = issued(claims, cloud.secret)
    account.tokens.append(token)
    return token


def renewal(cloud: Cloud, account: Account, token: str) -> RefusedError:
    """Return the answer that exchanges a token for a new one."""
    if token in account.tokens:
        account.tokens.remove(token)
    return RefusedError(RENEWED, "", {}, token=new_token(cloud, account))


def let_in(cloud: Cloud, token: str) -> Account:
    """Return whose token it is. Raises RefusedError: Unauthorized, or 700 with a new one."""
    claims = claims_of(token, cloud.secret)
    account = None if claims is None else cloud.accounts.get(str(claims.get("username")))
    if account is None or claims is None or token not in account.tokens:
        raise RefusedError(MUST_LOG_IN, UNAUTHORIZED)
    if account.is_disabled:
        raise RefusedError(DISABLED, "账号已停用")
    if account.is_unhosted:
        raise RefusedError(UNHOSTED, "机构托管已过期")
    expiry = claims.get("exp")
    if not isinstance(expiry, int) or cloud.clock.now().timestamp() >= expiry or token in cloud.expired:
        if cloud.behaviour.renews:
            raise renewal(cloud, account, token)
        account.tokens.remove(token)
        raise RefusedError(MUST_LOG_IN, UNAUTHORIZED)
    return account


async def _login(call: Call) -> object:
    cloud, behaviour = call.cloud, call.behaviour
    account = cloud.accounts.get(call.text("fLoginname", ""))
    if account is None:
        raise RefusedError(0, "用户名或密码错误")
    if account.password != call.text("fPassword", ""):
        raise RefusedError(WRONG_PASSWORD, "用户名或密码错误")
    if account.is_disabled:
        raise RefusedError(DISABLED, "账号已停用")
    if behaviour.single_login:
        account.tokens.clear()
    account.logins += 1
    return {
        "authorization": new_token(cloud, account),
        "userId": cloud.user_id(account),
        "username": account.user,
        "fProjectname": "Demo",
        "fCoaccountNo": "1",
        "fConame": cloud.organisation,
        "webAPIInfo": {"fVersion": behaviour.version if behaviour.says_version else ""},
        "versionURL3": "",
        "partyUserInfo": {"energy": {"dns": "", "accountNum": "other", "password": "another-secret"}},
        "messagePushInfo": {"messageIOSKey": "push-key", "messageIOSSecret": "push-secret"},
        "trajectory": {"tjIsUsing": "0", "tjGetherInterval": "5", "tjPackInterval": "30"},
    }


async def _logout(call: Call) -> object:
    if call.behaviour.logout_ends_all:
        call.account.tokens.clear()
    token = call.heard.headers.get("authorization", "")
    call.account.tokens = [one for one in call.account.tokens if one != token]
    return None


async def _index_sets(call: Call) -> object:
    encrypts = "1" if call.behaviour.encrypts_logins else "0"
    return {"appIndexSets": {"ip": urlsplit(call.cloud.url).netloc}, "imgURL": "", "indexencryptAll": encrypts}


async def _version(call: Call) -> object:
    return {"fVersion": call.behaviour.version}


async def _user(call: Call) -> object:
    return {"userInfo": {"fUserid": "1001", "fLoginname": call.account.user, "fConame": call.cloud.organisation}}


async def _feed(call: Call) -> object:
    return call.behaviour.feed


OPEN: dict[str, tuple[str, Handler]] = {
    "user/login": ("POST", _login),
    "main/getAppIndexSets": ("GET", _index_sets),
    "sys/getWebAPIVersion": ("GET", _version),
}
"""What needs no token."""
CALLS: dict[str, tuple[str, Handler]] = {
    "/logout": ("POST", _logout),
    "main/getUserInfo": ("GET", _user),
    "sys/startOpenMqtt": ("GET", _feed),
}
