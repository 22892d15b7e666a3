"""Redaction: what goes, what stays, twice is once, and no text takes long."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.redact import REDACTION_VERSION, redact

# Put together here, so that no scanner takes the examples for real ones.
SLACK = "xox" + "b-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
DISCORD = "MTA" + "yMzQ1Njc4OTAxMjM0NTY3OA" + ".GaBcDe." + "x" * 38
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE " + "KEY-----"

SECRETS = {
    SLACK: "token",
    "xox" + "p-1-2-3-abcdef0123": "token",
    "xox" + "e.xoxp-1-Mi0yLTEyMzQ1Njc4": "token",
    "xox" + "d-AbC%2Bdef%2F123456": "token",
    "xapp-" + "1-A012-345-abcdef012345": "token",
    "https://hooks.slack.com/" + "services/T000/B000/XXXXXXXX": "token",
    "https://hooks.slack.com/" + "commands/T000/123/abcdef": "token",
    "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh": "token",
    DISCORD: "token",
    "https://discord.com/api/" + "webhooks/123456789012345678/abc-DEF_123": "token",
    "https://ptb.discordapp.com/api/v10/" + "webhooks/12345/abc-DEF_123": "token",
    "ghp_" + "a1B2" * 9: "token",
    "github_pat_" + "11ABCDEFG0" * 4: "token",
    "sk-" + "proj-abcdEFGH1234abcdEFGH": "token",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN": "token",
    "AKIA" + "IOSFODNN7EXAMPLE": "key",
    PEM: "key",
    "-----BEGIN OPENSSH PRIVATE " + "KEY-----\nb3BlbnNzaC1rZXk": "key",
    "4111 1111 1111 1111": "card",
    "4111-1111-1111-1111": "card",
    "5500005555555559": "card",
    "3782 822463 10005": "card",
}
PEOPLE = {
    "yamada.taro+elm@mail.example.co.jp": "e-mail",
    "yamada＠example.jp": "e-mail",
    "ｙａｍａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ": "e-mail",
    "yamada (at) example.com": "e-mail",
    "090-1234-5678": "telephone",
    "09012345678": "telephone",
    "080 1234 5678": "telephone",
    "０９０－１２３４－５６７８": "telephone",
    "090ー1234ー5678": "telephone",
    "03-1234-5678": "telephone",
    "０３（１２３４）５６７８": "telephone",
    "(03)1234-5678": "telephone",
    "0467-22-1111": "telephone",
    "0120-123-456": "telephone",
    "0800-123-4567": "telephone",
    "+81 90-1234-5678": "telephone",
    "+819012345678": "telephone",
    "+44 20 7946 0958": "telephone",
    "+1 (212) 555-0142": "telephone",
    "(212) 555-0142": "telephone",
    "212-555-0142": "telephone",
    "1-800-555-0142": "telephone",
}
HARMLESS = [
    "2019-01-02 10:20:30, 2019/01/02, 02-03-2019, 12:34:56.789", "2019-01-02T10:20:30+09:00 and +0900",
    "v1.2.3, 0.19.1, react@16.8.0, 3.11.0-rc.1", "#12345, GH-1234, PR 090",
    "ISBN 978-4-12-345678-9, ISBN 0-306-40615-2",
    "192.168.100.200 and 10.0.0.1:8080, 2001:db8::1", "1546300000.000200, 1546300000000",
    "123456789012345678",
    "4111 1111 1111 1112", "6200000000000000000", "a 128-token context, 256 512 1024, 30,000,000 rows",
    "550e8400-e29b-41d4-a716-446655440000", "0312345678 stars? 1,234,567,890", "d0901234567890e",
    "user@host:~/src and @here and a@b", "<@member:U00000012> see #general", "password: please ask me",
    "the password is long", "type alias Model = { password : String }", "token: 50257, tokens: 128",
    "the token is expired; a secret garden", "パスワードは後で送ります", "task-implementation-of-the-feature",
    "https://elm-lang.org/docs/0.19?x=1", "Q4 2019 - 2020", "山彦は今日も元気です。",
    "１２３４５ 円、２０２４年１月２日",
]  # fmt: skip


@pytest.mark.parametrize(("found", "kind"), [*SECRETS.items(), *PEOPLE.items()])
@pytest.mark.parametrize("frame", ["{}", "see {}, please", "連絡は{}まで", "「{}」", "<{}>\n", "({})"])
def test_each_is_cut_wherever_it_stands(found: str, kind: str, frame: str) -> None:
    if found.endswith("b3BlbnNzaC1rZXk"):
        frame = "{}"  # without its end a key takes the rest of the text along
    done = redact(frame.format(found))
    assert done.text == frame.format(f"[{kind}]")
    assert done.findings == ((kind, 1),)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert redact(text).text == text
    assert redact(text).findings == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password: hunter22!", "password: [password]"),
        ('"passwd" = "s3cret-value"', '"passwd" = "[password]"'),
        ("パスワード：abc12345です", "パスワード：[password]です"),
        ("パスワードは abc12345 です", "パスワードは [password] です"),
        ("暗証番号は1234", "暗証番号は[password]"),
        ("?token=abcdef0123456789abcd&x=1", "?token=[token]&x=1"),
        ("signing secret: 0123456789abcdef0123456789abcdef", "signing secret: [token]"),
        ("postgres://bot:pa55@db.example.com/x", "postgres://[password]@db.example.com/x"),
    ],
)
def test_what_is_named_a_secret_is_cut_and_its_name_stays(text: str, left: str) -> None:
    assert redact(text).text == left


def test_findings_count_by_kind_in_alphabetical_order() -> None:
    done = redact("03-1234-5678, a@example.com, 090-1111-2222 and a@example.org")
    assert done.text == "[telephone], [e-mail], [telephone] and [e-mail]"
    assert done.findings == (("e-mail", 2), ("telephone", 2))


def test_several_numbers_side_by_side_are_all_cut() -> None:
    text = "+81 90-1234-5678 (03)1234-5678 03-1234-5678/03-1234-5679 +1 (212) 555-0142 (代表)"
    assert redact(text).text == "[telephone] [telephone] [telephone]/[telephone] [telephone] (代表)"


def test_the_rules_have_a_version() -> None:
    assert REDACTION_VERSION == 1


pieces = st.sampled_from([*SECRETS, *PEOPLE, "password: ", "token=", "パスワードは", "://a:b@", "eyJ", "AKIA", "sk-"])
glue = st.sampled_from(["", "", " ", "-", "+", ".", "/", "(", "[", "]", ":", "@", "a", "0", "\n", "あ", "＠"])
lumps = st.lists(st.one_of(pieces, glue, st.text(max_size=3)), max_size=12).map("".join)
noise = st.text("0123456789０９-+. ()（）@＠[]_/:=eyJ.xoabpk-－\n", max_size=60)


@example("4111 1111 1111 1111+1 (212) 555-0142")
@example("090-1234-5678＋+81 90-1234-5678")
@example("(０３（１２３４）５６７８ 4111 1111 1111 1111")
@example("user@a.example+user@b.example")
@settings(max_examples=1500, deadline=None)
@given(lumps | noise | st.text(max_size=60))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text).text
    assert redact(once).text == once
    assert redact(once).findings == ()


@settings(max_examples=300, deadline=None)
@given(pieces, lumps)
def test_no_known_secret_survives_whatever_stands_beside_it(secret: str, beside: str) -> None:
    if SECRETS.get(secret) == "token":
        assert secret not in redact(f"{beside} {secret} {beside}").text


HOSTILE = [
    "a", "eyJ", "a@", "a.a", "1", "1-", "+1 ", "(03)", "090-", "token=", "password=", "M", "M" * 24 + ".", "://a:",
    "xox", "090 1234 5678 ", "4111 ", "sk-", "-----BEGIN PRIVATE KEY-----", "eyJ" * 150 + ".", "山彦。",
    " (at) ", "+((",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_no_faster_than_the_text(unit: str) -> None:
    """A tenth of the text takes at least a thirtieth of the time; a quadratic rule would show a hundredth."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        began = time.process_time()
        redact(text)
        return time.process_time() - began

    short = min(seconds(100_000) for _ in range(2))
    assert seconds(1_000_000) < 30 * short + 0.5
