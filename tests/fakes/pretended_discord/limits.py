"""How often a route may be called, and what goes wrong on purpose.

Owns the buckets' windows, the fifty a second, and the list of faults that wait for their route. Knows no route's
meaning.
"""

import fnmatch
import math
from dataclasses import dataclass, field

from tests.fakes.clock import Clock
from tests.fakes.pretended_discord.routes import Bucket
from tests.fakes.pretended_discord.world import Json

GLOBAL = Bucket("global", 50, 1.0)


@dataclass(frozen=True)
class Counted:
    """What Discord says of a bucket with each answer; `wait`: seconds until it may be tried again, if it was full."""

    bucket: Bucket
    remaining: int
    reset_after: float
    now: float
    wait: float | None = None
    scope: str = "user"

    @property
    def headers(self) -> dict[str, str]:
        found = {"X-RateLimit-Limit": str(self.bucket.limit), "X-RateLimit-Remaining": str(self.remaining)}
        found |= {"X-RateLimit-Reset": f"{self.now + self.reset_after:.3f}"}
        found |= {"X-RateLimit-Reset-After": f"{self.reset_after:.3f}"}
        return found | {"X-RateLimit-Bucket": f"{abs(hash(self.bucket.name)):x}", "Via": "1.1 google"}


@dataclass
class Limits:
    """`scale` shortens every window: at 0.05 five seconds last a quarter of one. `refused` counts the 429s."""

    clock: Clock
    on: bool = True
    scale: float = 0.05
    refused: int = 0
    _windows: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict[tuple[str, str], tuple[float, int]])

    def count(self, bucket: Bucket, major: str, counted: bool) -> Counted:
        """One more call. `counted`: it counts towards the fifty a second as well."""
        if not self.on:
            return Counted(bucket, bucket.limit - 1, bucket.seconds * self.scale, self.clock.now())
        if counted and (everywhere := self._take(GLOBAL, "")).wait is not None:
            self.refused += 1
            return everywhere
        found = self._take(bucket, major)
        self.refused += found.wait is not None
        return found

    def _take(self, bucket: Bucket, major: str) -> Counted:
        now, length, key = self.clock.now(), bucket.seconds * self.scale, (bucket.name, major)
        ends, taken = self._windows.get(key, (0.0, 0))
        if now >= ends:
            ends, taken = now + length, 0
        left = ends - now
        if taken >= bucket.limit:
            return Counted(bucket, 0, left, now, left, "global" if bucket is GLOBAL else "user")
        self._windows[key] = (ends, taken + 1)
        return Counted(bucket, bucket.limit - taken - 1, left, now)


def too_fast(wait: float, scope: str, code: int = 0) -> tuple[Json, dict[str, str]]:
    """The body and the headers of a 429."""
    body: Json = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": scope == "global"}
    headers = {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope, "Via": "1.1 google"}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return body | ({"code": code} if code else {}), headers


@dataclass
class Fault:
    """What happens to the next calls of a route: "POST /channels/*/messages", or "*" for any.

    `after`: it is carried out, and then the answer is lost or changed. `code` is Discord's own; `scope` of a 429 may be
    user, shared or global.
    """

    route: str
    times: int = 1
    status: int = 200
    code: int = 0
    message: str = ""
    retry_after: float = 0.1
    scope: str = "user"
    delay: float = 0.0
    drop_connection: bool = False
    after: bool = False

    @property
    def answers(self) -> bool:
        """Whether it puts something in the place of the route's own answer."""
        return self.status != 200 or self.drop_connection

    def meets(self, route: str, address: str) -> bool:
        return self.route in (route, "*") or fnmatch.fnmatchcase(address, self.route)


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.happened: list[Fault] = []

    def take(self, route: str, address: str) -> Fault | None:
        for fault in self.waiting:
            if fault.meets(route, address):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                self.happened.append(fault)
                return fault
        return None
