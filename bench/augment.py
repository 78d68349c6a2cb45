"""Augmentation on MNIST's 10,000 test images: policies ranked without training, and searched.

`spearman`: policies of one operation each, from harmless to harmful, on 300 labelled images: the
rank correlation of `clew.augment.alignment`, which trains nothing, with the accuracy of a support
vector machine that is trained on rows changed by each policy; the median of three samples. (The
width of the kernel was chosen on two other samples of these images.)

`policy_gain` and `vs_rand`: 200 labelled digits. clew takes the eight operators that align best,
searches 30 random policies of them with `clew.Search` by cross-validation, and joins the best
five. The peer is RandAugment with its number of operators and its magnitude searched on a grid by
the same cross-validation. Both train the same machine with the same number of copies, and are
tested once on 5,000 other digits; the median of three samples. Needs `mnist10k` of the shared data.
"""

from __future__ import annotations

import gzip
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.data import beside
from bench.figure import Figure

SEARCH_COPIES, FINAL_COPIES = 6, 15
MAGNITUDES = (0.3, 0.8)
SAME = {"colour", "auto_contrast"}  # change nothing on grey images of full contrast


def figures(quick: bool) -> Iterator[Figure]:
    X, y = mnist()
    samples = range(10, 11 if quick else 13)
    found = [ranked(X, y, sample, quick) for sample in samples]
    yield Figure("augment.spearman", statistics.median(found), "share")
    errors = [searched(X, y, sample, quick) for sample in samples]
    gains = [(none - ours) / none for none, _, ours in errors]
    none, rand, ours = (statistics.median(each) for each in zip(*errors, strict=True))
    yield Figure("augment.policy_gain", statistics.median(gains), "share", ours, none, "no policy")
    ratio = statistics.median(ours / rand for _, rand, ours in errors)
    yield Figure("augment.vs_rand", ratio, "ratio", ours, rand, "RandAugment, its grid searched")


def mnist() -> tuple[Any, Any]:
    """Return the images, uint8 of shape (10000, 28, 28), and their digits."""
    images, labels = (
        gzip.decompress(beside("mnist10k", f"t10k-{name}-ubyte.gz").read_bytes())
        for name in ("images-idx3", "labels-idx1")
    )
    return (
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=8),
    )


def machine(policy: Any = None, copies: int = SEARCH_COPIES) -> Any:
    from sklearn.svm import SVC

    from clew.augment import Augmented

    return Augmented(SVC(C=10, gamma=0.02), policy, copies, shape=(28, 28))


def error(policy: Any, train: Any, test: Any, copies: int) -> float:
    return 1.0 - float(machine(policy, copies).fit(*train).score(*test))


def parts(X: Any, y: Any, sample: int, size: int) -> tuple[Any, Any]:
    """Return labelled rows, flat, and 5,000 others."""
    order = np.random.default_rng(sample).permutation(len(X))
    rows = X.reshape(len(X), -1).astype(np.float32) / 255
    return tuple((rows[at], y[at]) for at in (order[:size], order[5_000:]))  # type: ignore[return-value]


def ranked(X: Any, y: Any, sample: int, quick: bool) -> float:
    """Return the rank correlation of alignment and accuracy over policies."""
    from scipy.stats import spearmanr

    from clew.augment import Policy, alignment, operators

    train, test = parts(X, y, sample, 300)
    test = tuple(each[:2_000] for each in test)
    names = [name for name in operators("images") if name not in SAME]
    policies = [Policy([[(name, 1.0, m)]]) for name in names for m in MAGNITUDES][
        :: 2 if quick else 1
    ]
    images = train[0].reshape(-1, 28, 28)
    aligned = [alignment(policy, images, train[1]) for policy in policies]
    accuracy = [1.0 - error(policy, train, test, SEARCH_COPIES) for policy in policies]
    return float(spearmanr(aligned, accuracy).statistic)


def searched(X: Any, y: Any, sample: int, quick: bool) -> tuple[float, float, float]:
    """Return the test errors: without a policy, RandAugment's, and of the policy searched for."""
    from sklearn.model_selection import StratifiedKFold

    import clew
    from clew.augment import Policies, joined, promising, rand_augment

    train, test = parts(X, y, sample, 200)
    cv = StratifiedKFold(4, shuffle=True, random_state=0)
    options = {"cv": cv, "refit": False, "store": None}
    space = Policies(promising(train[0].reshape(-1, 28, 28), train[1]), subpolicies=2, length=3)
    tries = 12 if quick else 30
    ours = clew.Search(machine(), {"policy": space}, n_iter=tries, random_state=sample, **options)
    ours.fit(*train)
    best = np.argsort(-ours.cv_results_["mean_test_score"], kind="stable")[:5]
    policy = joined(ours.cv_results_["params"][at]["policy"] for at in best)
    grid = [rand_augment(n, m) for n in (1, 2, 3) for m in (0.2, 0.4, 0.6, 0.8)]
    rand = clew.Search(machine(), {"policy": grid[:: 4 if quick else 1]}, **options).fit(*train)
    chosen = (None, rand.cv_results_["params"][rand.best_index_]["policy"], policy)
    none, random, own = (error(each, train, test, FINAL_COPIES) for each in chosen)
    return none, random, own
