"""Ask whether Gemma's terms are accepted, before anything of Gemma is installed: `make demo-ja`.

Ends with status 0 for a yes and 1 for anything else. Both languages stand side by side, because who runs this may
read either. The answer is kept nowhere; ACCEPT_GEMMA_TERMS=1 in the environment is an answer too.
"""

import os
import sys

TERMS = "https://ai.google.dev/gemma/terms"
YES = ("yes", "y", "はい")

EXPLAINED = f"""
この体験では Google のモデル Gemma 3 270M を使います。Gemma には独自の利用規約があり、禁止されている使い方も
そこに書かれています。先にお読みください。
This demo uses Gemma 3 270M, a model by Google. It comes under terms of its own, which also say what it must not
be used for. Please read them first.

    {TERMS}
"""
QUESTION = "規約に同意しますか。Do you accept these terms? [yes/no] "
DECLINED = "同意がないので何もインストールせずに終わります。Not accepted, so nothing was installed."
NOBODY_TO_ASK = (
    f"Gemma の規約 ({TERMS}) への同意が要ります。端末で実行するか ACCEPT_GEMMA_TERMS=1 を指定してください。"
    "Gemma's terms must be accepted first: run this in a terminal, or set ACCEPT_GEMMA_TERMS=1."
)


def main() -> None:
    """Ends the process with a sentence and status 1 unless the answer is yes."""
    if os.environ.get("ACCEPT_GEMMA_TERMS") == "1":
        return
    if not sys.stdin.isatty():
        sys.exit(NOBODY_TO_ASK)
    print(EXPLAINED)
    if _answer() not in YES:
        sys.exit(DECLINED)


def _answer() -> str:
    """What was typed; nothing where the person left instead."""
    try:
        return input(QUESTION).strip().lower()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""


if __name__ == "__main__":
    main()
