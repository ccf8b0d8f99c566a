"""What the extra ``testing`` brings, asked for where it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(package: str) -> Iterator[None]:
    """Import *package* in the block; if it is not installed, say how to install it.

    Raises:
        ImportError: with one sentence that names the extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
    else:
        return
    sentence = f"{package} is not installed: it comes with the extra, schoolauth[testing]"
    raise ImportError(sentence, name=package)
