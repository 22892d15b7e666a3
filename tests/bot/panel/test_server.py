"""The panel's own server: it listens on this machine alone, and what befalls it befalls nobody else."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from nicegui import Client
from nicegui.testing.general import nicegui_reset_globals

from bot.panel import server
from bot.panel.house import House
from bot.panel.server import PanelUnavailable, serving


@pytest.fixture(autouse=True)
def _fresh_pages() -> Iterator[None]:
    with nicegui_reset_globals():
        yield
        Client.page_routes.clear()


async def test_it_answers_on_this_machine_and_is_gone_afterwards(house: House) -> None:
    async with serving(house, 0) as address:
        assert address.startswith("http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=address) as client:
            answer = await client.get("/")
            assert (answer.status_code, "yamabiko panel-link" in answer.text) == (401, True)
            assert (await client.get("/", headers={"host": "elsewhere.example"})).status_code == 400
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


async def test_a_proxys_name_is_let_in_when_the_config_says_so(house: House) -> None:
    async with serving(house, 0, ["panel.example.org"]) as address, httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/", headers={"host": "panel.example.org"})).status_code == 401


async def test_a_port_that_is_taken_is_told_with_what_to_change(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PanelUnavailable, match=rf"cannot listen on port {port} .*\[panel\] port"):
            async with serving(house, port):
                pass


@pytest.mark.parametrize("failure", [SystemExit(3), RuntimeError("broken")])
async def test_a_server_that_fails_ends_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    async def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(server._Server, "serve", fail)
    went_on = False
    async with serving(house, 0):
        went_on = True
    assert went_on
