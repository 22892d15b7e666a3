"""Every table, by subject: people, text, personas, learning, talking, operations."""

from db.models.base import Row
from db.models.learning import Adapter, Dataset, DatasetMessage, Run, RunPoint, Verdict
from db.models.operations import Audit, ControlMessage, Heartbeat, TakenEvent
from db.models.people import Block, Consent, LoginLink, Member, Pause, Role, Tombstone, WebSession, Workspace
from db.models.personas import Activation, Persona, PersonaSource, PersonaVoice
from db.models.talking import Feedback, Notice, Reply, ReplyCandidate, ReplySource
from db.models.text import API_TEXT, BackfillCursor, Channel, Message, MessageRevision

__all__ = [
    "API_TEXT",
    "Activation",
    "Adapter",
    "Audit",
    "BackfillCursor",
    "Block",
    "Channel",
    "Consent",
    "ControlMessage",
    "Dataset",
    "DatasetMessage",
    "Feedback",
    "Heartbeat",
    "LoginLink",
    "Member",
    "Message",
    "MessageRevision",
    "Notice",
    "Pause",
    "Persona",
    "PersonaSource",
    "PersonaVoice",
    "Reply",
    "ReplyCandidate",
    "ReplySource",
    "Role",
    "Row",
    "Run",
    "RunPoint",
    "TakenEvent",
    "Tombstone",
    "Verdict",
    "WebSession",
    "Workspace",
]
