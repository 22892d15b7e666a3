"""What an import did, in sentences, wherever it was started.

Owns their order. Knows no terminal and no page.
"""

from collections.abc import Iterator

from bot.chat.collecting.ingest import Imported
from db.coded import shown
from db.words import say, say_count


def counts(done: Imported) -> Iterator[str]:
    """What stands in the rows so far."""
    if done.resumed:
        yield say("Went on where an earlier import had stopped.")
    if done.stored:
        yield _stored(done)
    if done.unchanged:
        before = say_count(
            "{count:,} message had been stored before.", "{count:,} messages had been stored before.", done.unchanged
        )
        yield before if done.stored else say("Nothing new: {before}", before=before)


def _stored(done: Imported) -> str:
    if not done.members:
        return say_count("{count:,} message stored.", "{count:,} messages stored.", done.stored)
    whose = say_count("{count:,} member", "{count:,} members", done.members)
    return say_count(
        "{count:,} message of {whose} stored.", "{count:,} messages of {whose} stored.", done.stored, whose=whose
    )


def ended(done: Imported) -> Iterator[str]:
    """What is known at the end alone."""
    if done.revised:
        yield say_count(
            "{count:,} message had changed; the new text is stored beside the old.",
            "{count:,} messages had changed; the new text is stored beside the old.",
            done.revised,
        )
    for reason, count in done.left_out.most_common():
        yield say("  left out: {count:,} {reason}", count=count, reason=shown("left out", reason))
    if done.consents:
        yield say_count(
            "Consent recorded for {count:,} member.", "Consent recorded for {count:,} members.", done.consents
        )
