"""A torch data set of changed rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.augment.policy import Policy
from clew.errors import MissingExtra

try:
    from torch.utils.data import Dataset
except ImportError as error:
    raise MissingExtra("a torch data set needs torch", hint="pip install 'clew[torch]'") from error


class Changing(Dataset[Any]):  # type: ignore[misc]
    """Rows as a policy changes them in an epoch; workers agree, since a row's draws are its own."""

    def __init__(self, X: Any, y: Any, policy: Policy) -> None:
        self.X, self.y, self.policy, self.epoch = X, y, policy, 0

    def set_epoch(self, epoch: int) -> None:
        """Take the changes of another epoch from now on."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = np.asarray([index])
        return self.policy.at(self.X, rows, epoch=self.epoch)[0], self.y[index]

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        changed = self.policy.at(self.X, np.asarray(indices), epoch=self.epoch)
        return list(zip(changed, self.y[indices], strict=True))
