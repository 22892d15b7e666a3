"""What goes wrong on purpose: answers, connections, events.

Owns how a test asks for it. The faults themselves stand in limits and gateway.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes.pretended_discord.gateway import GONE_AWAY, INVALID, RECONNECT, Gateway
from tests.fakes.pretended_discord.limits import Fault, Faults
from tests.fakes.pretended_discord.world import World

REVOKED = 4003  # not authenticated any more


class Troubles:
    world: World
    gateway: Gateway
    faults: Faults
    down: bool
    unreachable: bool

    def fault(self, route: str, times: int = 1, **what: Any) -> Fault:
        """See Fault: "POST /channels/*/messages", "PATCH /webhooks/*", "*"."""
        made = Fault(route, times, **what)
        self.faults.waiting.append(made)
        return made

    def duplicate_events(self, count: int) -> None:
        """The next so many events come twice."""
        self.gateway.duplicates += count

    def delay_events(self, seconds: float) -> None:
        self.gateway.delay = seconds

    def lose_acks(self, count: int) -> None:
        """The next so many heartbeats are not answered."""
        self.gateway.dropped_acks += count

    def refuse_identify(self, *codes: int) -> None:
        """The next so many that identify are hung up on with these codes."""
        self.gateway.forced_codes += codes

    def disconnect(self, code: int | None = None, *, resumable: bool = True) -> None:
        """Hang up on everybody: with a code, or without a word (None)."""
        self.gateway.hang_up(GONE_AWAY if code is None else code, resumable=resumable)

    def ask_to_reconnect(self, *, resumable: bool = True) -> None:
        """Opcode 7, as Discord sends it before it restarts a server."""
        self.gateway.say(RECONNECT, None, resumable=resumable)

    def invalidate_sessions(self, *, resumable: bool = False) -> None:
        """Opcode 9."""
        self.gateway.say(INVALID, resumable, resumable=resumable)

    def reset_token(self) -> str:
        """In the portal: the old one opens nothing any more, and whoever came with it is thrown out."""
        self.world.app.token = f"bot.token.{self.world.snowflake()}"
        self.gateway.hang_up(REVOKED, resumable=False)
        return self.world.app.token

    def switch(self, **privileged: bool) -> None:
        """In the portal: message_content, members, presences. Whatever is switched off ends every session, whether it
        heard of that or not; whoever then asks for it again is not let in."""
        for name, on in privileged.items():
            off = getattr(self.world.app, name) and not on
            setattr(self.world.app, name, on)
            if off:
                self.gateway.hang_up(REVOKED, resumable=False)

    @asynccontextmanager
    async def refusing_connections(self) -> AsyncGenerator[None]:
        """The gateway lets nobody in meanwhile."""
        self.gateway.refusing = True
        try:
            yield
        finally:
            self.gateway.refusing = False

    @asynccontextmanager
    async def outage(self, *, resumable: bool = True) -> AsyncGenerator[None]:
        """Everything answers 503 meanwhile, and whoever was connected no longer is."""
        self.down = True
        self.disconnect(resumable=resumable)
        try:
            yield
        finally:
            self.down = False

    @asynccontextmanager
    async def no_network(self, *, resumable: bool = True) -> AsyncGenerator[None]:
        """Every connection breaks meanwhile."""
        self.unreachable = True
        self.disconnect(resumable=resumable)
        try:
            yield
        finally:
            self.unreachable = False
