"""Train a stance classifier with scikit-learn, and score it as the benchmark does."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import allegedly
from allegedly.harness import label_score

x, y, _ = allegedly.xy("stance", "train")
model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=1000)).fit(x, y)

x, y, _ = allegedly.xy("stance", "test")
predicted = model.predict(x)
print(f"StanceF1 {label_score('stance', list(zip(y, predicted, strict=True))):.4f} on {len(y)} attributions")
