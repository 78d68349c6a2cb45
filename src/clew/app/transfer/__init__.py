"""Models to and from other systems' formats: each way with a comparison, or not at all."""

from __future__ import annotations

from clew.app.transfer.build import build
from clew.app.transfer.formats import FORMATS, Exported
from clew.app.transfer.quantize import Quantized, quantize
from clew.app.transfer.take import Taken, take
from clew.app.transfer.write import export

__all__ = ["FORMATS", "Exported", "Quantized", "Taken", "build", "export", "quantize", "take"]
