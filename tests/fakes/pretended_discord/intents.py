"""What a session may ask to hear.

Owns the bits. Which of them an app is granted, the portal decides.
"""

from enum import IntFlag


class Intent(IntFlag):
    GUILDS = 1 << 0
    MEMBERS = 1 << 1
    MODERATION = 1 << 2
    EXPRESSIONS = 1 << 3
    INTEGRATIONS = 1 << 4
    WEBHOOKS = 1 << 5
    INVITES = 1 << 6
    VOICE_STATES = 1 << 7
    PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    GUILD_TYPING = 1 << 11
    DM_MESSAGES = 1 << 12
    DM_REACTIONS = 1 << 13
    DM_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_RULES = 1 << 20
    AUTO_MODERATION = 1 << 21
    GUILD_POLLS = 1 << 24
    DM_POLLS = 1 << 25


MEMBERS, PRESENCES, MESSAGE_CONTENT = Intent.MEMBERS, Intent.PRESENCES, Intent.MESSAGE_CONTENT
ALWAYS = Intent(0)
ALL_INTENTS = sum(Intent)
