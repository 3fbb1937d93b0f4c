"""Files that others may not read: evidence and logs name a company's services, journals hold objects whole."""

from __future__ import annotations

import os

_OTHERS = 0o077


def keep_private() -> None:
    """Let this process, and those that it starts, make files and folders for its user alone from now on (umask 077).

    What is given a mode of its own stays as it is, and so does what is there already.
    """
    os.umask(os.umask(_OTHERS) | _OTHERS)
