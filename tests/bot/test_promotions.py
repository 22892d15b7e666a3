"""A hundred promotions while people talk, on a tiny model: the road that `make bench` measures on a real one."""

from pathlib import Path

import pytest

from benchmarks.promotions import alone, stage, under_load
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared
from tests.fakes.speaking import lively


@pytest.mark.long
async def test_a_hundred_promotions_fail_no_reply_and_mix_none(tmp_path: Path) -> None:
    base = lively(tiny_prepared(tmp_path / "base"))
    folders = [random_adapter(base, tmp_path / f"v{n}", n, r=2 + n) for n in range(4)]
    async with stage(base, folders, tmp_path) as (sessions, live):
        assert len(set((await alone(sessions, live)).values())) == 4
        count = await under_load(sessions, live, promotions=100)
        assert count.failed == []
        assert count.mixed == []
        assert count.replies > 100
