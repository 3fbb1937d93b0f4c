"""The undo journal: what is needed to put things back is on disk before anything is touched.

One JSON object a line, each with a CRC-32 of its entry, appended and fsynced. It gets its name once its first step
is on the disk: a journal has all its records, and one that has no step has been damaged, whatever is left of it. What
was killed before that has touched nothing, and leaves at most a ``.part``. Each whole line is believed, no other.
"""

from chaos.journal.entries import FILE_NAME, Header, Step
from chaos.journal.locking import held
from chaos.journal.reading import JournalState, read_journal
from chaos.journal.writing import Journal

__all__ = ["FILE_NAME", "Header", "Journal", "JournalState", "Step", "held", "read_journal"]
