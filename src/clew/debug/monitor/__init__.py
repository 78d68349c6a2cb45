"""What changed since a model was made: its rows, its answers, its errors, its assertions.

- `watch`: judge windows of answered rows against a reference, each with one probability of a false
  alarm.
"""

from clew.debug.monitor.watch import Alert, Reference, Window, watch

__all__ = ["Alert", "Reference", "Window", "watch"]
