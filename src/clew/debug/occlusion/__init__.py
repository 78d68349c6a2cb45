"""What a convolutional network looks at: by hiding parts of an image, and by gradients.

- `occlude`: the class score with a patch hidden, for every place of the patch.
- `saliency`: how the class score moves with each pixel.
"""

from clew.debug.occlusion.follow import network_of
from clew.debug.occlusion.network import Network
from clew.debug.occlusion.occlude import Occlusion, occlude
from clew.debug.occlusion.saliency import saliency

__all__ = ["Network", "Occlusion", "network_of", "occlude", "saliency"]
