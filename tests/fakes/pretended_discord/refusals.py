"""What Discord says when it refuses.

Owns its codes and the nested shape of complaints about a body. Knows no rule.
"""

from tests.fakes.pretended_discord.world import Json

UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


class Refused(Exception):
    """`code` is Discord's own, 0 where it has none."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message} {errors or ''}")
        self.status, self.code, self.message, self.errors = status, code, message, errors

    @property
    def body(self) -> Json:
        body: Json = {"message": self.message, "code": self.code}
        return body | ({"errors": self.errors} if self.errors else {})


def unknown(what: str) -> Refused:
    return Refused(404, UNKNOWN[what], f"Unknown {what}")


def missing_access() -> Refused:
    return Refused(403, 50001, "Missing Access")


def missing_permissions() -> Refused:
    return Refused(403, 50013, "Missing Permissions")


class Complaints:
    """What is wrong with a body, and where; raised all together."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def add(self, at: str, code: str, message: str) -> None:
        """`at`: where, with dots between: embeds.0.title."""
        place = self.errors
        for key in at.split(".") if at else []:
            place = place.setdefault(key, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def text(self, value: object, at: str, most: int, least: int = 0, *, optional: bool = False) -> None:
        """Something written, of a length."""
        if value is None:
            if not optional:
                self.required(at)
        elif not isinstance(value, str):
            self.add(at, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
        elif least and not least <= len(value) <= most:
            self.add(at, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        elif len(value) > most:
            self.add(at, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def count(self, value: object, at: str, most: int, least: int = 0) -> bool:
        """A list of so many; whether it can be looked through."""
        if not isinstance(value, list):
            self.add(at, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return False
        if not least <= len(value) <= most:
            self.add(at, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return True

    def number(self, value: object, at: str, least: int, most: int) -> None:
        if value is not None and (not isinstance(value, int) or not least <= value <= most):
            self.add(at, "NUMBER_TYPE_RANGE", f"Must be between {least} and {most}.")

    def required(self, at: str) -> None:
        self.add(at, "BASE_TYPE_REQUIRED", "This field is required")

    def one_of(self, value: object, at: str, allowed: tuple[int, ...]) -> bool:
        if value in allowed and not isinstance(value, bool):
            return True
        self.add(at, "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(str, allowed))}}}.")
        return False

    def settle(self) -> None:
        if self.errors:
            raise Refused(400, 50035, "Invalid Form Body", self.errors)


def complaint(at: str, code: str, message: str) -> Refused:
    made = Complaints()
    made.add(at, code, message)
    return Refused(400, 50035, "Invalid Form Body", made.errors)
