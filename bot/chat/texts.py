"""The bot's own words in chat. Sentences that people read stand here, so that they can be translated."""

BUSY = "Many people are asking at once; please try again in a moment."
TOO_LATE = "Sorry, I could not answer this in time; please ask me again."
WAITING = "Many people are asking at once; you are number {place} in line."
NEVER_SHOWN = "The network could not be reached, however often this was tried."
NOTHING_TO_SAY = "I have nothing to say to that."
NO_PERSONA = "No persona speaks here yet; an admin can make one with `yamabiko persona create`."
CHOOSE_PERSONA = "Several personas live here: {names}. Say which one, with --persona NAME."
BLOCKED = "An admin has asked me not to answer you here."
PAUSED = "An admin has asked me to pause here; please ask me again later."
MEMBER_TOO_FAST = "You have asked me a lot within a minute; please ask again in {wait}."
CHANNEL_TOO_FAST = "I was asked a lot in this channel within a minute; please ask again in {wait}."
MEMBER_WAITING = "You have {questions} waiting for an answer already; please ask again when I have given one."
EMPTY = "…"


def counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
