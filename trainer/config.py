"""The trainer's own settings, beside those both programs read."""

from pydantic import Field

from db.config import Shared, Table


class Trainer(Table):
    max_minutes: float = Field(default=0, ge=0)  # 0: no limit
    memory_limit_mb: int = Field(default=0, ge=0)  # 0: no limit
    threads: int = Field(default=0, ge=0)  # 0: as many as torch chooses
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    checkpoint_seconds: float = Field(default=20, gt=0)
    min_targets: int = Field(default=8, ge=1)
    min_characters: int = Field(default=3, ge=1)
    member_cap: int = Field(default=2000, ge=1)


class TrainerConfig(Shared):
    trainer: Trainer = Trainer()
