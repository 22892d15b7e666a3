"""Bases: whatever a model comes as (hub id, folder, GGUF file, package) becomes one prepared folder.

Owns the layout of prepared folders and what is mended on the way into one. Knows no database and no persona.
torch and transformers are imported only once something is really prepared: reading a manifest is light.
"""

from trainer.base.manifest import BaseUnavailable, Manifest, read_manifest
from trainer.base.prepare import prepare

__all__ = ["BaseUnavailable", "Manifest", "prepare", "read_manifest"]
