"""Golden values of regression, from scikit-learn (Debian: python3-sklearn).

    /usr/bin/python3 make-regression.py [FOLDER]        writes fixtures/regression.json

`fits` are ridge regressions on features standardised by the mean and deviation of all rows, of targets standardised
likewise, as src/tasks/heads/ridge-head.ts has them: alpha = rows * columns * l2 / 2. Heads are given for the features as
they are. The held-out losses are those of a cross-validation, each fold fitted on the others and standardised by all
rows. `metrics` are those of predictions in the columns' units, column by column and as uniform averages.
"""

import json
import sys
from pathlib import Path

import numpy as np
import sklearn.metrics as m
from sklearn.linear_model import Ridge

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / 'fixtures'
ROWS, FEATURES, COLUMNS, FOLDS = 40, 60, 2, 5
STRENGTHS = [0.003, 0.1, 3]
random = np.random.default_rng(5)


def metrics(values, predictions):
    def of(how):
        return {
            'mse': m.mean_squared_error(values, predictions, multioutput=how),
            'mae': m.mean_absolute_error(values, predictions, multioutput=how),
            'r2': m.r2_score(values, predictions, multioutput=how),
            'rmse': m.mean_squared_error(values, predictions, multioutput=how, squared=False),
        }

    raw = of('raw_values')
    return {
        'values': values.flatten().tolist(),
        'predictions': predictions.flatten().tolist(),
        'per_column': [{key: raw[key][c] for key in raw} for c in range(values.shape[1])],
        **of('uniform_average'),
    }


def main():
    # More features than rows, of different sizes and offsets, and one that never changes.
    features = random.normal(size=(ROWS, FEATURES)) * np.logspace(-2, 2, FEATURES) + 0.3
    features[:, 2] = 0.3
    features = features.astype(np.float32).astype(np.float64)
    deviation = features.std(0)
    deviation[2] = 1
    z = (features - features.mean(0)) / deviation
    targets = z @ random.normal(size=(FEATURES, COLUMNS)) + 3 * random.normal(size=(ROWS, COLUMNS))
    targets = ((targets - targets.mean(0)) / targets.std(0)).astype(np.float32).astype(np.float64)
    fold = np.arange(ROWS) % FOLDS

    fits = []
    for l2 in STRENGTHS:
        def ridge(rows):
            return Ridge(alpha=rows.sum() * COLUMNS * l2 / 2, solver='cholesky').fit(z[rows], targets[rows])

        fit = ridge(np.full(ROWS, True))
        weight = fit.coef_.T / deviation[:, None]
        held_out = [
            np.square(ridge(fold != f).predict(z[fold == f]) - targets[fold == f]).mean() for f in range(FOLDS)
        ]
        fits.append({
            'l2': l2,
            'weight': weight.flatten().tolist(),
            'bias': (fit.intercept_ - features.mean(0) @ weight).tolist(),
            'loss': np.square(fit.predict(z) - targets).mean(),
            'held_out_loss': np.mean(held_out),
        })
    values = (random.normal(size=(15, 2)) * [3, 2000] + [7, 1e4]).round(3)
    fixture = {
        'features': FEATURES,
        'columns': COLUMNS,
        'rows': features.flatten().tolist(),
        'targets': targets.flatten().tolist(),
        'fold': fold.tolist(),
        'fits': fits,
        'metrics': metrics(values, (values + random.normal(size=(15, 2)) * [1, 900]).round(3)),
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / 'regression.json').write_text(json.dumps(fixture, separators=(',', ':')) + '\n')


if __name__ == '__main__':
    main()
