"""Files brought through the panel: rows, progress and outcome, and nothing left of the file however it ends."""

import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from nicegui.testing.user import User

from bot.chat.collecting.ingest import Import
from bot.chat.events import LeftOut, Posted
from bot.chat.verbs import text
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.panel.file_field import NAME, FileField
from bot.panel.house import House
from bot.panel.imports import FileKind, Importing, Imports, Upload, UploadRefused, keep
from db import members
from db.models import Member, Message
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.archive import MONDAY, Book, Part, bring_in, count, diary, everything, said
from tests.fakes.panel import eventually, house_of, panel, sign_in

OWNER = Actor("shell:test", "owner")
NOVEL = "親譲りの無鉄砲で小供の時から損ばかりしている。\n\n小学校に居る時分学校の二階から飛び降りた。\n"


@dataclass
class Slow(Book):
    """A book whose second page is read when `gate` opens."""

    gate: threading.Event = field(default_factory=threading.Event)

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:  # type: ignore[override]  # as its parent's
        if part is not self.pages[0]:
            assert self.gate.wait(30)
        yield from super().read(part)


def slow() -> Slow:
    return Slow([Part("1", [said(1), said(2, "U2")]), Part("2", [said(3)])])


def book_kind(book: Book) -> FileKind:
    return FileKind("slack-export", ".zip", "slack_export", lambda file: book)


async def send(user: User, name: str, content: bytes) -> httpx.Response:
    """As a browser sends what was chosen in the page's field."""
    url = str(user.find(kind=FileField).elements.pop().props["url"])
    return await user.http_client.post(url, content=content, headers={NAME: name})


def left(house: House) -> list[Path]:
    return list(house.uploads.iterdir()) if house.uploads.exists() else []


async def ended(one: Importing) -> None:
    async def has_ended() -> bool:
        return one.ended

    await eventually(has_ended)


async def test_a_text_becomes_rows_and_the_outcome_stands_there(owner: User, house: House) -> None:
    await owner.open("/text?part=import")
    assert (await send(owner, "%E5%9D%8A%E3%81%A3%E3%81%A1%E3%82%83%E3%82%93.txt", NOVEL.encode())).status_code == 200
    await owner.should_see("坊っちゃん.txt", retries=30)
    await owner.should_see("2 messages stored.", retries=30)
    await owner.should_see("Next: open its channels, under Channels.")
    (channel,) = await text.list_channels(house.sessions, OWNER)
    assert (channel.name, channel.state, channel.messages) == ("坊っちゃん", "closed", 2)
    assert left(house) == []


async def test_a_text_goes_into_the_channel_that_is_named(owner: User, house: House) -> None:
    await owner.open("/text?part=import")
    owner.find(marker="into").type("novels")
    await send(owner, "../../etc/passwd.txt", NOVEL.encode())
    await owner.should_see("passwd.txt", retries=30)
    await owner.should_see("2 messages stored.", retries=30)
    assert [one.name for one in await text.list_channels(house.sessions, OWNER)] == ["novels"]


@pytest.mark.parametrize("name", ["..%2F..%2Fevil.txt", "C%3A%5Cevil.txt", "evil.txt", "", "%00.txt", "%FF"])
async def test_what_a_file_is_called_is_never_a_path(owner: User, house: House, name: str) -> None:
    await owner.open("/text?part=import")
    await send(owner, name, NOVEL.encode())
    await owner.should_see("2 messages stored.", retries=30)
    (channel,) = await text.list_channels(house.sessions, OWNER)
    assert "/" not in channel.name
    assert sorted(path.name for path in house.uploads.parent.iterdir()) == [
        "rows.db",
        "rows.db-shm",
        "rows.db-wal",
        "uploads",
    ]


async def test_a_file_that_is_no_text_is_refused_in_one_sentence(owner: User, house: House) -> None:
    await owner.open("/text?part=import")
    await send(owner, "picture.txt", bytes(range(256)) * 100)
    await owner.should_see(
        "picture.txt is not text in UTF-8, Shift_JIS, EUC-JP or UTF-16: save it as UTF-8.", retries=30
    )
    await owner.should_see("not imported")
    assert left(house) == []
    assert await count(house.sessions, Message) == 0


async def test_a_fault_in_opening_is_no_stack_trace(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    def broken(file: Upload) -> Book:
        raise ZeroDivisionError

    house = house_of(sqlite_sessions, tmp_path, kinds={"text": FileKind("text", ".txt", "owner_file", broken)})
    async with panel(house) as user:
        await sign_in(user, house.sessions)
        await user.open("/text?part=import")
        await send(user, "a.txt", b"a")
        await user.should_see("Something failed; the log of the bot tells what.", retries=30)
    assert left(house) == []


async def test_an_import_goes_on_when_the_browser_leaves_and_is_seen_again(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    book = slow()
    house = house_of(sqlite_sessions, tmp_path, kinds={"slack-export": book_kind(book)})
    async with panel(house) as user:
        await sign_in(user, house.sessions)
        await user.open("/text?part=import")
        await send(user, "export.zip", b"zip")
        await user.should_see("50%", retries=30)
        await user.should_see("2 messages of 2 members stored.")
        assert [oct(path.stat().st_mode & 0o777) for path in (*left(house), house.uploads)] == ["0o600", "0o700"]
        await user.open("/doctor")
        book.gate.set()
        await ended(house.imports.newest_first()[0])
        await user.open("/text?part=import")
        await user.should_see("3 messages of 2 members stored.")
        await user.should_see("left out: 2 private")
        await user.should_see("Nobody has agreed to training through this import: answers are recorded under Members.")
        user.find("Forget").click()
        await user.should_not_see("export.zip", retries=30)
    assert left(house) == []


async def test_an_import_that_is_stopped_goes_on_with_the_same_file(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    book = slow()
    house = house_of(sqlite_sessions, tmp_path, kinds={"slack-export": book_kind(book)})
    async with panel(house) as user:
        await sign_in(user, house.sessions)
        await user.open("/text?part=import")
        await send(user, "export.zip", b"zip")
        await user.should_see("50%", retries=30)
        user.find("Stop").click()
        await user.should_see("stopped; the same file goes on from there", retries=30)
        assert left(house) == []
        book.gate.set()
        await send(user, "export.zip", b"zip")
        await user.should_see("Went on where an earlier import had stopped.", retries=30)
    assert len(await everything(house.sessions)) == 3


async def test_the_owners_statement_is_recorded_with_the_import(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    house = house_of(sqlite_sessions, tmp_path, kinds={"slack-export": book_kind(diary())})
    async with panel(house) as user:
        await sign_in(user, house.sessions)
        await user.open("/text?part=import")
        user.find(marker="consent-ground").type("signed forms")
        await send(user, "export.zip", b"zip")
        await user.should_see("Consent recorded for 2 members.", retries=30)
    agreed = [member.consents for member in await text.list_members(house.sessions, OWNER)]
    assert agreed == [{"community": True}, {"community": True}]


async def test_an_admin_may_import_but_not_state_what_others_agreed_to(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    house = house_of(sqlite_sessions, tmp_path, kinds={"slack-export": book_kind(diary())})
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, MONDAY)).members["Ann"].id
        await members.set_role(session, ann, "admin", "test", MONDAY)
    async with panel(house) as user:
        await sign_in(user, house.sessions, ann)
        await user.open("/text?part=import")
        await user.should_not_see(marker="consent-ground")
        await send(user, "export.zip", b"zip")
        await user.should_see("30 messages of 2 members stored.", retries=30)
    with pytest.raises(NotAllowed, match=r"Only an owner may do this \(consent\); you are an admin."):
        await Import(sqlite_sessions, diary(fingerprint="other"), "slack_export", Actor("member:1", "admin")).run(
            "everyone is fine with it", lambda share: None
        )


@pytest.mark.parametrize("role", ["member", "curator"])
async def test_a_forged_import_is_refused_and_stores_nothing(sqlite_sessions: Sessions, role: members.RoleName) -> None:
    with pytest.raises(NotAllowed, match=rf"Only an admin may do this \(import\); you are a {role}."):
        await Import(sqlite_sessions, diary(), "slack_export", Actor("member:1", role)).run(None, lambda share: None)
    assert (await count(sqlite_sessions, Message), await count(sqlite_sessions, Member)) == (0, 0)


async def test_a_file_sent_by_a_curator_to_an_owners_page_is_not_kept(owner: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, MONDAY)).members["Ann"].id
        await members.set_role(session, ann, "curator", "test", MONDAY)
    await owner.open("/text?part=import")
    await sign_in(owner, house.sessions, ann)
    assert (await send(owner, "a.txt", NOVEL.encode())).status_code == 422
    owner.http_client.cookies.clear()
    assert (await send(owner, "a.txt", NOVEL.encode())).status_code == 401
    assert (left(house), house.imports.newest_first()) == ([], [])
    assert await count(house.sessions, Message) == 0


async def test_what_a_crash_left_behind_is_swept_at_the_start(house: House) -> None:
    path = await keep(house.uploads, ".zip", chunks(b"someone's messages"))
    (house.uploads / "notes.txt").write_text("not ours")
    async with panel(house):
        assert [path.name for path in left(house)] == ["notes.txt"]
    assert not path.exists()


async def test_imports_end_with_the_panel_and_their_files_with_them(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    book, imports = slow(), Imports()
    async with imports.going_on(tmp_path / "uploads"):
        made: list[Importing] = []
        for _ in range(2):  # the second waits for its turn
            path = await keep(tmp_path / "uploads", ".zip", chunks(b"zip"))
            file = Upload(path, "export.zip")
            made.append(imports.begin(sqlite_sessions, OWNER, book_kind(book), file, None))
        early = imports.begin(sqlite_sessions, OWNER, book_kind(book), Upload(tmp_path / "never", "x"), None)
    book.gate.set()
    assert [one.stage for one in (*made, early)] == ["stopped"] * 3
    assert list((tmp_path / "uploads").iterdir()) == []
    whole = slow()
    whole.gate.set()
    await bring_in(sqlite_sessions, whole)
    assert len(await everything(sqlite_sessions)) == 3


async def chunks(*parts: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if then:
        raise then


async def test_a_file_is_kept_byte_for_byte_whatever_its_chunks(tmp_path: Path) -> None:
    parts = [bytes([number]) * 300_000 for number in range(9)]
    path = await keep(tmp_path / "uploads", ".zip", chunks(*parts))
    assert path.read_bytes() == b"".join(parts)
    assert path.suffix == ".zip"


async def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        await keep(tmp_path / "uploads", ".zip", chunks(b"x" * 3_000_000, then=_Gone()))
    assert list((tmp_path / "uploads").iterdir()) == []


class _Gone(ConnectionResetError):
    """The browser went away."""


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("a file where the folder should be")
    with pytest.raises(UploadRefused, match=r"cannot be kept in .* \(File exists\); make room there"):
        await keep(tmp_path / "uploads", ".zip", chunks(b"x"))


async def test_only_the_newest_ended_imports_are_remembered(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    imports = Imports()
    async with imports.going_on(tmp_path / "uploads"):
        for number in range(23):
            kind = book_kind(Book([], fingerprint=str(number)))
            one = imports.begin(sqlite_sessions, OWNER, kind, Upload(tmp_path / "f", str(number)), None)
            await ended(one)
            assert one.stage == "done"
        assert [one.file.name for one in imports.newest_first()] == [str(n) for n in range(22, 1, -1)]
        assert not imports.going


async def test_a_kind_says_what_it_takes(owner: User, house: House) -> None:
    await owner.open("/text?part=import")
    await owner.should_see("A novel or any other text you may use")
    await owner.should_not_see(marker="consent-ground")
    assert owner.find(kind=FileField).elements.pop().props["accept"] == ".txt"


async def test_whoever_is_signed_out_has_nothing_forgotten(owner: User, house: House) -> None:
    await owner.open("/text?part=import")
    await send(owner, "a.txt", NOVEL.encode())
    await owner.should_see("Forget", retries=50)
    await owner.http_client.post("/leave")
    owner.find("Forget").click()
    await owner.should_see("You are signed out", retries=30)
    assert [one.file.name for one in house.imports.newest_first()] == ["a.txt"]
