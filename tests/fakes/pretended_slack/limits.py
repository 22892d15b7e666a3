"""How often a method may be called, and what goes wrong on purpose.

Owns the rate tiers and the list of faults that wait for their method. Knows no method's meaning.
"""

from collections import deque
from dataclasses import dataclass, field

from tests.fakes.clock import Clock
from tests.fakes.pretended_slack.methods import POST, SPECIAL, Method
from tests.fakes.pretended_slack.world import Json

PER_MINUTE: dict[int | str, int] = {1: 1, 2: 20, 3: 50, 4: 100, SPECIAL: 600}
BURST = 5  # what Slack lets through at once where it asks for one a second, or one a minute


@dataclass
class Limits:
    """`scale` shortens the minute (and the second between posts): at 0.05 a minute lasts three seconds.

    `own` are calls a minute for single methods, in place of their tier's.
    """

    clock: Clock
    on: bool = True
    scale: float = 0.05
    refused: int = 0
    own: dict[str, int] = field(default_factory=dict[str, int])
    _calls: dict[str, deque[float]] = field(default_factory=dict[str, deque[float]])
    _full: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def wait_for(self, method: Method, args: Json) -> float | None:
        """None: go ahead, and it is counted. Otherwise the seconds to wait."""
        if not self.on:
            return None
        if method.name in self.own:
            wait = self._count(method.name, self.own[method.name])
        elif method.tier == POST:
            wait = self._post(str(args.get("channel")))
        else:
            allowed = PER_MINUTE[method.tier]
            wait = self._count(method.name, allowed if allowed > 1 else allowed + BURST)
        self.refused += wait is not None
        return wait

    def _count(self, key: str, allowed: int) -> float | None:
        now, minute = self.clock.now(), 60 * self.scale
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - minute:
            calls.popleft()
        if len(calls) >= allowed:
            return calls[0] + minute - now
        calls.append(now)
        return None

    def _post(self, channel: str) -> float | None:
        now, second = self.clock.now(), self.scale
        left, at = self._full.get(channel, (float(BURST), now))
        left = min(BURST, left + (now - at) / second)
        if left < 1:
            self._full[channel] = (left, now)
            return (1 - left) * second
        self._full[channel] = (left - 1, now)
        return None


@dataclass
class Fault:
    """What happens to the next calls of a method ("*": of any).

    `after`: it is carried out, and then the answer is lost or changed.
    """

    method: str
    times: int = 1
    status: int = 200
    error: str | None = None
    retry_after: int | None = None
    delay: float = 0.0
    drop_connection: bool = False
    after: bool = False
    body: str | None = None

    @property
    def answers(self) -> bool:
        """Whether it puts something in the place of the method's own answer."""
        return self.status != 200 or self.error is not None or self.body is not None


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.happened: list[Fault] = []

    def take(self, method: str) -> Fault | None:
        for fault in self.waiting:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                self.happened.append(fault)
                return fault
        return None
