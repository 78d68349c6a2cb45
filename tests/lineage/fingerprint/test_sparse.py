from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from clew.lineage.fingerprint import fingerprint

DENSE = np.array([[1.0, 0, 2], [0, 0, 3]])
KINDS = [
    f"{form}_{kind}"
    for form in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok")
    for kind in ("array", "matrix")
]


@pytest.mark.parametrize("kind", KINDS)
def test_copies(kind):
    value = getattr(sp, kind)(DENSE)
    own = fingerprint(value)
    for twin in (value.copy(), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert fingerprint(twin) == own
    value.nnz, str(value), value.sum()
    assert fingerprint(value) == own
    changed = DENSE.copy()
    changed[1, 2] = 4
    assert fingerprint(getattr(sp, kind)(changed)) != own


def test_every_format_has_its_own_id():
    assert len({fingerprint(getattr(sp, kind)(DENSE)) for kind in KINDS}) == len(KINDS)


def test_order_types_shape_and_explicit_zeros_count():
    data, rows, starts = np.array([1.0, 2.0]), np.array([0, 2]), np.array([0, 2, 2])
    base = sp.csr_array((data, rows, starts), shape=(2, 3))
    others = [
        sp.csr_array((data[::-1].copy(), rows[::-1].copy(), starts), shape=(2, 3)),
        sp.csr_array((data, rows, starts), shape=(2, 4)),
        sp.csr_array((data.astype("f4"), rows, starts), shape=(2, 3)),
        sp.csr_array((np.array([1.0, 0.0]), rows, starts), shape=(2, 3)),
        sp.csr_array((data[:1], rows[:1], np.array([0, 1, 1])), shape=(2, 3)),
    ]
    narrow = base.copy()
    narrow.indices, narrow.indptr = narrow.indices.astype("i4"), narrow.indptr.astype("i4")
    assert len({fingerprint(v) for v in [base, *others, narrow]}) == 7


def test_checking_for_canonical_form_changes_nothing():
    value = sp.csr_array(DENSE)
    before = fingerprint(value)
    assert value.has_canonical_format and value.has_sorted_indices
    assert fingerprint(value) == before
