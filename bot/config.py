"""The bot's own settings, beside those both programs read."""

from typing import Literal

from pydantic import Field, SecretStr

from db.config import Shared, Table


class Chat(Table):
    context_replies: int = Field(default=6, ge=0, le=50)
    context_messages: int = Field(default=12, ge=0, le=100)
    context_days: int = Field(default=30, ge=1)
    sync_seconds: float = Field(default=1.0, gt=0, le=60)
    patience_minutes: float = Field(default=15, gt=0)
    member_per_minute: int = Field(default=20, ge=0)
    channel_per_minute: int = Field(default=120, ge=0)
    member_waiting: int = Field(default=5, ge=0)
    blocklist: list[str] = Field(default_factory=list)
    backfill_days: int = Field(default=365, ge=0, le=36500)  # 0: nothing of the past


class Generation(Table):
    threads: int = Field(default=0, ge=0)  # 0: as many as torch chooses
    max_rows: int = Field(default=8, ge=1, le=256)
    max_waiting: int = Field(default=64, ge=1)
    memory_limit_mb: int = Field(default=0, ge=0)  # 0: no limit
    reply_seconds: float = Field(default=120, gt=0)


class Panel(Table):
    enabled: bool = True
    port: int = Field(default=8810, ge=0, le=65535)  # 0: any that is free
    hosts: list[str] = Field(default_factory=list)
    session_days: int = Field(default=14, ge=1, le=365)


class Slack(Table):
    """Empty tokens: the bot is in no Slack."""

    bot_token: SecretStr = SecretStr("")
    app_token: SecretStr = SecretStr("")
    transport: Literal["socket", "http"] = "socket"
    signing_secret: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = Field(default=8811, ge=0, le=65535)
    api_url: str = "https://slack.com/api/"


class Discord(Table):
    """An empty token: the bot is in no Discord."""

    bot_token: SecretStr = SecretStr("")
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"


class BotConfig(Shared):
    chat: Chat = Chat()
    generation: Generation = Generation()
    panel: Panel = Panel()
    slack: Slack = Slack()
    discord: Discord = Discord()

    @property
    def networks(self) -> list[str]:
        """Those that there are tokens for."""
        tokens = {"slack": self.slack.bot_token, "discord": self.discord.bot_token}
        return [network for network, token in tokens.items() if token.get_secret_value()]
