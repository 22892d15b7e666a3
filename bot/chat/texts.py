"""The bot's own words in chat. Sentences that people read stand here, so that they can be translated."""

BUSY = "Many people are asking at once; please try again in a moment."
TOO_LATE = "Sorry, I could not answer this in time; please ask me again."
WAITING = "There are {place} before you."
NO_PERSONA = "No persona speaks here yet; an admin can make one with `yamabiko persona create`."
CHOOSE_PERSONA = "Several personas live here: {names}. Say which one, with --persona NAME."
BLOCKED = "An admin has asked me not to answer you here."
EMPTY = "…"
