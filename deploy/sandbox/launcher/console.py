"""What the person at the terminal sees: prefixed log lines, steps with times, plain text when it isn't a terminal."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

# Colours that stay readable on dark and on light backgrounds.
_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_RED, _BOLD, _DIM = 31, 1, 2


class Console:
    """Writes whole lines from any thread. Running steps are shown in place at the bottom of a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._running: dict[str, tuple[float, str]] = {}
        self._drawn = 0
        self._prefixes: dict[str, int] = {}
        self.is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._coloured = self.is_terminal and "NO_COLOR" not in os.environ

    def line(self, text: str = "") -> None:
        with self._lock:
            self._erase()
            self._write(text + "\n")
            self._draw()

    def error(self, text: str) -> None:
        self.line(self.paint(text, _RED))

    def prefixed(self, name: str, text: str) -> None:
        """A log line of one process: its name in a colour of its own, then the line."""
        colour = self._prefixes.setdefault(name, _COLOURS[len(self._prefixes) % len(_COLOURS)])
        self.line(f"{self.paint(f'{name:>16} |', colour)} {text}")

    def paint(self, text: str, code: int = _BOLD) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._coloured else text

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show one piece of work: that it runs, then how long it took, or that it failed."""
        self.begin(title)
        try:
            yield
        except BaseException:
            self.end(title, failed=True)
            raise
        self.end(title)

    def begin(self, title: str) -> None:
        with self._lock:
            self._erase()
            if not self.is_terminal:
                self._write(f"  {title} ...\n")
            self._running[title] = (time.monotonic(), "")
            self._draw()

    def detail(self, title: str, text: str) -> None:
        """The latest word from a running step: replaces the one before on a terminal, else a line of its own."""
        with self._lock:
            if not self.is_terminal:
                self._write(f"    {title}: {text}\n")
            elif title in self._running:
                self._erase()
                self._running[title] = (self._running[title][0], text)
                self._draw()

    def end(self, title: str, *, failed: bool = False) -> None:
        with self._lock:
            self._erase()
            started, _ = self._running.pop(title, (time.monotonic(), ""))
            mark = self.paint("✗", _RED) if failed else self.paint("✓", 32)
            if not self.is_terminal:
                mark = "!" if failed else " "
            self._write(f"{mark} {title} {'failed after' if failed else '...'} {time.monotonic() - started:.1f} s\n")
            self._draw()

    def refresh(self) -> None:
        """Draw the running steps again, so that their seconds move."""
        if self.is_terminal:
            with self._lock:
                self._erase()
                self._draw()

    def _draw(self) -> None:
        if not self.is_terminal:
            return
        width = shutil.get_terminal_size().columns - 1
        for title, (started, text) in self._running.items():
            shown = f"… {title} {time.monotonic() - started:.0f} s  {text}"[:width]
            self._write(self.paint(shown, _DIM) + "\n")
        self._drawn = len(self._running)

    def _erase(self) -> None:
        if self._drawn:
            self._write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, ValueError, OSError):
            return  # the terminal went away: the log files still have every line
