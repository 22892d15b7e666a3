"""How a preparation tells how far it is. Knows nothing of who listens."""

from collections.abc import Callable

Progress = Callable[[str, float | None], None]
"""Takes a phase ("downloading", "reading weights", "writing") and how much of it is done, 0 to 1, or None."""
