"""Golden values of the metrics, from scikit-learn and SciPy (Debian: python3-sklearn).

    /usr/bin/python3 make-metrics.py [FOLDER]        writes fixtures/metrics.json

`classification` holds logits and labels with what scikit-learn gives for them; the calibration error, which it does
not have, is the formula of Guo et al. (2017) in NumPy, and the temperature SciPy's minimum of the cross-entropy with
Platt's targets (1999).
`regression` holds predictions and targets.
"""

import json
import sys
from pathlib import Path

import numpy as np
import sklearn.metrics as m
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

random = np.random.default_rng(3)


def calibration_error(probabilities, labels, bins=15):
    confidence, predicted = probabilities.max(1), probabilities.argmax(1)
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs((predicted == labels)[inside].mean() - confidence[inside].mean())
    return total


def classification(name, images, classes, sharpness):
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, images - classes) ** 2 // classes])
    logits = random.normal(size=(images, classes)) * sharpness
    logits[np.arange(images), labels] += 1.2 * sharpness
    logits = logits.round(3)
    probabilities = softmax(logits, axis=1)
    predicted = logits.argmax(1)

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[np.arange(images), labels].mean()

    def doubtful_loss(temperature):
        targets = np.full((images, classes), 1 / (images + 2) / (classes - 1))
        targets[np.arange(images), labels] = (images + 1) / (images + 2)
        return -(targets * log_softmax(logits / temperature, axis=1)).sum(1).mean()

    def average(how):
        parts = m.precision_recall_fscore_support(labels, predicted, average=how, zero_division=0)
        return dict(zip(('precision', 'recall', 'f1'), parts))

    temperature = minimize_scalar(doubtful_loss, bounds=(0.05, 20), method='bounded', options={'xatol': 1e-10}).x
    scores = probabilities[:, 1] if classes == 2 else probabilities
    return {
        'name': name,
        'classes': classes,
        'labels': labels.tolist(),
        'logits': logits.reshape(-1).tolist(),
        'accuracy': m.accuracy_score(labels, predicted),
        'loss': m.log_loss(labels, probabilities),
        'top_k': [
            {'k': k, 'accuracy': m.top_k_accuracy_score(labels, logits, k=k)} for k in (2, 3, 5, 10) if k < classes
        ],
        'balanced_accuracy': m.balanced_accuracy_score(labels, predicted),
        'macro': average('macro'),
        'weighted': average('weighted'),
        'auc': m.roc_auc_score(labels, scores, multi_class='ovr', average='macro'),
        'brier': float(((probabilities - np.eye(classes)[labels]) ** 2).sum(1).mean()),
        'error': calibration_error(probabilities, labels),
        'temperature': temperature,
        'scaled_loss': loss(temperature),
        'scaled_error': calibration_error(softmax(logits / temperature, axis=1), labels),
    }


def absent(name, labels, predicted, classes):
    """Predictions of classes without an image; scikit-learn has no area under the curve for these."""

    def average(how):
        parts = m.precision_recall_fscore_support(labels, predicted, average=how, zero_division=0)
        return dict(zip(('precision', 'recall', 'f1'), parts))

    return {
        'name': name, 'labels': labels, 'predicted': predicted, 'classes': classes,
        'balanced_accuracy': m.balanced_accuracy_score(labels, predicted),
        'macro': average('macro'), 'weighted': average('weighted'),
    }


def regression():
    targets = random.normal(size=40).round(3)
    predictions = (targets + random.normal(size=40) * 0.4).round(3)
    return {
        'targets': targets.tolist(),
        'predictions': predictions.tolist(),
        'mse': m.mean_squared_error(targets, predictions),
        'mae': m.mean_absolute_error(targets, predictions),
        'r2': m.r2_score(targets, predictions),
    }


if __name__ == '__main__':
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / 'fixtures'
    golden = {
        'classification': [
            classification('two classes', 40, 2, 1.0),
            classification('four classes, too sure', 80, 4, 4.0),
            classification('twelve classes, too unsure', 150, 12, 0.5),
        ],
        'absent': [
            absent('a class that is predicted and has no image', [0, 0, 0, 1, 1, 1], [0, 0, 2, 1, 1, 0], 3),
            absent('a class that is never predicted, and one that is in nothing', [0, 0, 1, 2, 2], [0, 3, 1, 0, 3], 5),
        ],
        'regression': regression(),
    }
    (folder / 'metrics.json').write_text(json.dumps(golden, separators=(',', ':')) + '\n')
