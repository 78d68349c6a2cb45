"""Storage formats: how a value becomes bytes, and the same value again.

Facts added: none. One module a kind of value: `plain` (builtins and containers), `arrays`,
`arrow`, `frames` (pandas, Polars), `sparse`, `estimators` (skops), `tensors` (safetensors),
`opaque` (pickle, only for a store that is trusted); `registry` chooses, and checks the law that
every format must keep: the decoded value has the content id of the encoded one.
"""

from clew.adapters.formats.registry import FormatRegistry

__all__ = ["FormatRegistry"]
