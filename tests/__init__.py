"""A package proper, so that no distribution's `tests` is found first, in worker processes either.

sklearn-pmml-model installs one; a namespace, which this folder would be without this file, yields
to it wherever it stands on the path.
"""
