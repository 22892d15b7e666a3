"""The two named chat templates of a prepared base: `default` and `plain`.

Owns their text, and whether a model's own template may be kept. Knows no model. Text rendered with them is
encoded with `add_special_tokens=False`, so what the tokenizer would write by itself has to stand in them.
"""

from typing import TYPE_CHECKING

from trainer.base.manifest import Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BOS = "{{ bos_token }}"
_PLAIN = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
_LINES = (
    "{% for message in messages %}"
    "{{ message['content'] }}{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}"
    "{% endfor %}"
)
# A vocabulary without newlines reads them as spaces; there the end-of-sequence token ends every line.
_LINES_ENDED = "{% for message in messages %}{{ message['content'] + eos_token }}{% endfor %}"
# For templates that refuse a system turn (Gemma's, older Mistral's): it opens the first user turn instead.
_FOLD_SYSTEM = (
    "{% if messages and messages[0]['role'] == 'system' %}"
    "{% set opening = messages[0]['content'] + '\\n\\n' + messages[1]['content'] %}"
    "{% set messages = [{'role': 'user', 'content': opening}] + messages[2:] %}"
    "{% endif %}"
)

_SYSTEM = {"role": "system", "content": "Sazanami"}
_TALK = [
    {"role": "user", "content": "Yamabiko"},
    {"role": "assistant", "content": "Kodama"},
    {"role": "user", "content": "Karasu"},
    {"role": "assistant", "content": "Suzume"},
]


def dress(tokenizer: "PreTrainedTokenizerBase", *, writes_bos: bool, keeps_newlines: bool) -> Template:
    """Gives the tokenizer its `default` and `plain` templates; tells whether `default` is the model's own."""
    bos = _BOS if writes_bos else ""
    own = _kept(tokenizer)
    lines = bos + (_LINES if keeps_newlines else _LINES_ENDED)
    tokenizer.chat_template = {"default": own or lines, "plain": bos + _PLAIN}
    return "own" if own else "lines"


def after_a_reply(tokenizer: "PreTrainedTokenizerBase") -> str:
    """What the default template writes behind a reply: where the model is taught to stop."""
    return _render(tokenizer, None, _TALK[:2]).rpartition(_TALK[1]["content"])[2]


def _kept(tokenizer: "PreTrainedTokenizerBase") -> str | None:
    """The model's own template, if one can train with it."""
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    if not template:
        return None
    usable = (form for form in (template, _FOLD_SYSTEM + template) if _can_train(tokenizer, form))
    return next(usable, None)


def _can_train(tokenizer: "PreTrainedTokenizerBase", template: str) -> bool:
    """Whether it takes a system turn, and what it writes up to a reply is how it begins with the reply."""
    try:
        for talk in (_TALK, [_SYSTEM, *_TALK]):
            whole = _render(tokenizer, template, talk)
            asked = _render(tokenizer, template, talk[:-1], add_generation_prompt=True)
            if not whole.startswith(asked) or not all(turn["content"] in whole for turn in talk):
                return False
    except Exception:  # whatever a stranger's template raises, it cannot be used
        return False
    return True


def _render(
    tokenizer: "PreTrainedTokenizerBase",
    template: str | None,
    talk: list[dict[str, str]],
    add_generation_prompt: bool = False,
) -> str:
    return str(
        tokenizer.apply_chat_template(
            talk, chat_template=template, tokenize=False, add_generation_prompt=add_generation_prompt
        )
    )
