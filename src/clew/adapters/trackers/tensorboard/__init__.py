"""TensorBoard's event files: scalars in and out, without TensorFlow.

A file is a chain of framed records (`frames`), each a protocol buffer ``Event`` (`wire`), of which
`events` knows the fields that carry scalars.
"""

from clew.adapters.trackers.tensorboard.events import Scalar, read, write

__all__ = ["Scalar", "read", "write"]
