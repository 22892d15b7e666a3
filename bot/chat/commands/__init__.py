"""Every command of the chat networks, one module a subject; Slack types them, Discord lists them.

Owns which there are, and how what people type is understood. What they change is done by bot.chat.verbs, which
authorises it.
"""

from collections.abc import Mapping, Sequence

from bot.chat.commands import helping, learning, opening, order, own, replies, reviewing, talking, versions
from bot.chat.commands.asked import Command, Press, Subject, Submitted

_DOING: Sequence[Subject] = (
    talking.SUBJECT,
    own.SUBJECT,
    opening.SUBJECT,
    reviewing.SUBJECT,
    learning.SUBJECT,
    versions.SUBJECT,
    order.SUBJECT,
    order.SIGNING_IN,
)
SUBJECTS: Sequence[Subject] = (*_DOING, helping.subject(_DOING), replies.SUBJECT)
COMMANDS: Mapping[str, Command] = {one.name: one for subject in SUBJECTS for one in subject.commands}
PRESSES: Mapping[str, Press] = {name: do for subject in SUBJECTS for name, do in subject.presses.items()}
FORMS: Mapping[str, Submitted] = {name: do for subject in SUBJECTS for name, do in subject.forms.items()}
