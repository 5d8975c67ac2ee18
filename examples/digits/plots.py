"""Plots of the digits example: a local module, which travels with the script."""

from matplotlib import pyplot
from sklearn.metrics import ConfusionMatrixDisplay


def save_confusion(actual, predicted, path):
    """Save a picture of which digit was taken for which."""
    figure, axes = pyplot.subplots(figsize=(5, 5), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        actual, predicted, ax=axes, cmap="Blues", colorbar=False
    )
    axes.set_title("Digits: what was taken for what")
    figure.savefig(path)
    pyplot.close(figure)
