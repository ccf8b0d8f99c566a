"""Where an exception came from: its type, and the line of the adapter's author.

The text of an exception is never told: drivers write rows into theirs, and logs are read by many.
"""

from __future__ import annotations

import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from schoolauth.errors import SchoolAuthError
from schoolauth.testing.assertions import Unkept

_KIT = str(Path(__file__).parent)
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_NOT_THE_AUTHORS = (str(Path(__file__).parents[1]), "<frozen ", *_INSTALLED)


class AuthorsFiles:
    """The files of an adapter's author: not the library's, not Python's, not those of packages."""

    def __init__(self) -> None:
        self._added: tuple[str, ...] = ()

    def add(self, subject: object) -> None:
        """Add the files beside the class of *subject*, because an adapter may be a package too."""
        for part in subject if isinstance(subject, tuple) else (subject,):
            file = getattr(sys.modules.get(type(part).__module__), "__file__", None)
            if file is not None and file not in self:
                folder = str(Path(file).parent)
                self._added += (file if folder in _INSTALLED else folder,)

    def __contains__(self, file: str) -> bool:
        if file.startswith(_KIT):
            return False
        return file.startswith(self._added) or not file.startswith(_NOT_THE_AUTHORS)

    def origin(self, *chain: BaseException) -> str:
        """Return the type of the first exception of *chain*, and the author's innermost line."""
        kind = type(chain[0])
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        lines = [
            (frame.f_code.co_filename, line)
            for error in chain
            for frame, line in reversed(list(traceback.walk_tb(error.__traceback__)))
        ]
        file, line = ([each for each in lines if each[0] in self] or lines)[0]
        return f"{module}{kind.__name__} ({Path(file).name}, line {line})"

    def first_origin(self, error: BaseException) -> str:
        """Return the origin of what *error* was raised from, or of *error* itself."""
        chain = [error]
        while (cause := chain[0].__cause__) is not None and cause not in chain:
            chain.insert(0, cause)
        return self.origin(*chain)


class ExceptionTracer:
    """Sees in the author's files what was raised before one of the library's errors.

    A good adapter raises outside of its `except` block, so nothing hangs on the error that tells.
    """

    def __init__(self, files: AuthorsFiles) -> None:
        self._files = files
        self._last: dict[int, str] = {}
        self._before: WeakKeyDictionary[SchoolAuthError, str] = WeakKeyDictionary()

    def origin(self, check: Callable[[], Exception | None]) -> str | None:
        """Return the origin of the last exception before the error that *check* meets.

        Both are raised in one call that the kit makes, in this thread or in one that *check* began.
        """
        mine, threads = sys.gettrace(), threading.gettrace()
        threading.settrace(self.enter_frame)
        sys.settrace(self.enter_frame)
        try:  # pragma: no cover # a measurement of coverage is a trace function too
            failure = check()
        finally:  # pragma: no cover # as above
            sys.settrace(mine)
            threading.settrace(threads)
        met = failure.met if isinstance(failure, Unkept) else None
        return None if met is None else self._before.get(met)

    def enter_frame(self, frame: FrameType, _: str, __: object) -> Any:
        """Watch *frame* if it is the author's."""
        if frame.f_code.co_filename not in self._files:
            return None
        if frame.f_back is not None and frame.f_back.f_code.co_filename.startswith(_KIT):
            self._last.pop(threading.get_ident(), None)  # the kit's next call
        frame.f_trace_lines = False
        return self.watch_frame

    def watch_frame(self, _: FrameType, event: str, raised: Any) -> Any:
        """Note what is raised in a frame of the author."""
        if event == "exception":
            error = raised[1].with_traceback(raised[2])  # Python itself sets it later
            thread = threading.get_ident()
            if isinstance(error, SchoolAuthError):
                if thread in self._last:
                    self._before.setdefault(error, self._last[thread])
            elif not isinstance(error, StopIteration):  # a `for` may end in one, by Python 3.12
                self._last[thread] = self._files.first_origin(error)
        return self.watch_frame
