"""Label Studio: a private server, a labelling config made from the schema, work out (`push`) and back (`pull`).

    home → server              where things lie, and a pinned Label Studio on loopback
    labelling → convert        what the screen draws, and records ⇄ what the screen draws
    client → push, pull        the SDK behind a few calls; articles out, layers back

The SDK is the extra `studio` and is imported late, in `client` alone; the server lives in an environment of its own.
"""

from __future__ import annotations

from allegedly.schema import AllegedlyError


class StudioError(AllegedlyError):
    """Something that stands between us and Label Studio. The message says what to do."""
