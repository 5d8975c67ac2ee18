"""Tell two kinds of flowers apart by logistic regression, with the standard library alone."""

import json
import math
import random
import sys
from pathlib import Path

from azureml.core import Run

random.seed(7)
flowers = [
    ([random.gauss(center, 0.5), random.gauss(-center, 0.5)], label)
    for label, center in ((0, -1.0), (1, 1.0))
    for _ in range(100)
]
run = Run.get_context()
weights, rate = [0.0, 0.0, 0.0], 0.5


def chance(petals):
    score = weights[0] + sum(w * x for w, x in zip(weights[1:], petals, strict=True))
    return 1 / (1 + math.exp(-score))


for epoch in range(20):
    random.shuffle(flowers)
    loss = 0.0
    for petals, label in flowers:
        found = chance(petals)
        loss -= math.log(found if label else 1 - found)
        for index, x in enumerate([1.0, *petals]):
            weights[index] += rate * (label - found) * x / len(flowers) * 10
    run.log("loss", loss / len(flowers))
    print(f"epoch {epoch + 1}  loss {loss / len(flowers):.4f}")

right = sum((chance(petals) > 0.5) == bool(label) for petals, label in flowers)
run.log("accuracy", right / len(flowers))
model = {
    "weights": weights,
    "python": sys.version.split()[0],
    "in_image": Path("/fastai2").exists(),
}
Path("outputs").mkdir(exist_ok=True)
Path("outputs/model.json").write_text(json.dumps(model))
if Path("/built").exists():
    print(Path("/built").read_text().strip())
