"""One attempt at one run, from the claimed row to its outcome.

Owns the lease, the order of a run's steps and what is written at its end. Knows no model: the training child does the
work, and files are all that goes between. After a crash the same function takes the run up again.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from db import adapters, datasets, notices, runs
from db.models import Persona, Run
from db.session import Sessions, reading, transaction
from db.words import say
from trainer import dataset, job
from trainer.child import Child, ChildFailed
from trainer.curate import Rules
from trainer.outcome import Figures, disk_is_full, sentence

ROWS_AWAY = (OperationalError, InterfaceError)  # the database restarts, or somebody holds its lock
MOST_ATTEMPTS = 20  # graceful stops count too

log = structlog.get_logger()


class TextWithdrawn(Exception):
    """Text that the adapter learned was withdrawn while it learned; the run must be asked for again."""


class NothingToTrain(Exception):
    """The persona's base is a model on a server; the message says what to do."""


class TriedTooOften(Exception):
    """Every attempt at the run died; the message says what to look at."""


@dataclass(frozen=True, slots=True)
class Places:
    runs: Path
    adapters: Path
    base: Callable[[str], Path]  # the prepared folder of a base, by its name
    servers: frozenset[str] = frozenset()  # bases that are models on servers, and in no folder


@dataclass(frozen=True, slots=True)
class Limits:
    """0 means no limit."""

    max_minutes: float = 0
    memory_limit_mb: int = 0
    threads: int = 0
    checkpoint_seconds: float = 20  # how much work a kill may cost
    min_targets: int = 8
    rules: Rules = field(default_factory=Rules)


@contextlib.contextmanager
def rows_may_be_away() -> Iterator[None]:
    """What a missing database prevents is tried again later by whoever repeats this."""
    try:
        yield
    except ROWS_AWAY as error:
        log.warning("the database does not answer", error=str(error.orig))


class Attempt:
    """One attempt at one run: the only one that may write its outcome."""

    def __init__(self, sessions: Sessions, places: Places, limits: Limits, run: Run) -> None:
        self._sessions, self._places, self._limits, self.run = sessions, places, limits, run
        self._folder = places.runs / str(run.id) / str(run.attempt)
        self._child: Child | None = None
        self._cancelled = False
        self._ending, self._ended = asyncio.Lock(), False

    async def see_through(self) -> None:
        """Work while the lease is kept; end the run as it deserves. Raises RunLost.

        Told to stop (CancelledError), it hands the run back with its checkpoint for the next trainer.
        """
        lease = asyncio.create_task(self._keep_lease())
        work = asyncio.create_task(self._work())
        try:
            await asyncio.wait({lease, work}, return_when=asyncio.FIRST_COMPLETED)
            if lease.done():
                lease.result()
            await self._end(work)
            await asyncio.to_thread(shutil.rmtree, self._folder.parent, ignore_errors=True)
        except asyncio.CancelledError:
            await self._halt(lease, work)
            with contextlib.suppress(runs.RunLost):  # it ended in this very moment
                async with transaction(self._sessions) as session:
                    await runs.release(session, self.run)
            raise
        finally:
            await self._halt(lease, work)

    async def _halt(self, *tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._child:
            await self._child.kill()

    async def _end(self, work: asyncio.Task[None]) -> None:
        try:
            await work
        except dataset.TooLittleText as little:
            await self._close("skipped", str(little))
        except (TextWithdrawn, TriedTooOften, NothingToTrain) as reason:
            await self._close("failed", str(reason))
        except ChildFailed as failed:
            await self._mourn(failed)
        except runs.RunLost:
            raise
        except Exception as error:  # a run must always end; the queue goes on
            if isinstance(error, ROWS_AWAY) and not disk_is_full(error):
                raise  # no outcome can be written: the lease lapses, and the next attempt goes on
            log.exception("run failed", run=self.run.id)
            await self._close("failed", sentence(error))

    async def _mourn(self, failed: ChildFailed) -> None:
        if self._cancelled or failed.code == "cancelled":
            failed = ChildFailed("cancelled", "")  # however it died: it was asked to
        elif self._child:
            said = self._child.last_words(lines=20)
            log.warning("child failed", run=self.run.id, code=failed.code, detail=failed.detail, said=said)
        await self._close("cancelled" if failed.code == "cancelled" else "failed", sentence(failed))

    async def _close(self, status: runs.RunStatus, reason: str) -> None:
        if self._child:
            await self._child.kill()
        # First of all: where the disk is full, the row finds no room before this folder is gone.
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        async with self._outcome() as session:
            await runs.end(session, self.run, status, reason, _now())
            self._tell(session, status, reason)
        log.info("run ended", run=self.run.id, status=status)

    @contextlib.asynccontextmanager
    async def _outcome(self) -> AsyncIterator[AsyncSession]:
        """The transaction that ends the run. A renewal just then would take the ended run for a lost one."""
        async with self._ending:
            async with transaction(self._sessions) as session:
                yield session
            self._ended = True

    def _tell(self, session: AsyncSession, status: str, reason: str, **values: object) -> None:
        content = {"run": self.run.id, "status": status, "reason": reason, **values}
        notices.leave(session, self.run.requested_by, "run_ended", content, _now())

    async def _keep_lease(self) -> None:
        while not self._ended:
            async with self._ending:
                if not self._ended and await self._renew() and not self._cancelled:
                    self._cancelled = True
                    if self._child:
                        await self._child.cancel()
            await asyncio.sleep(1.0)

    async def _renew(self) -> bool:
        """True when the run is asked to stop. Raises RunLost."""
        with rows_may_be_away():
            async with transaction(self._sessions) as session:
                return await runs.renew(session, self.run, _now())
        return False

    async def _phase(self, name: str) -> None:
        async with transaction(self._sessions) as session:
            await runs.renew(session, self.run, _now(), phase=name)
        if self._cancelled:
            raise ChildFailed("cancelled", "")

    async def _work(self) -> None:
        self._refuse_another_try()
        self._folder.mkdir(parents=True, exist_ok=True)
        async with reading(self._sessions) as session:
            persona = await session.get_one(Persona, self.run.persona_id)
            live = await self._live_folder(session, persona)
        self._refuse_a_server(persona)
        await self._prepare_base(persona)
        await self._phase("reading the text")
        file = await self._job(persona, live)
        await self._phase("starting")
        figures = await self._train(file, persona.prompts)
        await self._deliver(persona, figures)

    def _refuse_another_try(self) -> None:
        if self.run.attempt > MOST_ATTEMPTS:
            raise TriedTooOften(
                say(
                    "The trainer died {times} times at this run; look at its log and at the machine's memory.",
                    times=MOST_ATTEMPTS,
                )
            )

    def _refuse_a_server(self, persona: Persona) -> None:
        if persona.base in self._places.servers:
            raise NothingToTrain(
                say(
                    "{base} is a model on a server and cannot be trained; give the persona a base of your own.",
                    base=persona.base,
                )
            )

    async def _job(self, persona: Persona, live: Path | None) -> Path:
        """What the run learns, written down in rows and for the child; the child's file."""
        built = await dataset.build(
            self._sessions,
            persona,
            self._limits.rules,
            newest=self.run.settings.get("messages"),
            min_targets=self._limits.min_targets,
        )
        async with transaction(self._sessions) as session:
            recorded = await dataset.record(session, persona, built, _now())
            await runs.keep(session, self.run, dataset_id=recorded.id)
            self.run.dataset_id = recorded.id
        described = job.describe(persona, self.run, built, self._places.base(persona.base), live, self._limits)
        return await asyncio.to_thread(job.write, self._folder, described, built)

    async def _live_folder(self, session: AsyncSession, persona: Persona) -> Path | None:
        if persona.live_adapter_id is None:
            return None
        live = (await adapters.by_id(session, [persona.live_adapter_id]))[persona.live_adapter_id]
        return self._places.adapters / live.folder if live.base == persona.base else None

    async def _prepare_base(self, persona: Persona) -> None:
        if (self._places.base(persona.base) / "base.json").is_file():
            return
        self._child = await Child.start(["trainer", "prepare", persona.base, "--json"], self._folder / "log")
        async for event in self._child.events():
            if event["event"] == "phase":
                await self._phase(f"preparing the base: {event['name']}")

    async def _train(self, file: Path, prompts: list[str]) -> Figures:
        figures = Figures(prompts)
        self._child = await Child.start(["trainer.train", str(file)], self._folder / "log")
        if self._cancelled:
            await self._child.cancel()
        async for event in self._child.events():
            figures.take(event)
            if event["event"] == "phase":
                await self._phase(event["name"])
            elif event["event"] == "step":
                async with transaction(self._sessions) as session:
                    runs.add_point(session, self.run, event, _now())
        return figures

    async def _deliver(self, persona: Persona, figures: Figures) -> None:
        """The adapter's folder goes to its place first; only then does a row speak of it."""
        folder = f"{persona.id}/run-{self.run.id:06d}-{self.run.attempt}"
        place = self._places.adapters / folder
        await asyncio.to_thread(job.move_adapter, self._folder / "adapter", place)
        async with self._outcome() as session:
            await self._refuse_withdrawn(session, persona, place)
            adapter = await adapters.add(
                session,
                self.run,
                base=persona.base,
                folder=folder,
                sha256=figures.sha256,
                figures=figures.as_json(),
                now=_now(),
            )
            await runs.end(session, self.run, "succeeded", "", _now())
            self._tell(session, "succeeded", "", adapter=adapter.number)
        log.info("run ended", run=self.run.id, status="succeeded", adapter=adapter.number)

    async def _refuse_withdrawn(self, session: AsyncSession, persona: Persona, place: Path) -> None:
        assert self.run.dataset_id is not None
        gone = await datasets.withdrawn(session, persona, self.run.dataset_id)
        if gone:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
            raise TextWithdrawn(
                say(
                    "{gone} of the messages it learned from were withdrawn while it trained, so the adapter was "
                    "thrown away; train again.",
                    gone=gone,
                )
            )


def _now() -> datetime:
    return datetime.now(UTC)
