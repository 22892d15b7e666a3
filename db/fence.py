"""Who may write a row that was claimed: its current attempt, and no earlier one.

Owns the fence that runs and replies share. Knows neither: each raises an error of its own.
"""

from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Reply, Run


async def written(session: AsyncSession, row: Run | Reply, held: str, values: dict[str, Any]) -> bool:
    """Write `values` if the row has the status `held` and is still of `row`'s attempt; whether that was so."""
    table = type(row)
    changed = await session.execute(
        update(table)
        .where(table.id == row.id, table.attempt == row.attempt, table.status == held)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1
