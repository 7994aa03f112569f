"""Golden values of the learning-rate schedules, from PyTorch's own schedulers over fifty steps.

    /usr/bin/python3 make-schedules.py [FOLDER]        writes schedules.json

A case is {name, schedule, length, losses, factors, momenta}: `schedule` and `length` as src/optim/schedules.ts takes
them, `losses` those of the epochs (plateau), `momenta` null where the schedule leaves the momentum alone. The slanted
triangle, which PyTorch does not have, is the formula of the ULMFiT paper (section 3.2) word for word.
"""

import json
import sys
from pathlib import Path

import torch
from torch.optim import lr_scheduler as s

STEPS = 50


def run(make, per_epoch, losses=None, fraction=False):
    """Rates and momenta of fifty steps at a base rate of 1; the scheduler steps after every epoch, or every step."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.95)
    scheduler = make(optimizer)
    factors, momenta = [], []
    for step in range(STEPS):
        factors.append(optimizer.param_groups[0]['lr'])
        momenta.append(optimizer.param_groups[0]['momentum'])
        optimizer.step()
        done = step + 1
        if fraction:
            scheduler.step(done / per_epoch)
        elif done % per_epoch == 0 and done < STEPS:
            scheduler.step(*([losses[done // per_epoch - 1]] if losses else []))
    return factors, momenta


def slanted(total, cut_fraction, ratio):
    cut = int(total * cut_fraction)
    factors = []
    for t in range(total):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_fraction - 1))
        factors.append((1 + p * (ratio - 1)) / ratio)
    return factors


def cases():
    losses = [3.0, 2.0, 2.5, 2.0, 1.99999, 2.1, 1.5, 1.6, 1.5, 1.7, 1.51, 1.4, 1.39, 1.45, 1.5, 1.6, 1.7]
    losses += [1.8] * (STEPS // 2 - len(losses))
    settings = [
        ('step', {'stepSize': 3, 'gamma': 0.5}, 4, lambda o: s.StepLR(o, 3, 0.5), {}),
        ('multi-step', {'milestones': [2, 5, 11], 'gamma': 0.3}, 4, lambda o: s.MultiStepLR(o, [2, 5, 11], 0.3), {}),
        ('exponential', {'gamma': 0.9}, 4, lambda o: s.ExponentialLR(o, 0.9), {}),
        ('polynomial', {'power': 1}, 1, lambda o: s.PolynomialLR(o, STEPS, 1.0), {}),
        ('polynomial', {'power': 2.5}, 1, lambda o: s.PolynomialLR(o, STEPS, 2.5), {}),
        ('cosine', {}, 1, lambda o: s.CosineAnnealingLR(o, STEPS), {}),
        ('cosine-restarts', {'cycleEpochs': 2, 'cycleFactor': 1}, 5,
         lambda o: s.CosineAnnealingWarmRestarts(o, 2, 1), {'fraction': True}),
        ('cosine-restarts', {'cycleEpochs': 1, 'cycleFactor': 3}, 5,
         lambda o: s.CosineAnnealingWarmRestarts(o, 1, 3), {'fraction': True}),
        ('one-cycle', {'peak': 0.3, 'divisor': 25, 'finalDivisor': 1e4, 'momentum': 0.95, 'peakMomentum': 0.85}, 1,
         lambda o: s.OneCycleLR(o, 1.0, STEPS), {}),
        ('one-cycle', {'peak': 0.25, 'divisor': 10, 'finalDivisor': 100, 'momentum': 0.9, 'peakMomentum': 0.8}, 1,
         lambda o: s.OneCycleLR(o, 1.0, STEPS, pct_start=0.25, div_factor=10, final_div_factor=100,
                                base_momentum=0.8, max_momentum=0.9), {}),
        ('plateau', {'gamma': 0.3, 'patience': 1}, 2, lambda o: s.ReduceLROnPlateau(o, 'min', 0.3, 1),
         {'losses': losses}),
        ('plateau', {'gamma': 0.5, 'patience': 0}, 2, lambda o: s.ReduceLROnPlateau(o, 'min', 0.5, 0),
         {'losses': losses}),
    ]
    for kind, numbers, per_epoch, make, options in settings:
        factors, momenta = run(make, per_epoch, **options)
        yield {
            'name': ', '.join([kind, *(f'{key} {value}' for key, value in numbers.items())]),
            'schedule': {'kind': kind, **numbers},
            'length': {'stepsPerEpoch': per_epoch, 'totalSteps': STEPS, 'warmupSteps': 0},
            'losses': options.get('losses', []),
            'factors': factors,
            'momenta': momenta if kind == 'one-cycle' else None,
        }
    for peak, divisor in ((0.1, 32), (0.2, 10)):
        yield {
            'name': f'slanted-triangular, peak {peak}, divisor {divisor}',
            'schedule': {'kind': 'slanted-triangular', 'peak': peak, 'divisor': divisor},
            'length': {'stepsPerEpoch': 1, 'totalSteps': STEPS, 'warmupSteps': 0},
            'losses': [],
            'factors': slanted(STEPS, peak, divisor),
            'momenta': None,
        }


if __name__ == '__main__':
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    lines = ',\n'.join(json.dumps(case, separators=(',', ':')) for case in cases())
    (folder / 'schedules.json').write_text(f'[\n{lines}\n]\n')
