"""Pipelines of text: scikit-learn's answers without scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from clew.errors import WrongType
from clew.serve import Endpoint, compile_model
from clew.serve.text.analyze import analysis_of, analyzer_of
from clew.serve.text.stage import stage_of

WORDS = "free win click here song love this video great check out my channel please naïve ẞtraße"
TEXTS = [
    " ".join(np.random.default_rng(at).choice(WORDS.split(), 3 + at % 9)) + "!" * (at % 3)
    for at in range(120)
]
LABELS = np.array([text.count("free") + text.count("click") > 0 for text in TEXTS]).astype(int)
THREE = np.array(["ham", "spam", "scam"])[[text.count("win") % 3 for text in TEXTS]]

some_texts = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("aAbB éÉß  \t\n'-1_")), max_size=40
)


@settings(max_examples=60)
@given(
    texts=st.lists(some_texts, min_size=1, max_size=5),
    analyzer=st.sampled_from(["word", "char", "char_wb"]),
    ngrams=st.sampled_from([(1, 1), (1, 2), (2, 3), (1, 4), (3, 3)]),
    accents=st.sampled_from([None, "ascii", "unicode"]),
    lowercase=st.booleans(),
    stop_words=st.sampled_from([None, "english", ["a", "b"]]),
    pattern=st.sampled_from([r"(?u)\b\w\w+\b", r"\S+", r"(?u)\b\w"]),
)
def test_terms_are_those_of_the_vectorizer(
    texts: list[str],
    analyzer: str,
    ngrams: Any,
    accents: Any,
    lowercase: bool,
    stop_words: Any,
    pattern: str,
) -> None:
    word = {"stop_words": stop_words, "token_pattern": pattern} if analyzer == "word" else {}
    vectorizer = CountVectorizer(
        analyzer=analyzer, ngram_range=ngrams, strip_accents=accents, lowercase=lowercase, **word
    )
    expected, ours = vectorizer.build_analyzer(), analyzer_of(analysis_of(vectorizer))
    for text in texts:
        assert ours(text) == expected(text)


@settings(max_examples=40)
@given(
    texts=st.lists(some_texts, min_size=1, max_size=4),
    options=st.fixed_dictionaries(
        {
            "norm": st.sampled_from([None, "l1", "l2"]),
            "use_idf": st.booleans(),
            "smooth_idf": st.booleans(),
            "sublinear_tf": st.booleans(),
        }
    ),
    binary=st.booleans(),
)
def test_weights_are_those_of_the_vectorizer(texts: Any, options: Any, binary: bool) -> None:
    whole = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), binary=binary, **options)
    whole.fit([*TEXTS, *texts])
    apart = make_pipeline(
        CountVectorizer(analyzer="char", ngram_range=(1, 2), binary=binary),
        TfidfTransformer(**options),
    ).fit([*TEXTS, *texts])
    expected = whole.transform(texts).tocsr()
    for stage in (stage_of(whole, whole._tfidf), stage_of(apart[0], apart[1])):
        for row, text in enumerate(texts):
            places, weights = stage.encode(text)
            found = expected[[row]]
            assert places.tolist() == found.indices.tolist()
            assert np.abs(weights - found.data).max(initial=0) < 1e-14


MODELS = [
    (LogisticRegression(), LABELS),
    (LogisticRegression(), THREE),
    (LogisticRegression(solver="liblinear", l1_ratio=1.0, C=5.0), LABELS),
    (LinearSVC(), THREE),
    (SGDClassifier(loss="log_loss", random_state=0), THREE),
    (SGDClassifier(loss="modified_huber", random_state=0), LABELS),
    (MultinomialNB(), THREE),
    (Ridge(), LABELS * 2.5),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("model", "target"), MODELS)
@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(ngram_range=(1, 2)),
        make_pipeline(CountVectorizer(binary=True), TfidfTransformer(sublinear_tf=True)),
        FeatureUnion(
            [
                ("words", TfidfVectorizer(stop_words=["this", "my"])),
                ("chars", CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))),
            ]
        ),
    ],
    ids=["tfidf", "count", "union"],
)
def test_a_pipeline_of_texts_serves_as_a_plan(vectorizer: Any, model: Any, target: Any) -> None:
    steps = vectorizer.named_steps.values() if hasattr(vectorizer, "named_steps") else [vectorizer]
    fitted = make_pipeline(*steps, model).fit(TEXTS, target)
    compiled = compile_model(fitted, TEXTS)
    assert compiled.form == "text", compiled.reason
    assert compiled.parity.boundary_rows > 20
    fresh = [text[::-1] + " free naive CLICK" for text in TEXTS]
    answer = compiled.answer(fresh)
    if hasattr(fitted, "classes_"):
        assert np.array_equal(answer.predictions, fitted.predict(fresh))
    else:
        assert np.allclose(answer.predictions, fitted.predict(fresh), rtol=1e-12)
    if hasattr(fitted, "predict_proba"):
        assert np.abs(answer.probabilities - fitted.predict_proba(fresh)).max() < 1e-12


def test_texts_are_asked_as_texts_or_as_rows() -> None:
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    endpoint = Endpoint(fitted, np.array(TEXTS))
    texts = ["click here, free", "love this song love this song"]
    expected = fitted.predict(texts).tolist()
    assert expected == [1, 0]
    assert [endpoint.predict_one(text) for text in texts] == expected
    assert endpoint.predict([{"text": text} for text in texts]).tolist() == expected
    with pytest.raises(WrongType, match="row 0, column 'text'"):
        endpoint.predict([{"text": None}])
    with pytest.raises(WrongType, match="row 1, column 'text'"):
        endpoint.predict([{"text": "a"}, {"text": 3}])


def cut(text: str) -> list[str]:
    return text.split("e")


@pytest.mark.parametrize(
    ("vectorizer", "model", "why"),
    [
        (CountVectorizer(tokenizer=cut, token_pattern=None), LogisticRegression(), "tokenizer"),
        (CountVectorizer(dtype=np.float32), LogisticRegression(), "precision"),
        (
            FeatureUnion([("w", TfidfVectorizer())], transformer_weights={"w": 2.0}),
            Ridge(),
            "union",
        ),
    ],
)
def test_what_has_no_plan_serves_as_the_object(vectorizer: Any, model: Any, why: str) -> None:
    fitted = make_pipeline(vectorizer, model).fit(TEXTS, LABELS)
    compiled = compile_model(fitted, TEXTS)
    assert compiled.form == "python"
    assert why in compiled.reason
    assert np.allclose(compiled.answer(TEXTS[:9]).predictions, fitted.predict(TEXTS[:9]))
