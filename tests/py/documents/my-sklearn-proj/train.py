"""Tell two kinds of petals apart by their length."""

import argparse
import csv
from pathlib import Path

from azureml.core import Run
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--data-folder", required=True)
parser.add_argument("--regularization", type=float, required=True)
args = parser.parse_args()

with open(Path(args.data_folder) / "petals.csv", newline="") as file:
    rows = list(csv.DictReader(file))
lengths = [[float(row["petal"])] for row in rows]
labels = [int(row["label"]) for row in rows]
model = LogisticRegression(C=1 / args.regularization).fit(lengths, labels)

run = Run.get_context()
run.log("regularization", args.regularization)
run.log("accuracy", model.score(lengths, labels))
Path("outputs").mkdir(exist_ok=True)
Path("outputs/my_output_file").write_text(f"{model.coef_[0][0]:.3f}\n")
