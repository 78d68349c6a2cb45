"""What each figure means, and what is asked of it. The listing and README's table follow this."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Asked:
    """A figure's meaning, and the bound that it is to keep: ``"<= 0.03"``."""

    what: str
    bound: str

    def met_by(self, value: float) -> bool:
        """Tell whether `value` keeps the bound."""
        sign, number = self.bound.split()
        return _COMPARE[sign](value, float(number))


ASKED: dict[str, Asked] = {
    "staleness.stale": Asked("stale results in the staleness suite", "== 0"),
    "staleness.needless": Asked("harmless edits that recomputed something", "== 0"),
    "plan.optimal": Asked("random graphs on which the plan costs what brute force finds", "== 1"),
    "demo.second_run": Asked("time of the demo flow's second run, to the first's", "<= 0.03"),
    "helix.vs_none": Asked("ten edits of the Adult flow: time without reuse, to clew's", ">= 5"),
    "helix.vs_joblib": Asked("the same: time with joblib.Memory everywhere, to clew's", ">= 2"),
    "steps.overhead_10ms": Asked("overhead of 1,000 steps of 10 ms, never reused", "<= 0.05"),
    "steps.overhead_ms_per_step": Asked("overhead of 10,000 steps of 1 ms, each", "<= 1"),
    "graph.ancestors_ms": Asked("100,000 nodes: CPU time of all ancestors of a node", "<= 50"),
    "graph.why_ms": Asked("100,000 nodes: CPU time of `why`", "<= 50"),
    "graph.open_ms": Asked("100,000 nodes: CPU time of opening the store", "<= 50"),
    "graph.bytes_per_node": Asked("size of a lineage record on disk", "<= 400"),
    "chaos.lost": Asked("results lost that were acknowledged, workers being killed", "== 0"),
    "chaos.corrupt": Asked("corrupt values read, workers being killed", "== 0"),
    "chaos.double": Asked("steps computed twice at once, workers being killed", "== 0"),
    "ui.runs10k_s": Asked("web UI: the page of 10,000 runs is ready", "<= 1.5"),
    "ui.lineage3k_s": Asked("web UI: a graph of 3,000 nodes is drawn", "<= 2"),
    "ui.js_kb": Asked("web UI: all JavaScript, gzipped", "<= 150"),
    "cli.help_ms": Asked("CPU time of `clew --help`", "<= 120"),
    "search.ridge": Asked("grid search, 60 ridge strengths x 5 folds, `clew.Search`", ">= 40"),
    "search.reuse_ridge": Asked("the same under `clew.reuse()`, bit for bit, dense", ">= 5"),
    "search.reuse_ridge_sparse": Asked("the same, sparse", ">= 2.3"),
    "search.logistic": Asked("grid search, 20 logistic regressions, sparse, bit for bit", ">= 2.3"),
    "search.logistic_dense": Asked("the same, dense", ">= 1.6"),
    "search.mixed_grid": Asked("200 mixed configurations x 5 folds", ">= 4"),
    "search.tpe_efficiency": Asked("speed-up by shared prefixes, to what is possible", ">= 0.95"),
    "search.racing": Asked("the same, folds racing at 95 %: past what sharing can give", ">= 1"),
    "search.forest": Asked("ten sizes of a random forest", ">= 4"),
    "search.boosting": Asked("ten round counts x 3 learning rates of boosting", ">= 4"),
    "search.pca_knn": Asked("8 component counts x 10 neighbour counts", ">= 5"),
    "search.one_scan": Asked("100 linear models in one scan, to one by one, same solver", ">= 2"),
    "search.delta": Asked("one more λ in a finished search: fits, to those that are new", "== 1"),
    "search.warm": Asked("the same search again, to plain scikit-learn", "<= 0.01"),
    "search.overhead": Asked("a search with nothing to reuse: overhead", "<= 0.05"),
    "search.vs_joblib": Asked("all of these, to joblib pipeline memory: the worst", ">= 1"),
    "search.memory": Asked("peak memory of a planned search, to scikit-learn's", "<= 1.5"),
    "labels.youtube": Asked(
        "weak labels of YouTube's comments: F1, less Snorkel's best", ">= -0.01"
    ),
    "labels.hausa": Asked("the same, news in Hausa, five classes", ">= -0.01"),
    "labels.yoruba": Asked("the same, news in Yoruba, seven classes", ">= -0.01"),
    "labels.fit100k": Asked(
        "label model of 100,000 rows, 20 functions: Snorkel's CPU, to it", ">= 15"
    ),
    "labels.fit1m": Asked("the same, a million rows", ">= 5"),
    "augment.spearman": Asked(
        "44 policies on MNIST: rank by kernel alignment, to rank by training", ">= 0.6"
    ),
    "augment.policy_gain": Asked(
        "200 digits: part of the error that a searched policy takes away", ">= 0.25"
    ),
    "augment.vs_rand": Asked("the same: error, to RandAugment's", "<= 1"),
    "automl.adult60_auc": Asked("Adult, 60 s on two cores: area on the test rows", ">= 0.927"),
    "automl.adult180_auc": Asked("the same, 180 s", ">= 0.928"),
    "automl.first_model_s": Asked("Adult: a first usable model", "<= 2"),
    "automl.overrun": Asked("a budget of 60 s beside two busy processes: overrun", "<= 0.1"),
    "hpo.lcbench_wins": Asked("10 tasks: BOHB or ASHA needs a quarter of chance's epochs", ">= 7"),
    "hpo.trial_overhead": Asked("CPU of a durable TPE trial, beyond Optuna's in memory", "<= 2"),
    "hpo.deterministic": Asked("trials that differ between one worker and two", "== 0"),
    "hpo.two_core_speedup": Asked("a study in two processes, to one", ">= 1.8"),
    "hpo.reuse_aware_speed": Asked(
        "space with dear transforms, 50 trials: plain TPE's CPU, to it", ">= 2"
    ),
    "hpo.reuse_aware_wins": Asked("seeds of 10: as good as TPE after the same time", ">= 8"),
    "hpo.chaos_lost": Asked("trials lost or kept twice, processes being killed", "== 0"),
    "hpo.beats_random": Asked("samplers, schedulers significantly worse than chance", "== 0"),
    "nas.nb201_regret50": Asked("NAS-Bench-201, 50 cells: regret beyond half of chance's", "<= 0"),
    "nas.nb201_regret200": Asked("the same, 200 cells: regret beyond evolution's", "<= 0"),
    "nas.nb101_cells": Asked("cells of NAS-Bench-101", "== 423624"),
    "trace.hlm": Asked("90 linear models over 3 Gram matrices, traced NumPy to plain", ">= 12.4"),
    "trace.stepwise": Asked("stepwise regression, traced NumPy to plain", ">= 10"),
    "trace.cv": Asked("16-fold cross-validation of 6 strengths, traced NumPy to plain", ">= 10"),
    "trace.pca_nb": Asked("PCA and naive Bayes sweep, to scikit-learn", ">= 8"),
    "trace.dedup_bytes": Asked("trace of 400,000 loop items, de-duplicated", "<= 630000"),
    "trace.overhead": Asked("tracing with nothing to reuse: overhead", "<= 0.05"),
    "serving.logistic_rps": Asked("one-row requests/s, logistic pipeline, all kept", ">= 5000"),
    "serving.logistic_p99_ms": Asked("the same: 99th percentile of the latency", "<= 20"),
    "serving.boosting_rps": Asked("the same with gradient boosting: requests/s", ">= 3500"),
    "serving.forest_rps": Asked("the same with a forest of 200 trees: requests/s", ">= 2000"),
    "serving.cpu_ms": Asked("server CPU a request, logistic pipeline", "<= 0.18"),
    "serving.lone_p50_ms": Asked("one connection: median latency", "<= 1"),
    "serving.adaptive_gain": Asked("Python objects: adaptive batches to none, requests/s", ">= 26"),
    "serving.cache_gain": Asked("kernel machine: cache at 90 % hits to none, requests/s", ">= 5"),
    "serving.swap_failures": Asked("requests failed on hot swaps and SIGTERM under load", "== 0"),
    "serving.chaos_lost": Asked("acknowledged predictions, feedback lost by kill -9", "== 0"),
    "serving.fuzz_500s": Asked("malformed requests that broke a server, REST and gRPC", "== 0"),
    "serving.in_process": Asked("one row in process, clew's endpoint to the pipeline", ">= 100"),
    "pretzel.memory": Asked("250 similar text pipelines: unshared memory, to it", ">= 20"),
    "pretzel.p99": Asked("the same under a cap of 512 MB: unshared 99th percentile, to it", ">= 5"),
    "cascade.speedup": Asked(
        "a query on a fixed camera's frames: a network's CPU time, to a cascade's at ≤ 1 % loss",
        ">= 50",
    ),
    "policy.requests_to_leave": Asked("requests until a degraded model is left", "<= 500"),
    "policy.rafiki_overdue": Asked("late answers of an ensemble, to a greedy rule's", "<= 0.5"),
    "gates.table_mismatches": Asked(
        "numbers of ease.ml/ci's table that come out otherwise", "== 0"
    ),
    "gates.labels_worst": Asked(
        "labels for its guarantee on `n - o`, in the worst case", "<= 2040"
    ),
    "gates.labels_clear": Asked("the same when the gain is twice the bar, in the mean", "<= 700"),
    "gates.error_over_delta": Asked("histories with a wrong verdict, to δ (lower bound)", "<= 1"),
    "gates.overfit_refused": Asked("Adult: the best model by training score is refused", "== 1"),
    "slices.level2": Asked(
        "worst slices of Adult, two predicates: sliceline's time, to it", ">= 30"
    ),
    "slices.level3": Asked("the same, three predicates", ">= 100"),
    "tables.kl_ratio": Asked(
        "Adult in ten rules: divergence left, to a tree of ten leaves", "<= 1"
    ),
    "occlusion.exact96": Asked("occlusion, 96 pixels, patch 8: every copy whole, to it", ">= 6"),
    "occlusion.exact224": Asked("the same, 224 pixels, patch 16", ">= 12"),
    "occlusion.approx": Asked("the same, approximate, its error stated", ">= 35"),
    "report.seconds": Asked("reports on five models of Adult, whole: seconds", "<= 10"),
    "erase.max_diff": Asked("1 % of rows deleted by provenance: difference to a refit", "<= 1e-8"),
    "erase.speedup": Asked("the same: a refit's time, to it", ">= 50"),
    "validation.found": Asked("ten faults put into rows of Adult: found where they are", ">= 10"),
    "validation.false_alarms": Asked("clean splits of 50 of which an error is told", "<= 1"),
    "repair.hospital_f1": Asked(
        "errors of the hospital table repaired, constraints given", ">= 0.95"
    ),
    "repair.hospital_f1_free": Asked("the same, none given", ">= 0.93"),
    "repair.calibration": Asked("the same: error of the confidences", "<= 0.05"),
    "versions.growth": Asked(
        "ten versions with 1 % of rows changed: storage over the first", "<= 1.15"
    ),
    "versions.diff_s": Asked("two versions of a million rows: difference", "<= 0.1"),
    "versions.set_query": Asked("rows that ten versions share: DuckDB's time, to it", ">= 10"),
    "dataflow.vs_duckdb": Asked(
        "16M rows joined, filtered, grouped: time or memory, to DuckDB's", "<= 1.15"
    ),
    "dataflow.row_lineage": Asked("the same with the ids of source rows: time", "<= 2"),
    "features.asof": Asked("point-in-time join, a million to a million: to DuckDB's", "<= 1.2"),
    "features.leaks": Asked("rows with features of later, or not of those known", "== 0"),
    "problems.found": Asked("30 leakages, shifts and over-fits put into splits: found", ">= 29"),
    "problems.false_alarms": Asked("clean splits of 100 of which something is told", "<= 5"),
    "monitor.found": Asked("20 faults put into windows of predictions: found", ">= 19"),
    "monitor.false_alarms": Asked("clean windows of 100 of which something is told", "<= 5"),
    "tracking.create_run_ms": Asked("server CPU of creating a run", "<= 0.7"),
    "tracking.log_metric_ms": Asked("server CPU of logging a metric, durable", "<= 0.7"),
    "tracking.log_param_ms": Asked("server CPU of logging a param, durable", "<= 0.7"),
    "tracking.set_tag_ms": Asked("server CPU of setting a tag, durable", "<= 0.7"),
    "tracking.batch1000_ms": Asked("server CPU of a batch of 1,000 metrics", "<= 6"),
    "tracking.history_s": Asked("server CPU of reading a history of 100,000 points", "<= 0.4"),
    "tracking.upload_mb_s": Asked("an artifact of 256 MB up; again, it stores nothing", ">= 245"),
    "tracking.download_mb_s": Asked("an artifact of 256 MB down", ">= 105"),
    "tracking.start_s": Asked("server ready on a fresh store", "<= 2"),
    "tracking.idle_mb": Asked("memory of the idle server, all processes", "<= 120"),
    "tracking.install_mb": Asked("what an install without extras takes", "<= 300"),
    "tracking.packages": Asked("packages of an install without extras", "<= 45"),
    "tracking.order10k_ms": Asked("server CPU: 10,000 runs by a metric, top 100", "<= 25"),
    "tracking.read10k_s": Asked("server CPU: all 10,000 runs read", "<= 0.8"),
    "tracking.order200k_ms": Asked("server CPU: 200,000 runs by a metric, top 100", "<= 150"),
    "tracking.chaos_lost": Asked("acknowledged writes lost, the server being killed", "== 0"),
    "tracking.fuzz_500s": Asked("100,000 odd requests: status 500, files leaked", "== 0"),
}
