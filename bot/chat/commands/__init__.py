"""Every command of the chat networks, one module a subject; Slack types them, Discord lists them.

Owns which there are. What they change is done by bot.chat.verbs, which authorises it.
"""

from collections.abc import Mapping, Sequence

from bot.chat.commands import replies, talking
from bot.chat.commands.asked import Command, Press, Subject, Submitted

SUBJECTS: Sequence[Subject] = (talking.SUBJECT, replies.SUBJECT)
COMMANDS: Mapping[str, Command] = {one.name: one for subject in SUBJECTS for one in subject.commands}
PRESSES: Mapping[str, Press] = {name: do for subject in SUBJECTS for name, do in subject.presses.items()}
FORMS: Mapping[str, Submitted] = {name: do for subject in SUBJECTS for name, do in subject.forms.items()}
