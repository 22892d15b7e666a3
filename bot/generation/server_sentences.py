"""What people are told when a model server refuses.

Owns the sentences, which name the server's host and quote its own words. Knows no key.
"""

from bot.generation.openai_wire import Refused
from db.words import Later, later


def sentence(refused: Refused, host: str, model: str, path: str, with_key: bool, where_key: str) -> Later:
    """One sentence: what the server did not want, and what to do about it.

    `path` is what was asked for; `with_key`: whether a key was sent; `where_key`: what to set for one.
    """
    said = f"{refused.status}: {refused.words}".removesuffix(": ").rstrip(".")
    if refused.too_long:
        return later(
            "This is too long for {model} at {host} ({said}); write less, lower max_new_tokens, or start "
            "the server with a larger context.",
            model=model,
            host=host,
            said=said,
        )
    match refused.status:
        case 401 if not with_key:
            return later("The server at {host} wants a key; set {where_key}.", host=host, where_key=where_key)
        case 401:
            return later(
                "The server at {host} does not accept the key; mend {where_key}.", host=host, where_key=where_key
            )
        case 403:
            return later(
                "The server at {host} does not let this key use {model}; ask whoever runs it.", host=host, model=model
            )
        case 404 if refused.names("model", model):
            return later(
                "The server at {host} has no model {model}; load it there, or mend the model's name in the config.",
                host=host,
                model=model,
            )
        case 404:
            return later(
                "The server at {host} knows no {path} (404); mend the url in the config, which mostly ends in /v1.",
                host=host,
                path=path,
            )
        case 429:
            return later(
                "The server at {host} lets this key ask no more ({said}); ask whoever pays for it.",
                host=host,
                said=said,
            )
        case status if 300 <= status < 400:
            return later(
                "The server at {host} has moved ({status}); mend the url in the config.", host=host, status=status
            )
        case status if status >= 500:
            return later(
                "The server at {host} failed ({said}); ask again later, or look at its log.", host=host, said=said
            )
    return later("The server at {host} refused the request ({said}).", host=host, said=said)
