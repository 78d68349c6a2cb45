"""What is wrong with a table, in the words of TensorFlow Data Validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "notice"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that is not as the schema says.

    Parameters
    ----------
    kind : str
        Its name in the vocabulary of TensorFlow Data Validation (``anomalies.proto``), such as
        ``ENUM_TYPE_UNEXPECTED_STRING_VALUES``; what that lacks has a name of the same form.
    column : str
        Empty where it is the table's.
    message : str
        What is wrong, in one sentence.
    got, expected, hint : str
        What was found, what the schema says, and what to do.
    count : int
        Rows that it is seen in; 0 where it is none of single rows.
    rows : tuple of int
        The first of them, counted from 0.
    p_value : float or None
        How probable it is when the rows are drawn as those of the schema were; None where that is
        no matter of chance.
    severity : str
        ``error``, or ``notice``: something that chance explains, worth a look.
    """

    kind: str
    column: str
    message: str
    got: str
    expected: str
    hint: str = ""
    count: int = 0
    rows: tuple[int, ...] = ()
    p_value: float | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.column}: " if self.column else ""
        parts = [f"{where}{self.message}", f"got: {self.got}", f"expected: {self.expected}"]
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n  ".join(parts)
