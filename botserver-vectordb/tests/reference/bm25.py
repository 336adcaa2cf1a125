"""Writes bm25.json: scores of an independent implementation (PyPI bm25s 0.3.16, method "lucene") on made-up tokens.

Run it as `python3 bm25.py > bm25.json` where bm25s is installed.
"""

import json
import random

import bm25s
import numpy

random.seed(20261120)
WORDS = [f"w{number}" for number in range(60)]
# Few words are common and most are rare, as in any language.
WEIGHTS = [1 / (rank + 1) for rank in range(len(WORDS))]

documents = [random.choices(WORDS, WEIGHTS, k=random.randint(1, 40)) for _ in range(200)]
questions = [random.sample(WORDS, k=random.randint(1, 6)) for _ in range(40)]

retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75, dtype="float64")
retriever.index(documents, show_progress=False)
scores = []
for question in questions:
    known = [word for word in question if word in retriever.vocab_dict]
    all_scores = retriever.get_scores(known) if known else numpy.zeros(len(documents))
    scores.append([round(float(score), 6) for score in all_scores])

print(json.dumps({"documents": documents, "questions": questions, "scores": scores}, separators=(",", ":")))
