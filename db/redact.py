"""What must never be learned, cut out of a text before it is stored: secrets and ways to reach a person.

Owns the rules and their version. Knows no row and no platform. False alarms are kept rare, because a text
full of markers teaches nothing; where both cannot be had, the secret goes.

Redacting twice changes nothing, and takes linear time, for two reasons that every new rule must keep:
- secrets and addresses look at nothing around themselves and never match a bracket, so a marker set by one
  rule can only shorten what another sees; their repetitions are bounded or cannot give back;
- numbers, which come after them, look around themselves alike to both sides: two that touch block each other.
  Cards are the very last, because one that fails its check hides what overlaps it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

REDACTION_VERSION = 1


@dataclass(frozen=True, slots=True)
class Redacted:
    """`findings` counts what was cut, by kind ("e-mail", "token" …), in alphabetical order."""

    text: str
    findings: tuple[tuple[str, int], ...] = ()


def redact(text: str) -> Redacted:
    """Replace each secret, address and number in `text` by a marker such as `[e-mail]`."""
    counts: Counter[str] = Counter()
    for rule in _RULES:
        text = rule.pattern.sub(lambda found, rule=rule: _cut(rule, found, counts), text)
    return Redacted(text, tuple(sorted(counts.items())))


def without_secrets(text: str) -> str:
    """`text` without tokens, keys and passwords; for what is kept for ourselves, as a log, where numbers matter."""
    counts: Counter[str] = Counter()
    for rule in _RULES:
        if rule.kind in ("key", "token", "password"):
            text = rule.pattern.sub(lambda found, rule=rule: _cut(rule, found, counts), text)
    return text


@dataclass(frozen=True, slots=True)
class _Rule:
    """`keep` is the group that stays before the marker; `holds` decides what the pattern cannot."""

    kind: str
    pattern: re.Pattern[str]
    keep: str = ""
    holds: Callable[[str], bool] = lambda found: True


def _cut(rule: _Rule, found: re.Match[str], counts: Counter[str]) -> str:
    if not rule.holds(found[0]):
        return found[0]
    counts[rule.kind] += 1
    kept = found[rule.keep] if rule.keep else ""
    return f"{kept}[{rule.kind}]"


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isdecimal()]


def _is_card(text: str) -> bool:
    """The Luhn check: every second digit from the right doubled, the digits' sum a multiple of ten."""
    digits = _digits(text)
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_landline(text: str) -> bool:
    """Japanese numbers have ten digits with their area code; dates and part numbers seldom do."""
    return len(_digits(text)) == 10


def _any(patterns: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


_WORD = "[A-Za-z0-9_-]"

_PRIVATE_KEY = re.compile(
    # Without its end the rest of the text goes: half a key is still a key.
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_ACCESS_KEY = re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}")  # AWS
_TOKEN = _any(
    [
        r"(?:https?://)?hooks\.slack(?:-gov)?\.com/[A-Za-z0-9/_%-]++",
        r"(?:https?://)?(?:canary\.|ptb\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?"
        rf"(?:webhooks|interactions)/[0-9]{{1,24}}/{_WORD}++",
        r"(?:xoxe\.)?xox[a-z]-[A-Za-z0-9%+/=_-]{8,}+",
        r"xapp-[A-Za-z0-9-]{8,}+",
        r"hf_[A-Za-z0-9]{30,}+",
        r"gh[pousr]_[A-Za-z0-9]{30,}+",
        r"github_pat_[A-Za-z0-9_]{22,}+",
        rf"glpat-{_WORD}{{20,}}+",
        rf"sk-(?:proj|ant|svcacct|or)-{_WORD}{{20,}}+",
        r"sk-[A-Za-z0-9]{32,}+",
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}+",
        rf"AIza{_WORD}{{35}}",
        # JSON Web Tokens: base64 of `{"`; the first part is bounded so that many starts stay cheap
        rf"eyJ{_WORD}{{8,600}}+\.{_WORD}{{8,}}+(?:\.{_WORD}++)*+",
        rf"[MNO]{_WORD}{{23,27}}\.{_WORD}{{6}}\.{_WORD}{{27,45}}",  # Discord bots
    ]
)

_ASSIGNED = r"[\"'」]?[ \u3000]{0,2}(?:[:=：＝]|は|is )[ \u3000]{0,2}[\"'「『`]?"
_PASSWORD = re.compile(
    # A digit is asked of what follows, so that "password: please ask" stays.
    rf"(?P<name>(?:pass(?:word|wd|phrase|code)|pwd|パスワード|パスコード|暗証番号|合言葉){_ASSIGNED})"
    r"(?=[!#-&(-Z\\^_a-z{-~]{0,64}[0-9])[!#-&(-Z\\^_a-z{-~]{6,}+",
    re.IGNORECASE,
)
_PIN = re.compile(rf"(?P<name>(?:暗証番号|パスコード|PIN ?code){_ASSIGNED})\d{{4,}}+", re.IGNORECASE)
_SECRET = re.compile(
    rf"(?P<name>(?:secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key|署名|秘密鍵){_ASSIGNED})"
    r"(?=[A-Za-z0-9+/_=]{0,200}[0-9])(?=[A-Za-z0-9+/_=]{0,200}[A-Za-z])[A-Za-z0-9+/_=]{16,}+",
    re.IGNORECASE,
)
_URL_LOGIN = re.compile(r"(?P<name>://)[^\s/@:\[\]]{1,64}:[^\s/@\[\]]{1,128}(?=@)")

# Both ASCII and full-width, as people write to hide from harvesters or because of their keyboard.
_LETTER, _DOT = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９", "[.．]"
_EMAIL = re.compile(
    rf"[{_LETTER}._%+'．＿＋－-]{{1,64}}+(?:[@＠]|\x20?[(（]at[)）]\x20?)"
    rf"(?:[{_LETTER}－-]{{1,63}}+{_DOT}){{1,8}}[A-Za-zＡ-Ｚａ-ｚ]{{2,24}}"
)

_DASH = "[-‐‑‒–—―－ーｰ]"
_GAP = rf"(?:{_DASH}|[ \u3000.．])"
_ZERO = "[0０]"
# Nothing numeric may touch, one separator between or none: dates, versions, ISBNs and addresses stay whole.
_TOUCH, _OPEN = "[-‐‑‒–—―－ーｰ.．,]", "[(（+＋]"
_BEFORE = rf"(?<!\d)(?<!\d{_TOUCH})(?:(?={_OPEN})|(?<!\d{_OPEN})(?<!\d{_TOUCH}{_OPEN}))"
_AFTER = rf"(?!{_TOUCH}?{_OPEN}?\d)"


def _numbers(*patterns: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{'|'.join(patterns)}){_AFTER}")


_PART = rf"(?:{_DASH}|\x20)"
_CARD = _numbers(
    rf"[3-6３-６]\d{{3}}(?:{_PART}\d{{4}}){{3}}",
    rf"3[47]\d\d{_PART}\d{{6}}{_PART}\d{{5}}",
    # Without gaps the issuer must be right too: of all ids with sixteen digits one in ten passes the check.
    r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|35[2-8]\d|62\d\d)\d{12}|3[47]\d{13}",
)
_TELEPHONE = _numbers(
    rf"{_ZERO}[5-9５-９]{_ZERO}{_GAP}\d{{4}}{_GAP}\d{{4}}",  # Japanese mobile
    rf"(?<![A-Fa-f_]){_ZERO}[5-9５-９]{_ZERO}\d{{8}}(?![A-Fa-f_])",  # … without gaps, not in a hash
    rf"{_ZERO}[8８]{_ZERO}{{2}}{_DASH}\d{{3}}{_DASH}\d{{4}}",  # Japanese, paid by the called
    rf"{_ZERO}(?:[1１][2２]|[5５][7７]){_ZERO}{_DASH}\d{{3}}{_DASH}\d{{3}}",
    rf"[+＋]\d(?:[)）]?{_GAP}?[(（]?\d){{9,14}}?",  # international: ten to fifteen digits
    r"(?:1[-. ])?(?:\([2-9]\d\d\)[-. ]?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{4}",  # North American
)
_LANDLINE = _numbers(
    rf"{_ZERO}[1-9１-９]\d{{0,3}}{_DASH}\d{{1,4}}{_DASH}\d{{4}}",
    rf"[(（]{_ZERO}[1-9１-９]\d{{0,3}}[)）]\x20?\d{{1,4}}{_DASH}\d{{4}}",
    rf"{_ZERO}[1-9１-９]\d{{0,3}}[(（]\d{{1,4}}[)）]\x20?\d{{4}}",
)

_RULES = (
    _Rule("key", _PRIVATE_KEY),
    _Rule("key", _ACCESS_KEY),
    _Rule("token", _TOKEN),
    _Rule("password", _URL_LOGIN, keep="name"),
    _Rule("password", _PASSWORD, keep="name"),
    _Rule("password", _PIN, keep="name"),
    _Rule("token", _SECRET, keep="name"),
    _Rule("e-mail", _EMAIL),
    _Rule("telephone", _TELEPHONE),
    _Rule("telephone", _LANDLINE, holds=_is_landline),
    _Rule("card", _CARD, holds=_is_card),
)

KINDS = frozenset(rule.kind for rule in _RULES)
