"""What libraries say in English, told again in the language spoken now.

Owns the sentences of Typer and pydantic that reach people, as templates. Knows no error: a sentence that is not
among them stays as it is.
"""

import re
from functools import cache

from db.words import language, mark, say

# The first that fits is taken. A part called `more` is itself such a sentence.
_SENTENCES = (
    # Typer, and the click within it
    mark("Invalid value for {hint}: {more}"),
    mark("Invalid value: {more}"),
    mark("Missing argument {name}."),
    mark("Missing option {name}."),
    mark("Missing command."),
    mark("No such command {name}. Did you mean {guess}?"),
    mark("No such command {name}."),
    mark("No such option: {name} (Possible options: {options})"),
    mark("No such option: {name}"),
    mark("Got unexpected extra argument(s) ({words})"),
    mark("Option {name} requires an argument."),
    mark("Option {name} does not take a value."),
    # pydantic, in the config and on the command line
    mark("Input should be a valid integer, unable to parse string as an integer"),
    mark("Input should be a valid integer, got a number with a fractional part"),
    mark("Input should be a valid integer"),
    mark("Input should be a valid number, unable to parse string as a number"),
    mark("Input should be a valid number"),
    mark("Input should be a finite number"),
    mark("Input should be a valid boolean, unable to interpret input"),
    mark("Input should be a valid boolean"),
    mark("Input should be a valid string"),
    mark("Input should be a valid list"),
    mark("Input should be a valid dictionary"),
    mark("Input should be a valid dictionary or instance of {kind}"),
    mark("Input should be greater than or equal to {least}"),
    mark("Input should be greater than {least}"),
    mark("Input should be less than or equal to {most}"),
    mark("Input should be less than {most}"),
    mark("Input should be {choices}"),
    mark("Input is not a valid path"),
    mark("String should have at least 1 character"),
    mark("Field required"),
    mark("Extra inputs are not permitted"),
)


def told_again(sentence: str) -> str:
    """`sentence` of a library in the language spoken now."""
    if language() == "en":
        return sentence
    for template in _SENTENCES:
        if found := _pattern(template).fullmatch(sentence):
            parts = found.groupdict()
            return say(template, **parts | ({"more": told_again(parts["more"])} if "more" in parts else {}))
    return sentence


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)
