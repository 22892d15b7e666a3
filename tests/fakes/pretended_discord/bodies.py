"""What Discord accepts as a message.

Owns lengths, embeds, flags and what goes together. Where it may be said, the routes decide.
"""

from typing import Any

from tests.fakes.pretended_discord.components import TEXT, check_components, numbered, walked
from tests.fakes.pretended_discord.pings import check_allowed
from tests.fakes.pretended_discord.refusals import Complaints, Refused
from tests.fakes.pretended_discord.world import EPHEMERAL, SILENT, SUPPRESS_EMBEDS, V2, Json, Message

CONTENT_AT_MOST, EMBEDS_AT_MOST, EMBED_TOTAL = 2000, 10, 6000
SETTABLE = SUPPRESS_EMBEDS | SILENT | V2 | EPHEMERAL


class Body:
    """A message as it was sent, found good; None is what was not said, where an edit leaves it as it was."""

    def __init__(self, data: Json, files: list[Json], before: Message | None = None) -> None:
        self.content: str | None = data.get("content") if "content" in data else None
        self.clears_content = "content" in data and data["content"] is None
        self.embeds: list[Json] | None = _list(data, "embeds")
        self.components: list[Json] | None = _list(data, "components")
        self.flags: int = (data.get("flags") or 0) & SETTABLE
        self.sets_flags = "flags" in data
        self.attachments = _attachments(data, files, before)
        self.new = bool((self.flags | (before.flags if before else 0)) & V2)
        wrong = Complaints()
        wrong.text(self.content, "content", CONTENT_AT_MOST, optional=True)
        _check_embeds(wrong, self.embeds)
        if self.components is not None:
            check_components(wrong, self.components, self.new)
        if self.new and (self.content or self.embeds):
            for key in [one for one in ("content", "embeds") if getattr(self, one)]:
                said = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                wrong.add(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", said)
        self.allowed = check_allowed(data.get("allowed_mentions"))
        wrong.settle()
        if self.components is not None:
            self.components = numbered(self.components)

    @property
    def says_something(self) -> bool:
        return bool((self.content or "").strip() or self.embeds or self.components or self.attachments)

    def texts(self) -> list[str]:
        """Where mentions count: the content, and the texts of the new components."""
        shown = [one.get("content", "") for one in walked(self.components or []) if one.get("type") == TEXT]
        return [self.content or "", *shown]

    def must_say_something(self) -> None:
        if not self.says_something:
            raise Refused(400, 50006, "Cannot send an empty message")

    def put_into(self, message: Message) -> None:
        """What was said anew takes the place of what was; nothing may be left of a message."""
        for key in ("embeds", "components", "attachments"):
            value = getattr(self, key)
            if value is not None:
                setattr(message, key, value)
        if self.clears_content:
            message.content = ""
        elif self.content is not None:
            message.content = self.content
        if self.sets_flags:
            message.flags = (message.flags & ~SUPPRESS_EMBEDS) | (self.flags & (SUPPRESS_EMBEDS | V2 | SILENT))
        left = (message.content, message.embeds, message.components, message.attachments)
        if not any(left):
            raise Refused(400, 50006, "Cannot send an empty message")


def _list(data: Json, key: str) -> list[Any] | None:
    """null empties, as an empty list does."""
    return (data[key] if data[key] is not None else []) if key in data else None


def _attachments(data: Json, files: list[Json], before: Message | None) -> list[Json] | None:
    if "attachments" not in data and not files:
        return None
    kept = {one["id"]: one for one in before.attachments} if before else {}
    found = [kept[str(one["id"])] for one in data.get("attachments") or [] if str(one.get("id")) in kept]
    for number, file in enumerate(files):
        link = f"https://cdn.invalid/{number}/{file['filename']}"
        named = {"id": str(1000 + number), "filename": file["filename"], "size": len(file["content"])}
        found.append(named | {"url": link, "proxy_url": link, "content_type": "application/octet-stream"})
    return found


def _check_embeds(wrong: Complaints, embeds: list[Json] | None) -> None:
    if embeds is None or not wrong.count(embeds, "embeds", EMBEDS_AT_MOST):
        return
    for number, embed in enumerate(embeds):
        _check_embed(wrong, embed, f"embeds.{number}")
    if sum(map(_length, embeds)) > EMBED_TOTAL:
        wrong.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}")


def _check_embed(wrong: Complaints, embed: Json, at: str) -> None:
    wrong.text(embed.get("title"), f"{at}.title", 256, optional=True)
    wrong.text(embed.get("description"), f"{at}.description", 4096, optional=True)
    if footer := embed.get("footer"):
        wrong.text(footer.get("text"), f"{at}.footer.text", 2048, 1)
    if author := embed.get("author"):
        wrong.text(author.get("name"), f"{at}.author.name", 256, 1)
    fields = embed.get("fields") or []
    if wrong.count(fields, f"{at}.fields", 25):
        for number, field in enumerate(fields):
            wrong.text(field.get("name"), f"{at}.fields.{number}.name", 256, 1)
            wrong.text(field.get("value"), f"{at}.fields.{number}.value", 1024, 1)
    embed.setdefault("type", "rich")


def _length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(one) for one in texts if isinstance(one, str))
