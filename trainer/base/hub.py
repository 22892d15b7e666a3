"""The model hub: one revision of one repository, downloaded once into a cache.

Owns which files are taken and the hub's errors as sentences. Knows nothing of what the files mean.
"""

from pathlib import Path
from typing import Any

from db.words import mark, say
from trainer.base.manifest import BaseUnavailable
from trainer.base.progress import Progress

OTHERWISE = mark("name it in one of these tables, or choose another with `yamabiko persona edit PERSONA --base …`")

_SMALL = ["*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken"]
_OTHER_RUNTIMES = ["onnx/*", "openvino/*", "coreml/*", "original/*"]
_SAFETENSORS = ["model.safetensors", "model-*-of-*.safetensors"]
_PICKLED = ["pytorch_model.bin", "pytorch_model-*-of-*.bin"]


def download(repo: str, revision: str | None, cache: Path, progress: Progress) -> Path:
    """The repository's snapshot under `cache`, in a folder named by its commit; offline, the cached one.

    Takes safetensors, and pickled weights only where there are none. Raises BaseUnavailable.
    """
    progress("downloading", None)
    # Only the weights take long enough for their fraction to mean anything.
    snapshot = _fetch(repo, revision, cache, _SMALL, lambda phase, fraction: None)
    for weights in (_SAFETENSORS, _PICKLED):
        _fetch(repo, snapshot.name, cache, weights, progress)
        if any(any(snapshot.glob(pattern)) for pattern in weights):
            return snapshot
    raise BaseUnavailable(
        say("{repo} holds no safetensors weights: name a repository that does, or a .gguf file.", repo=repo)
    )


def _fetch(repo: str, revision: str | None, cache: Path, patterns: list[str], progress: Progress) -> Path:
    from huggingface_hub import errors, snapshot_download

    try:
        folder = snapshot_download(
            repo,
            revision=revision,
            cache_dir=cache,
            allow_patterns=patterns,
            ignore_patterns=_OTHER_RUNTIMES,
            tqdm_class=_bar(progress),
        )
    except errors.GatedRepoError as error:
        sentence = say("{repo} is gated: accept its terms on the hub, then set HF_TOKEN to your token.", repo=repo)
        raise BaseUnavailable(sentence) from error
    except errors.RevisionNotFoundError as error:
        raise BaseUnavailable(
            say("{repo} has no revision {revision}: check what follows the @.", repo=repo, revision=revision)
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        sentence = say(
            "There is no folder and no public hub repository {repo}: check the name, or set HF_TOKEN.", repo=repo
        )
        if "/" not in repo:
            sentence = _word(repo, say("the hub has no public model of that name"))
        raise BaseUnavailable(sentence) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's trouble, not the hub's
        # Which HTTP library fails here, and with which classes, changes with the hub client's version.
        sentence = say(
            "The hub cannot be reached for {repo}: check the network, or give a folder or a .gguf file.", repo=repo
        )
        if "/" not in repo:
            sentence = _word(repo, say("the hub cannot be reached to ask for it"))
        raise BaseUnavailable(sentence) from error
    return Path(folder)


def _word(repo: str, hub: str) -> str:
    """A word is mostly a misspelt or a lost name of our own, and the hub only the last place to look for it."""
    return say(
        "There is no base called {repo}: it is in neither [bases.sources] nor [bases.servers], it is no "
        "folder, and {hub}; {otherwise}.",
        repo=repo,
        hub=hub,
        otherwise=say(OTHERWISE),
    )


def _bar(progress: Progress) -> type[Any]:
    """A tqdm class that reports to `progress` instead of the terminal."""
    from tqdm import tqdm

    class Reported(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self.counts_bytes = options.get("unit") == "B"
            super().__init__(*args, **{**options, "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            drawn = super().update(n)
            if self.counts_bytes and self.total:
                progress("downloading", min(1.0, self.n / self.total))
            return drawn

        def display(self, *args: Any, **options: Any) -> None:
            return None

    return Reported
