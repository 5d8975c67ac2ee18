"""Train a small neural network on scikit-learn's built-in digits, and keep what comes of it.

As a run:    jupyter mltrain submit --wait train.py --epochs 20 --C 2.0
By itself:   python train.py --epochs 20 --C 2.0
"""

import argparse
from pathlib import Path

import joblib
from plots import save_confusion
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from jupyter_mltrain import Run


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="passes over the data")
    parser.add_argument("--C", type=float, default=1.0, help="inverse strength of regularization")
    parser.add_argument("--batch-size", type=int, default=32, help="images per step")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the first weights")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    run = Run.get_context()

    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        digits.data / 16,
        digits.target,
        test_size=0.25,
        stratify=digits.target,
        random_state=arguments.seed,
    )
    print(f"{len(train_x)} images to learn from, {len(test_x)} to test with", flush=True)

    model = MLPClassifier(
        hidden_layer_sizes=(64,),
        alpha=1e-3 / arguments.C,
        batch_size=arguments.batch_size,
        random_state=arguments.seed,
    )
    for epoch in range(1, arguments.epochs + 1):
        model.partial_fit(train_x, train_y, classes=digits.target_names)
        chances = model.predict_proba(test_x)
        loss = log_loss(test_y, chances)
        accuracy = accuracy_score(test_y, chances.argmax(axis=1))
        run.log("loss", loss)
        run.log("accuracy", accuracy)
        bar = "█" * (20 * epoch // arguments.epochs)
        print(
            f"epoch {epoch:3}/{arguments.epochs}  {bar:░<20}  "
            f"loss {loss:.3f}  accuracy {accuracy:.3f}",
            flush=True,
        )

    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    save_confusion(test_y, model.predict(test_x), outputs / "confusion.png")
    joblib.dump(model, outputs / "model.joblib")


if __name__ == "__main__":
    main()
