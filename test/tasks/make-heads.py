"""Golden values of the heads that are not fitted, from scikit-learn (Debian: python3-sklearn).

    /usr/bin/python3 make-heads.py [FOLDER]        writes fixtures/heads.json

Nearest neighbours are KNeighborsClassifier's with cosine distances and DINO's weights e^(-distance / 0.07); prototypes
are NearestCentroid's, with the softmax over negative squared distances in NumPy.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.special import softmax
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

random = np.random.default_rng(5)
CLASSES, LENGTH = 4, 6


def points(images):
    labels = np.concatenate([np.arange(CLASSES), random.integers(0, CLASSES, images - CLASSES)])
    centres = np.random.default_rng(1).random((CLASSES, LENGTH)) * 2
    values = np.maximum(0, centres[labels] + random.normal(size=(images, LENGTH)) * 0.6)
    # As the file and the engine have them.
    return values.round(4).astype(np.float32).astype(np.float64), labels


def main():
    values, labels = points(40)
    queries, _ = points(25)
    neighbors = []
    for k in (1, 5, 20, 40):
        model = KNeighborsClassifier(
            n_neighbors=k, metric='cosine', algorithm='brute', weights=lambda distance: np.exp(-distance / 0.07)
        ).fit(values, labels)
        neighbors.append({
            'k': k,
            'probabilities': model.predict_proba(queries).reshape(-1).tolist(),
            'predicted': model.predict(queries).tolist(),
        })
    centroid = NearestCentroid().fit(values, labels)
    distances = ((queries[:, None, :] - centroid.centroids_[None]) ** 2).sum(2)
    fixture = {
        'classes': CLASSES,
        'features': LENGTH,
        'values': values.reshape(-1).tolist(),
        'labels': labels.tolist(),
        'queries': queries.reshape(-1).tolist(),
        'neighbors': neighbors,
        'centroids': {
            'predicted': centroid.predict(queries).tolist(),
            'probabilities': softmax(-distances, axis=1).reshape(-1).tolist(),
        },
    }
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / 'fixtures'
    (folder / 'heads.json').write_text(json.dumps(fixture, separators=(',', ':')) + '\n')


main()
