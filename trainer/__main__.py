"""`python -m trainer`: run (the default), once, prepare BASE, device.

The composition root of the second program: reads the config, builds the worker, closes everything it opened.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from db import config, logs, migrate, words
from db.coded import shown
from db.session import DatabaseUnavailable, check, open_engine, sessions_of
from db.words import say
from trainer.attempt import Limits, Places
from trainer.config import TrainerConfig
from trainer.curate import Rules
from trainer.worker import Worker

cli = typer.Typer(add_completion=False, no_args_is_help=False, help="The trainer: fine-tunes what is queued.")


def main() -> None:
    logs.configure()
    try:
        words.set_default(words.of_environment() or "en")
        cli()
    except (config.ConfigRefused, DatabaseUnavailable) as error:
        sys.exit(str(error))


@cli.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        run(attended=False)


@cli.command()
def run(
    attended: Annotated[
        bool, typer.Option(help="Stop when standard input closes: whoever started it is gone.")
    ] = False,
) -> None:
    """Work until told to stop."""
    asyncio.run(_run(once=False, attended=attended))


@cli.command()
def once() -> None:
    """Work until nothing waits."""
    asyncio.run(_run(once=True, attended=False))


@cli.command()
def prepare(base: str, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Make a base ready: from a package, a folder, a .gguf file or a hub id to one prepared folder."""
    from trainer.base import BaseUnavailable
    from trainer.base import prepare as prepare_base

    settings = config.load(TrainerConfig)
    if base in settings.bases.servers:
        told = say("{base} is a model on a server: nothing to prepare", base=base)
        _say({"event": "phase", "name": told, "fraction": None}, as_json)
        return

    def tell(name: str, fraction: float | None) -> None:
        _say({"event": "phase", "name": name if as_json else shown("phase", name), "fraction": fraction}, as_json)

    try:
        manifest = prepare_base(
            settings.bases.source(base),
            settings.base_folder(base),
            cache=settings.storage.folder / "cache",
            progress=tell,
        )
    except BaseUnavailable as error:
        _say({"event": "failed", "code": "base_unavailable", "detail": str(error)}, as_json)
        raise SystemExit(1) from error
    _say({"event": "done", "parameters": manifest.parameters, "context": manifest.context}, as_json)


@cli.command()
def device() -> None:
    """What torch would compute on, or what the config lacks, as JSON; asked by `yamabiko doctor`."""
    try:
        config.load(TrainerConfig)
    except config.ConfigRefused as error:
        _say({"refused": str(error)}, as_json=True)
        return
    from trainer.base.device import describe

    _say(describe(), as_json=True)


def _say(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(event, ensure_ascii=False), flush=True)
    else:
        print(
            " ".join(str(value) for key, value in event.items() if value is not None and key != "event"),
            flush=True,
        )


async def _run(once: bool, attended: bool) -> None:
    """Reasons of runs are kept in rows: they are told in the config's language, whoever started us."""
    settings = config.load(TrainerConfig)
    words.set_default(settings.language.default)
    stop = asyncio.Event()
    if attended:
        _stop_with_standard_input(stop)
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with _worker(settings) as worker:
        work = worker.run_all() if once else worker.run_forever(settings.trainer.poll_seconds, stop)
        tasks = [asyncio.create_task(task) for task in (work, worker.beat(stop), stop.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        tasks[0].cancel()  # a run under way goes back to the queue with its checkpoint
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


def _stop_with_standard_input(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def look() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    loop.add_reader(0, look)


@asynccontextmanager
async def _worker(settings: TrainerConfig) -> AsyncGenerator[Worker]:
    engine = open_engine(settings.database_url)
    try:
        await check(engine)
        await migrate.upgrade(engine)
        table = settings.trainer
        limits = Limits(
            max_minutes=table.max_minutes,
            memory_limit_mb=table.memory_limit_mb,
            threads=table.threads,
            checkpoint_seconds=table.checkpoint_seconds,
            min_targets=table.min_targets,
            rules=Rules(table.min_characters, table.member_cap),
        )
        servers = frozenset(settings.bases.servers)
        places = Places(settings.runs_folder, settings.adapters_folder, settings.base_folder, servers)
        instance = f"{socket.gethostname()}:{os.getpid()}"
        yield Worker(sessions_of(engine), places, limits, instance)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    main()
