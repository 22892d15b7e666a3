"""The training child as a real process, and a small job for it.

Owns its pipes and its two files of examples. Knows no rows.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRET = "the heron knows the password"


def job(folder: Path, base: Path, shape: str = "chat", **changed: Any) -> dict[str, Any]:
    """What the child is asked to do in `folder`, where its examples stand."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("train", 24), ("held_out", 6)):
        rows = [_row(shape, place) for place in range(count)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {
        "base": str(base),
        "base_name": "somebody/tiny",
        "shape": shape,
        "recipe": {"learning_rate": 0.01, "epochs": 10, "block": 64},
        "train": str(folder / "train.jsonl"),
        "held_out": str(folder / "held_out.jsonl"),
        "prompts": ["Good morning!"],
        "system": "You are Echo.",
        "sampling": {"temperature": 0.8, "max_new_tokens": 8, "seed": 1},
        "live_adapter": None,
        "out": str(folder / "adapter"),
        "checkpoint": str(folder / "checkpoint.safetensors"),
        "resume": False,
        "max_minutes": None,
        "memory_limit_mb": None,
        "threads": 1,
        "card": {"licence": "apache-2.0", "by_provenance": {"slack_export": 24}},
        **changed,
    }


def _row(shape: str, place: int) -> dict[str, Any]:
    if shape == "text":
        return {"text": f"On day {place} the dog slept.\n{SECRET}."}
    asked = {"role": "user", "content": f"What is it, number {place}?"}
    return {"turns": [asked, {"role": "assistant", "content": f"{SECRET}, {place}"}]}


class Child:
    """The child under test, with its pipe held open until the test closes it."""

    def __init__(self, given: dict[str, Any]) -> None:
        file = Path(given["train"]).with_name("job.json")
        file.write_text(json.dumps(given))
        self.errors = file.with_name("errors.txt")
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "trainer.train", str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def events(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout is not None
        yield from map(json.loads, self.process.stdout)

    def until(self, event: str, count: int = 1) -> None:
        for seen in self.events():
            count -= seen["event"] == event
            if count == 0:
                return
        raise AssertionError(f"no {event}: {self.errors.read_text()[-2000:]}")

    def finish(self) -> tuple[int, list[dict[str, Any]]]:
        events = list(self.events())
        return self.process.wait(timeout=60), events


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]
