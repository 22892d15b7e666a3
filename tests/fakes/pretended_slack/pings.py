"""Who a message would notify.

Owns the search for what rings somebody's bell, in text and in blocks. It counts what might, not only what must: a
mention in a text that blocks hide counts too.
"""

import re
from collections.abc import Iterator

from tests.fakes.pretended_slack.world import Json

MARKED = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>|<!subteam\^\w+(?:\|[^>]*)?>|<@[UW]\w+(?:\|[^>]*)?>")
NAMED = re.compile(r"(?<!\w)@(?:channel|here|everyone|[a-z0-9][\w.-]*)", re.IGNORECASE)


def pings_of(text: str, blocks: list[Json], *, names: bool = False) -> list[str]:
    """`names`: whether @somebody counts as well, as with link_names or parse=full."""
    found = [*MARKED.findall(text), *(NAMED.findall(text) if names else [])]
    return [*found, *_in_blocks(blocks)]


def _in_blocks(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _in_blocks(inner)
    if not isinstance(value, dict):
        return
    match value:
        case {"type": "plain_text"}:
            return
        case {"type": "mrkdwn" | "markdown", "text": str(text)}:
            yield from MARKED.findall(text)
        case {"type": "user", "user_id": str(user)}:
            yield f"<@{user}>"
        case {"type": "usergroup", "usergroup_id": str(group)}:
            yield f"<!subteam^{group}>"
        case {"type": "broadcast", "range": str(who)}:
            yield f"<!{who}>"
        case _:
            for inner in value.values():
                yield from _in_blocks(inner)
