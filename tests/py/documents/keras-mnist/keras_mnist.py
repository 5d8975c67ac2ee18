"""Learn to read handwritten digits with one or two hidden layers."""

import argparse
import gzip
import json
import struct
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from azureml.core import Run
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--data-folder", dest="data_folder")
parser.add_argument("--batch-size", type=int, default=50)
parser.add_argument("--first-layer-neurons", type=int, default=100)
parser.add_argument("--second-layer-neurons", type=int, default=100)
parser.add_argument("--learning-rate", type=float, default=0.001)
args = parser.parse_args()


def load(name):
    """The one file of that name, however deep it lies, as an array."""
    (path,) = Path(args.data_folder).rglob(name)
    with gzip.open(path) as file:
        dimensions = struct.unpack(">BBBB", file.read(4))[3]
        shape = struct.unpack(">" + "I" * dimensions, file.read(4 * dimensions))
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def images(name):
    loaded = load(name)
    return loaded.reshape(len(loaded), -1) / 255.0


x_train, y_train = images("train-images-idx3-ubyte.gz"), load("train-labels-idx1-ubyte.gz")
x_test, y_test = images("t10k-images-idx3-ubyte.gz"), load("t10k-labels-idx1-ubyte.gz")
print("training on", len(x_train), "digits")

run = Run.get_context()
model = MLPClassifier(
    (args.first_layer_neurons, args.second_layer_neurons),
    batch_size=args.batch_size,
    learning_rate_init=args.learning_rate,
    random_state=0,
)
losses, accuracies = [], []
for _ in range(8):
    model.partial_fit(x_train, y_train, classes=range(10))
    losses.append(model.loss_)
    accuracies.append(model.score(x_test, y_test))
    run.log("Loss", losses[-1])
    run.log("Accuracy", accuracies[-1])
run.log("Final test accuracy", accuracies[-1])

plt.plot(losses, label="loss")
plt.plot(accuracies, label="accuracy")
plt.legend()
run.log_image("Loss v.s. Accuracy", plot=plt)

Path("outputs/model").mkdir(parents=True, exist_ok=True)
with open("outputs/model/model.json", "w") as file:
    json.dump({"layers": [weights.shape for weights in model.coefs_]}, file)
np.savez("outputs/model/weights.npz", *model.coefs_)
