"""What `/api/v1` promises: the structs of requests and answers, and the table of routes.

Nothing here does anything. Ids are text; times are milliseconds since the epoch (``*_ms``), sizes
bytes, durations seconds (``*_s``). JSON has no NaN and no infinity: where a number may be one, it
is written as the text ``"NaN"``, ``"Infinity"`` or ``"-Infinity"`` (`Number`). In an answer every
field is there, ``null`` where nothing is known.
"""
