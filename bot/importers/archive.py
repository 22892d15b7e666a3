"""A zip file from outside, opened so that it can neither climb, swell nor surprise.

Owns the limits and every check on a zip: names, sizes, duplicates, encryption, JSON that parses. Nothing is
ever written to disk, and one member at a time is in memory, or none where it is streamed. Knows no platform.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO

from bot.importers.source import Closing, ImportRefused
from db.words import mark, say

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What the standard library raises on damaged archives, as fuzzing shows.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
_NAME_ENCODINGS = (
    "utf-8",
    "cp932",
    "cp437",
)  # zips made on macOS and Windows do not say which; cp437 takes any
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_WHOLE = 64 << 20  # bytes; larger members are streamed
_SMALL = 1 << 20  # below this many bytes a high ratio harms nobody


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much a zip may hold: bytes after inflating, inflated bytes for each stored byte, and members."""

    total_bytes: int = 8 << 30
    member_bytes: int = 64 << 20
    ratio: int = 300
    members: int = 200_000


DEFAULT_LIMITS = ArchiveLimits()
_DAMAGED = mark("{member!r} in {archive} is damaged; download the export again.")


class Archive(Closing):
    """A zip whose every name and size was checked on construction; reading may still meet damaged contents.

    `reads` says which members will ever be read: the rest may be as large as they like, and are not in `names`.
    `name` is what people call it, where that is not the file's. Raises ImportRefused when the file is missing, is
    no zip, is encrypted, or breaks `limits` or path safety.
    """

    def __init__(
        self,
        path: Path,
        limits: ArchiveLimits,
        reads: Callable[[str], bool] = lambda name: True,
        name: str = "",
    ) -> None:
        self.name = name or path.name
        self._limits, self._reads = limits, reads
        self._zip = _opened(path, self.name)
        try:
            self._infos = self._checked()
        except BaseException:
            self._zip.close()
            raise
        self.names = tuple(self._infos)

    @property
    def fingerprint(self) -> str:
        """The hex sha256 of the directory (names, sizes, CRCs): the same for the same contents."""
        rows = [(name, info.file_size, info.CRC) for name, info in self._infos.items()]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def size(self, member: str) -> int:
        """Return the bytes of `member` after inflating, as the directory declares them."""
        return self._infos[member].file_size

    def read_json(self, member: str) -> object:
        """Inflate and parse one member. Raises ImportRefused naming it when it is large, damaged or no JSON."""
        if self.size(member) > _WHOLE:
            too_large = mark("{member!r} in {archive} is larger than {size}; ask for a smaller export.")
            raise self._refused(member, too_large, size=_megabytes(_WHOLE))
        try:
            return json.loads(self._inflated(member))
        except RecursionError as error:
            raise self._refused(
                member, mark("{member!r} in {archive} is nested too deeply; download the export again.")
            ) from error
        except ValueError as error:
            raise self._refused(
                member, mark("{member!r} in {archive} is not JSON; download the export again.")
            ) from error

    def open(self, member: str) -> BinaryIO:
        """One member as a stream. Reading raises ImportRefused naming it when it is damaged."""
        info = self._infos[member]
        try:
            inflating = self._zip.open(info)
        except _DAMAGE as error:
            raise self._refused(member, _DAMAGED) from error
        return io.BufferedReader(_Inflating(inflating, info.file_size, self._refused(member, _DAMAGED)), 1 << 16)

    def close(self) -> None:
        self._zip.close()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        """Return the files by name, or refuse the archive as a whole."""
        entries = self._zip.infolist()
        if len(entries) > self._limits.members:
            raise ImportRefused(
                say(
                    "{archive} holds {count} files, more than {most}: export a shorter time.",
                    archive=self.name,
                    count=len(entries),
                    most=self._limits.members,
                )
            )
        infos: dict[str, zipfile.ZipInfo] = {}
        for info in entries:
            self._check_name(info)
            if not self._reads(info.filename):
                continue
            self._check(info)
            if info.filename in infos:
                raise self._refused(
                    info.filename, mark("{member!r} in {archive} stands there twice; download the export again.")
                )
            infos[info.filename] = info
        if sum(info.file_size for info in infos.values()) > self._limits.total_bytes:
            raise ImportRefused(
                say(
                    "{archive} would inflate to more than {size}: export a shorter time.",
                    archive=self.name,
                    size=_megabytes(self._limits.total_bytes),
                )
            )
        return {name: info for name, info in infos.items() if not info.is_dir()}

    def _check_name(self, info: zipfile.ZipInfo) -> None:
        raw = info.orig_filename  # the standard library cuts `filename` at a NUL
        if _climbs(raw):
            raise ImportRefused(
                say(
                    "{archive} holds {path!r}, a path that leads out of the archive: take the file as the platform "
                    "made it.",
                    archive=self.name,
                    path=raw[:80],
                )
            )

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise self._refused(
                info.filename, mark("{member!r} in {archive} is encrypted; make a zip without a password.")
            )
        if info.compress_type not in _METHODS:
            raise self._refused(
                info.filename, mark("{member!r} in {archive} is compressed in an unusual way; make an ordinary zip.")
            )
        if info.file_size > self._limits.member_bytes:
            raise self._refused(
                info.filename,
                mark("{member!r} in {archive} is larger than {size}; export a shorter time."),
                size=_megabytes(self._limits.member_bytes),
            )
        if info.file_size > max(_SMALL, info.compress_size * self._limits.ratio):
            raise self._refused(
                info.filename,
                mark(
                    "{member!r} in {archive} would inflate far beyond its size, as a zip bomb does; download the "
                    "export again."
                ),
            )

    def _inflated(self, member: str) -> bytes:
        """Inflate no further than the directory declares: it may lie, and then the checksum is wrong."""
        info = self._infos[member]
        try:
            with self._zip.open(info) as stream:
                return stream.read(info.file_size + 1)
        except _DAMAGE as error:
            raise self._refused(member, _DAMAGED) from error

    def _refused(self, member: str, why: str, **values: str) -> ImportRefused:
        return ImportRefused(say(why, member=member[:120], archive=self.name, **values))


class _Inflating(io.RawIOBase):
    """A member's bytes, no more than the directory declares: it may lie."""

    def __init__(self, stream: IO[bytes], size: int, damaged: ImportRefused) -> None:
        self._stream, self._left, self._damaged = stream, size, damaged

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        try:
            data = self._stream.read(min(len(view), self._left + 1))
        except _DAMAGE as error:
            raise self._damaged from error
        self._left -= len(data)
        if self._left < 0:
            raise self._damaged
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _opened(path: Path, name: str) -> zipfile.ZipFile:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ImportRefused(
            say("{file} cannot be opened ({reason}): check the path.", file=name, reason=error.strerror)
        ) from error
    for encoding in _NAME_ENCODINGS:
        try:
            return zipfile.ZipFile(path, metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
        except _DAMAGE as error:
            raise ImportRefused(
                say("{file} is not a zip file or is cut short: download the export again.", file=name)
            ) from error
    raise ImportRefused(say("{file} holds names that cannot be read: download the export again.", file=name))


def _climbs(name: str) -> bool:
    path = PurePosixPath(name)
    drive = len(name) > 1 and name[1] == ":"
    return not name or path.is_absolute() or ".." in path.parts or drive or "\\" in name or "\x00" in name


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MB"
