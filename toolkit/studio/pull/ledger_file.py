"""The ledger as a file that is appended to: each line is known by the place where it begins."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from toolkit.errors import DataError
from toolkit.files import append_jsonl, explain, mend_jsonl
from toolkit.records import Annotation


class LedgerFile:
    """``annotations.jsonl``, read and written line by line: it is never in memory as a whole."""

    def __init__(self, path: Path, batch: int = 200, before_append: Callable[[], None] = lambda: None) -> None:
        """A ledger whose torn last line, if it has one, is cut off.

        Args:
            path: of the file; it need not be there.
            batch: how many lines are brought to the disk at once.
            before_append: what must be on the disk before the lines are.
        """
        mend_jsonl(path)
        self._path = path
        self._batch = batch
        self._before_append = before_append
        self._decode = msgspec.json.Decoder(Annotation).decode

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._path.stat().st_size if self._path.exists() else 0

    def lines(self) -> Iterator[tuple[int, Annotation]]:
        """All lines in their order, each with its place.

        Raises:
            DataError: a line is no annotation; the message has file and line.
        """
        if not self._path.exists():
            return
        place = 0
        with self._path.open("rb") as handle:
            for number, line in enumerate(handle, 1):
                if line.strip():
                    yield place, self._decoded(line, number)
                place += len(line)

    def _decoded(self, line: bytes, number: int) -> Annotation:
        try:
            return self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{self._path}:{number}: {explain(str(error), Annotation)}") from error

    def at(self, place: int) -> Annotation:
        """The line that begins there."""
        with self._path.open("rb") as handle:
            handle.seek(place)
            return self._decode(handle.readline())

    def append(self, annotations: Sequence[Annotation]) -> list[int]:
        """Append lines, and return their places once they are on the disk."""
        places: list[int] = []
        for start in range(0, len(annotations), self._batch):
            batch = annotations[start : start + self._batch]
            self._before_append()
            place = self.size
            append_jsonl(self._path, batch)
            for annotation in batch:
                places.append(place)
                place += len(msgspec.json.encode(annotation)) + 1
            if place != self.size:
                raise DataError(f"{self._path}: another program writes to it; stop that one and run the pull again")
        return places
