"""What people are told when a model server refuses.

Owns the sentences, which name the server's host and quote its own words. Knows no key.
"""

from bot.generation.openai_wire import Refused
from db.words import Later, later, mark


def sentence(refused: Refused, host: str, model: str, path: str, with_key: bool, where_key: str) -> Later:
    """One sentence: what the server did not want, and what to do about it.

    `path` is what was asked for; `with_key`: whether a key was sent; `where_key`: what to set for one.
    """
    said = f"{refused.status}: {refused.words}".removesuffix(": ").rstrip(".")
    facts = {"said": said, "host": host, "model": model, "path": path, "where_key": where_key, "status": refused.status}
    if refused.too_long:
        return later(
            "This is too long for {model} at {host} ({said}); write less, lower max_new_tokens, or start the server "
            "with a larger context.",
            **facts,
        )
    return later(_refusal(refused, model, with_key), **facts)


def _refusal(refused: Refused, model: str, with_key: bool) -> str:
    match refused.status:
        case 401 if not with_key:
            return mark("The server at {host} wants a key; set {where_key}.")
        case 401:
            return mark("The server at {host} does not accept the key; mend {where_key}.")
        case 403:
            return mark("The server at {host} does not let this key use {model}; ask whoever runs it.")
        case 404 if refused.names("model", model):
            return mark(
                "The server at {host} has no model {model}; load it there, or mend the model's name in the config."
            )
        case 404:
            return mark(
                "The server at {host} knows no {path} (404); mend the url in the config, which mostly ends in /v1."
            )
        case 429:
            return mark("The server at {host} lets this key ask no more ({said}); ask whoever pays for it.")
        case status if 300 <= status < 400:
            return mark("The server at {host} has moved ({status}); mend the url in the config.")
        case status if status >= 500:
            return mark("The server at {host} failed ({said}); ask again later, or look at its log.")
    return mark("The server at {host} refused the request ({said}).")
