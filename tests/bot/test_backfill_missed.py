"""What was missed while the bot was away is read again, with what was edited and deleted meanwhile."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.chat.collecting.live import Collecting
from bot.chat.events import Missed
from db.models import Message
from db.session import Sessions, transaction
from tests.fakes.past import every_text, read, texts
from tests.fakes.square import Square


async def test_what_happened_while_the_bot_was_away_is_caught_up_with(opened: Sessions, square: Square) -> None:
    collecting = Collecting(opened)
    await read(opened, square)
    said = [square.says(f"word {number}") for number in range(30)]
    for one in said:
        await collecting.written(one)
    reply = square.says("in a thread", thread=said[26].posted.id)
    await collecting.written(reply)
    square.edits(said[20], "an edited word")
    square.deletes(said[25])
    square.deletes(reply)
    square.says("another in the thread", thread=said[26].posted.id)
    for number in range(7):
        square.says(f"new {number}")
    await collecting.missed(Missed("slack"))
    await collecting.written(square.says("heard again"))
    await read(opened, square)
    expected = [f"word {n}" if n != 20 else "an edited word" for n in range(30) if n != 25]
    assert await texts(opened) == [
        *expected,
        "another in the thread",
        *(f"new {number}" for number in range(7)),
        "heard again",
    ]
    assert not {"word 25", "in a thread"} & set(await every_text(opened))


async def test_catching_up_reads_two_days_before_the_last_message_and_no_further(
    opened_here: Sessions, square: Square
) -> None:
    said = [square.says(f"word {number}", after=timedelta(hours=2)) for number in range(100)]
    await read(opened_here, square)
    before = len(square.pages_read)
    square.edits(said[-10], "lately")
    square.edits(said[10], "long ago")
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert len(square.pages_read) - before == 5  # of 5 messages each: two days and what is on their last page
    assert "lately" in await texts(opened_here)
    assert "long ago" not in await texts(opened_here)


async def test_what_is_missed_while_catching_up_is_caught_up_with_too(opened_here: Sessions, square: Square) -> None:
    square.says("first")
    await read(opened_here, square)
    square.says("second")
    collecting, again = Collecting(opened_here), []
    await collecting.missed(Missed("slack"))

    async def away_again(name: str) -> None:
        if not again:
            again.append(square.says("third"))
            await collecting.missed(Missed("slack"))

    square.hook = away_again
    await read(opened_here, square)
    assert await texts(opened_here) == ["first", "second", "third"]


async def test_catching_up_that_is_cut_off_begins_again(opened_here: Sessions, square: Square) -> None:
    square.says("first")
    await read(opened_here, square)
    for number in range(12):
        square.says(f"word {number}")
    collecting = Collecting(opened_here)
    await collecting.missed(Missed("slack"))
    await collecting.written(square.says("heard"))  # newer than the gap
    square.fails = [ConnectionError()]
    await read(opened_here, square)
    await collecting.missed(Missed("slack"))
    await read(opened_here, square)
    assert len(await texts(opened_here)) == 14


async def test_text_of_a_file_is_not_erased_because_the_network_shows_it_no_more(
    opened_here: Sessions, square: Square, now
) -> None:
    said = [square.says(f"word {number}") for number in range(4)]
    await read(opened_here, square)
    async with transaction(opened_here) as session:
        rows = list(await session.scalars(select(Message).order_by(Message.at)))
        rows[0].provenance = "slack_export"
    square.deletes(said[0])
    square.deletes(said[2])
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert await texts(opened_here) == ["word 0", "word 1", "word 3"]


async def test_a_message_heard_of_while_a_page_is_read_is_not_taken_for_deleted(
    opened_here: Sessions, square: Square
) -> None:
    square.says("first")
    await read(opened_here, square)
    square.at = datetime.now(UTC) - timedelta(minutes=10)

    async def written_meanwhile(name: str) -> None:
        if len(square.pages_read) == 2:
            await Collecting(opened_here).written(square.says("just now"))

    square.hook = written_meanwhile
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert await texts(opened_here) == ["first", "just now"]
