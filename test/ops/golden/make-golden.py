"""Golden values of every operation, of losses and views made of them, and of every optimiser, from PyTorch in float64.

    /usr/bin/python3 make-golden.py [FOLDER] [--only NAME]        writes all files but those of other scripts:
        operations.json, images.json, losses.json, views.json and optimizers.json

With --only the cases of one operation, loss, view or optimiser are computed, and all others stay as they are in the files of FOLDER,
by default this one: the cases of a new operation come without a run of everything, and without another version's last
digits in the rest.

Inputs are not stored: both languages compute them by `values` (support.ts: `formulaValues`). A case is
{operation, name, options, inputs, shape, output, gradients}: `gradients` are those of the sum of output times
`values(shape, UPSTREAM_SEED)`, one per input, null for an input without one. Images are NHWC, convolution
weights HWIO. `terms` is how many products the longest sum adds up: tolerances of float32 grow with it.
"""

import argparse
import difflib
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision.transforms.functional as F_vision

torch.set_default_dtype(torch.float64)
UPSTREAM_SEED = 97
cases = []
loss_cases = []
view_cases = []
only = None  # the one operation, loss, view or optimiser to compute


def count(shape):
    return math.prod(shape)


def values(shape, seed, scale=1.0, shift=0.0):
    """Numbers in (-scale, scale) + shift; no two of the first 10,007 are equal. Exact in both languages."""
    flat = [(((i + 1) * 7919 + seed * 1291) % 10007) / 5003.5 - 1 for i in range(count(shape))]
    return torch.tensor([value * scale + shift for value in flat]).reshape(shape)


def real(shape, seed, scale=1.0, shift=0.0):
    return {'shape': list(shape), 'seed': seed, 'scale': scale, 'shift': shift}


def whole(shape, data, dtype='int32'):
    return {'shape': list(shape), 'dtype': dtype, 'data': data}


def load(spec):
    if 'data' in spec:
        return torch.tensor(spec['data'], dtype=torch.int64).reshape(spec['shape'])
    return values(spec['shape'], spec['seed'], spec['scale'], spec['shift']).requires_grad_()


def rounded(tensor):
    """Fifteen digits, whole numbers without a point."""
    flat = [float(f'{value:.15g}') for value in tensor.detach().reshape(-1).tolist()]
    return [int(value) if value == int(value) else value for value in flat]


def case(operation, name, function, inputs, options=None, terms=1, differentiable=True, kind='operation', table=cases):
    if only not in (None, operation):
        table.append({kind: operation, 'name': name})
        return
    tensors = [load(spec) for spec in inputs]
    output = function(*tensors)
    gradients = None
    if differentiable:
        wanted = [tensor for tensor in tensors if tensor.requires_grad]
        loss = (output * values(output.shape, UPSTREAM_SEED)).sum()
        found = iter(torch.autograd.grad(loss, wanted, allow_unused=True))
        gradients = [next(found) if tensor.requires_grad else None for tensor in tensors]
        gradients = [None if gradient is None else rounded(gradient) for gradient in gradients]
    table.append({
        kind: operation, 'name': name, 'options': options or {}, 'terms': terms, 'inputs': inputs,
        'shape': list(output.shape), 'output': rounded(output), 'gradients': gradients,
    })


def pointwise():
    unary = {
        'abs': (torch.abs, 1, 0), 'cos': (torch.cos, 9, 0), 'erf': (torch.erf, 4, 0), 'exp': (torch.exp, 3, 0), 'log': (torch.log, 2, 2.01),
        'floor': (torch.floor, 4, 0), 'quickGelu': (lambda x: x * torch.sigmoid(1.702 * x), 6, 0), 'sin': (torch.sin, 9, 0),
        'hardSigmoid': (lambda x: (x / 6 + 0.5).clamp(0, 1), 5, 0), 'hardSwish': (F.hardswish, 5, 0),
        'negate': (torch.neg, 1, 0), 'relu': (torch.relu, 1, 0), 'relu6': (F.relu6, 9, 2),
        'sigmoid': (torch.sigmoid, 8, 0), 'silu': (F.silu, 8, 0), 'sqrt': (torch.sqrt, 2, 2.01), 'square': (torch.square, 3, 0),
        'tanh': (torch.tanh, 4, 0),
    }
    for name, (function, scale, shift) in unary.items():
        case(name, 'of a matrix', function, [real([5, 7], 1, scale, shift)])
    case('exp', 'of rank 0', torch.exp, [real([], 2)])
    for approximate in ('none', 'tanh'):
        function = lambda x: F.gelu(x, approximate=approximate)
        case('gelu', f'of a matrix, approximation {approximate}', function, [real([5, 7], 2, 6)], {'approximate': approximate})
    case('gelu', 'by default', F.gelu, [real([9], 3, 3)])
    binary = {
        'add': torch.add, 'subtract': torch.sub, 'multiply': torch.mul, 'divide': torch.div,
        'maximum': torch.maximum, 'minimum': torch.minimum,
        'greaterEqual': lambda a, b: (a >= b).double(), 'lessEqual': lambda a, b: (a <= b).double(),
    }
    shapes = {
        'of one shape': ([3, 5], [3, 5]), 'with a row': ([3, 5], [5]), 'with a column': ([3, 1], [3, 5]),
        'of rank 0 and 2': ([], [2, 3]), 'outer': ([4, 1], [1, 3]),
        'of rank 6': ([2, 1, 2, 1, 2, 1], [2, 2, 1, 2, 1, 2]),
    }
    for name, function in binary.items():
        smooth = name not in ('greaterEqual', 'lessEqual')
        for kind, (a, b) in shapes.items():
            shift = 2.5 if name == 'divide' else 0
            case(name, kind, function, [real(a, 3), real(b, 4, 1, shift)], terms=16, differentiable=smooth)
    for kind, (a, b) in shapes.items():
        case('power', kind, torch.pow, [real(a, 8, 1, 1.5), real(b, 9, 3)], terms=16)
    for exponent in (0, 0.5, 1, 2, 3, -1, -2.5):
        shift = 1.25 if exponent % 1 else 0
        case('power', f'with exponent {exponent}', lambda x: x ** exponent, [real([7], 10, 1, shift)], {'exponent': exponent})
    for name, least, most in (('from both sides', -0.5, 0.25), ('from below', 0.125, None), ('from above', None, -0.25), ('min above max', 0.5, -0.5)):
        options = {key: value for key, value in (('min', least), ('max', most)) if value is not None}
        case('clamp', name, lambda x: torch.clamp(x, least, most), [real([4, 5], 5)], options)
    conditions = {
        'of one shape': ([3, 5], [3, 5], [3, 5]), 'with a row and a column': ([5], [3, 1], [3, 5]),
        'of a column': ([3, 1], [3, 5], [3, 5]), 'of rank 0': ([], [2, 3], [3]), 'of rank 0 and numbers': ([4, 1, 3], [], [2, 1]),
        'of rank 6': ([1, 2, 1, 1, 2, 2], [2, 1, 2, 1, 2, 1], [2, 2, 1, 2, 1, 2]),
    }
    for name, (condition, a, b) in conditions.items():
        chosen = whole(condition, [(0, 1, -3, 0, 2)[i % 5] for i in range(count(condition))])
        case('where', name, lambda c, x, y: torch.where(c != 0, x, y), [chosen, real(a, 6), real(b, 7)], terms=16)
    case('cast', 'of int32', lambda x: x.double(), [whole([4], [-3, 0, 7, 16777216])], differentiable=False)
    case('cast', 'to int32', lambda x: x.trunc(), [real([9], 160, 40)], {'dtype': 'int32'}, differentiable=False)
    case('cast', 'of uint32', lambda x: x.double(), [whole([3], [0, 5, 4000000000], 'uint32')], differentiable=False)
    case('cast', 'of uint8', lambda x: x.double(), [whole([7], [0, 1, 127, 128, 254, 255, 3], 'uint8')], differentiable=False)
    case('constant', 'matrix', lambda: torch.full((2, 3), 1.25), [], {'shape': [2, 3], 'value': 1.25}, differentiable=False)


def reductions():
    axes = {
        'over all': ([3, 4, 2], None, False), 'over the first axis': ([3, 4, 2], [0], False),
        'over a negative axis': ([3, 4, 2], [-1], False), 'over two axes apart, kept': ([3, 4, 2], [0, -1], True),
        'over neighbours': ([2, 3, 2, 2], [1, 2], False), 'over a long row': ([2, 300], [1], True),
    }
    for name, (shape, over, keep) in axes.items():
        options = {'keepDims': keep} if over is None else {'axes': over, 'keepDims': keep}
        dims = list(range(len(shape))) if over is None else over
        terms = count([shape[d] for d in dims])
        case('sum', name, lambda x: x.sum(dims, keepdim=keep), [real(shape, 5)], options, terms)
        case('mean', name, lambda x: x.mean(dims, keepdim=keep), [real(shape, 5)], options, terms)
        case('max', name, lambda x: x.amax(dims, keepdim=keep), [real(shape, 5)], options)
    for name in ('argmax', 'argmin'):
        for axis, keep in ((0, False), (1, True), (-1, False)):
            function = lambda x: getattr(x, name)(axis, keepdim=keep)
            case(name, f'along axis {axis}', function, [real([4, 5, 3], 156)], {'axis': axis, 'keepDims': keep}, differentiable=False)
    case('sum', 'of int32', lambda x: x.sum([1]), [whole([2, 3, 2], [1, 0, 16777217, 1, -5, 1, 0, 7, 2, 2, 3, 16777217])], {'axes': [1], 'keepDims': False}, differentiable=False)
    for axis in (0, 1, -1):
        case('cumulativeSum', f'along axis {axis}', lambda x: x.cumsum(axis), [real([3, 4, 2], 157)], {'axis': axis}, terms=4)
    case('cumulativeSum', 'of a mask', lambda x: x.cumsum(1), [whole([2, 4], [1, 1, 0, 1, 1, 1, 1, 0])], {'axis': 1}, differentiable=False)
    for axis, k in ((0, 2), (1, 5), (-1, 1)):
        case('topK', f'along axis {axis}', lambda x: x.topk(k, axis).indices, [real([4, 5, 3], 158)], {'k': k, 'axis': axis}, differentiable=False)
    case('argmax', 'of rows', lambda x: x.argmax(-1), [real([5, 9], 6)], differentiable=False)
    case('argmax', 'of one row', lambda x: x.argmax(-1), [real([70], 7)], differentiable=False)
    for name, function in (('softmax', F.softmax), ('logSoftmax', F.log_softmax)):
        case(name, 'of rows', lambda x: function(x, -1), [real([4, 6], 8, 4)], terms=6)
        case(name, 'of large numbers', lambda x: function(x, -1), [real([2, 3, 5], 9, 3, 90)], terms=50)


def masks():
    kept = whole([2, 1, 4], [1, 0, 1, 1, 0, 1, 1, 0])

    def counted(x, mask, axis, logarithm):
        x = x.masked_fill(mask == 0, -math.inf)
        return F.log_softmax(x, axis) if logarithm else F.softmax(x, axis)

    options = {'axis': -1, 'logarithm': False}
    case('maskedSoftmax', 'of what counts', lambda x, m: counted(x, m, -1, False), [real([2, 2, 4], 72, 4), kept], options, terms=10)
    options = {'axis': 1, 'logarithm': False}
    case('maskedSoftmax', 'along another axis', lambda x, m: counted(x, m, 1, False), [real([2, 3, 2], 73, 4), whole([3, 1], [1, 0, 1])], options, terms=10)
    for axis, logarithm in ((-1, False), (0, True)):
        function = lambda x, m: (F.log_softmax if logarithm else F.softmax)(x + m, axis)
        options = {'axis': axis, 'logarithm': logarithm}
        case('maskedSoftmax', f'of a sum along axis {axis}', function, [real([2, 2, 3], 74, 4), real([2, 1] if axis else [2, 1, 3], 75, 2)], options, terms=30)
    for name, function in (('softmax', F.softmax), ('logSoftmax', F.log_softmax)):
        case(name, 'along the first axis', lambda x: function(x, 0), [real([4, 2], 76, 4)], {'axis': 0}, terms=6)
        case(name, 'along an axis in the middle', lambda x: function(x, -2), [real([2, 3, 2], 77, 4)], {'axis': -2}, terms=6)


def movement():
    case('reshape', 'with a free size', lambda x: x.reshape(4, 3), [real([2, 6], 10)], {'shape': [4, -1]})
    case('transpose', 'of a matrix', lambda x: x.t(), [real([3, 5], 11)])
    case('transpose', 'of rank 4', lambda x: x.permute(2, 0, 3, 1), [real([2, 3, 4, 2], 12)], {'permutation': [2, 0, 3, 1]})
    case('transpose', 'of rank 6', lambda x: x.permute(5, 3, 1, 0, 2, 4), [real([2, 1, 3, 2, 1, 2], 13)], {'permutation': [5, 3, 1, 0, 2, 4]})
    case('broadcastTo', 'of a column', lambda x: x.expand(2, 3, 4), [real([3, 1], 14)], {'shape': [2, 3, 4]}, terms=8)
    case('slice', 'of a block', lambda x: x[1:3, 0:2, 2:5], [real([4, 3, 5], 15)], {'starts': [1, 0, 2], 'sizes': [2, 2, 3]})
    case('slice', 'of every other and every third', lambda x: x[1:4:2, :, 0:7:3], [real([4, 2, 8], 154)], {'starts': [1, 0, 0], 'sizes': [2, 2, 3], 'steps': [2, 1, 3]})
    case('slice', 'backwards', lambda x: x.flip(0)[::2, 1:3], [real([5, 4], 155)], {'starts': [4, 1], 'sizes': [3, 2], 'steps': [-2, 1]})
    case('pad', 'on both sides', lambda x: F.pad(x, (0, 2, 1, 0)), [real([2, 3], 16)], {'before': [1, 0], 'after': [0, 2]})
    case('pad', 'with a number', lambda x: F.pad(x, (0, 2, 1, 0), value=-1.5), [real([2, 3], 164)], {'before': [1, 0], 'after': [0, 2], 'value': -1.5})
    for mode, torch_mode in (('edge', 'replicate'), ('reflect', 'reflect')):
        options = {'before': [0, 0, 2, 1], 'after': [0, 0, 1, 3], 'mode': mode}
        padded = lambda x: F.pad(x, (1, 3, 2, 1), torch_mode)
        case('pad', f'of images, {mode}', padded, [real([1, 2, 3, 4], 165)], options, terms=16)
        last = lambda x: F.pad(x[None], (2, 0), torch_mode)[0]
        case('pad', f'of the last axis, {mode}', last, [real([2, 3], 166)], {'before': [0, 2], 'after': [0, 0], 'mode': mode}, terms=3)
    for axis in (0, -1):
        shapes = ([2, 3], [1, 3], [4, 3]) if axis == 0 else ([2, 1], [2, 4], [2, 2])
        inputs = [real(shape, 17 + i) for i, shape in enumerate(shapes)]
        case('concat', f'along axis {axis}', lambda *x: torch.cat(x, axis), inputs, {'axis': axis})
    case('gather', 'of rows', lambda x, i: x[i], [real([5, 2, 3], 20), whole([4], [3, 0, 3, 4])], terms=2)
    case('gather', 'along the last axis, also from the end', lambda x, i: x[..., i], [real([2, 3, 5], 150), whole([4], [-1, 0, 4, -5])], {'axis': -1}, terms=2)
    case('gather', 'along an axis by indices of rank 2', lambda x, i: x[:, i], [real([2, 4, 3], 151), whole([2, 3], [3, 0, 3, -1, 1, 0])], {'axis': 1}, terms=3)
    case('scatterAdd', 'of rows', lambda x, i: torch.zeros(5, 3).index_add(0, i, x), [real([4, 3], 21), whole([4], [3, 0, 3, 4])], {'rows': 5}, terms=2)
    case('scatterAdd', 'along the last axis', lambda x, i: torch.zeros(2, 4).index_add(1, i, x), [real([2, 5], 152), whole([5], [3, 0, 3, 3, 1])], {'rows': 4, 'axis': -1}, terms=3)
    chosen = {-1: ([2, 3], [4, 4, 0, 1, 2, 4]), 0: ([3, 4], [1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0])}
    for axis, (shape, data) in chosen.items():
        case('takeAlongAxis', f'along axis {axis}', lambda x, i: x.gather(axis, i), [real([2, 5], 159), whole(shape, data)], {'axis': axis}, terms=3)
    ids = whole([2, 4], [4, 1, 4, 0, 6, 4, 1, 1])
    case('embedding', 'of ids', lambda x, i: F.embedding(i, x), [real([7, 3], 153), ids], {}, terms=3)
    case('embedding', 'with a padding index', lambda x, i: F.embedding(i, x, padding_idx=1), [real([7, 3], 153), ids], {'paddingIndex': 1}, terms=3)
    case('embedding', 'with a padding index from the end', lambda x, i: F.embedding(i, x, padding_idx=-1), [real([7, 3], 153), ids], {'paddingIndex': -1}, terms=3)
    case('oneHot', 'of labels', lambda i: F.one_hot(i, 4).double(), [whole([3], [2, 0, 3])], {'classes': 4}, differentiable=False)


def products():
    for flags in range(4):
        ta, tb = bool(flags & 1), bool(flags & 2)
        a, b = ([5, 3] if ta else [3, 5]), ([4, 5] if tb else [5, 4])
        function = lambda x, y: (x.t() if ta else x) @ (y.t() if tb else y)
        options = {'transposeA': ta, 'transposeB': tb}
        case('matmul', f'transposes {ta} {tb}', function, [real(a, 22), real(b, 23)], options, terms=5)
        batched = lambda x, y: (x.mT if ta else x) @ (y.mT if tb else y)
        case('matmul', f'of a batch, transposes {ta} {tb}', batched, [real([2] + a, 24), real([2] + b, 25)], options, terms=5)
        case('matmul', f'of a batch with one factor, transposes {ta} {tb}', batched, [real([2] + a, 26), real(b, 27)], options, terms=6)
    case('matmul', 'of one factor with a batch', lambda x, y: x @ y, [real([2, 3], 28), real([3, 3, 4], 29)], {}, terms=12)
    broadcast = {
        'of a batch of rows with one factor': ([2, 3, 4], [4, 5]), 'of one factor of rank 3': ([2, 3, 2, 4], [1, 4, 3]),
        'of batches that broadcast both ways': ([1, 3, 2, 4], [2, 1, 4, 3]), 'with a batch missing': ([2, 3, 2, 4], [3, 4, 2]),
        'of rank 6': ([2, 1, 2, 1, 2, 3], [1, 2, 1, 3, 3, 2]),
    }
    for i, (name, (a, b)) in enumerate(broadcast.items()):
        case('matmul', name, lambda x, y: x @ y, [real(a, 130 + 2 * i), real(b, 131 + 2 * i)], {}, terms=24)
    turned = lambda x: x.transpose(1, 2)
    q, k, p = [2, 3, 2, 4], [2, 5, 2, 4], [2, 2, 3, 5]
    case('matmul', 'of queries and keys', lambda x, y: turned(x) @ turned(y).transpose(2, 3), [real(q, 140), real(k, 141)],
         {'headsA': True, 'headsB': True, 'transposeB': True}, terms=5)
    case('matmul', 'of probabilities and values', lambda x, y: turned(x @ turned(y)), [real(p, 142), real(k, 143)],
         {'headsB': True, 'headsOut': True}, terms=5)
    case('matmul', 'of turned heads with one batch', lambda x, y: turned(turned(x).transpose(2, 3) @ y),
         [real([2, 3, 2, 4], 144), real([1, 2, 3, 5], 145)], {'headsA': True, 'transposeA': True, 'headsOut': True}, terms=16)
    case('matmul', 'of 1 by 1', lambda x, y: x @ y, [real([1, 1], 30), real([1, 1], 31)])


def images():
    def convolution(x, w, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
        top, bottom, left, right = padding
        x = F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
        return F.conv2d(x, w.permute(3, 2, 0, 1), None, stride, 0, dilation, groups).permute(0, 2, 3, 1)

    settings = {
        '3 by 3': ([1, 5, 5, 2], [3, 3, 2, 3], {}),
        'padding 1': ([2, 4, 4, 3], [3, 3, 3, 2], {'padding': (1, 1, 1, 1)}),
        'stride 2, odd size': ([1, 7, 5, 3], [3, 3, 3, 4], {'stride': (2, 2), 'padding': (1, 1, 1, 1)}),
        'asymmetric padding': ([1, 5, 6, 2], [3, 3, 2, 2], {'stride': (2, 2), 'padding': (0, 1, 0, 1)}),
        'dilation': ([1, 7, 8, 2], [3, 2, 2, 2], {'dilation': (2, 3)}),
        'groups': ([1, 4, 4, 6], [3, 3, 2, 9], {'groups': 3, 'padding': (1, 1, 1, 1)}),
        'depthwise': ([1, 5, 5, 4], [3, 3, 1, 4], {'groups': 4, 'padding': (1, 1, 1, 1)}),
        '1 by 1': ([2, 3, 3, 4], [1, 1, 4, 4], {}),
        '1 by 1, stride 2': ([1, 5, 5, 4], [1, 1, 4, 8], {'stride': (2, 2)}),
        'strides apart': ([1, 6, 9, 1], [2, 3, 1, 2], {'stride': (1, 3)}),
    }
    for name, (x, w, options) in settings.items():
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
        if 'padding' in plain:
            plain['padding'] = dict(zip(('top', 'bottom', 'left', 'right'), plain['padding']))
        terms = max(count(w[:3]), x[0] * x[1] * x[2])
        case('conv2d', name, lambda a, b: convolution(a, b, **options), [real(x, 32), real(w, 33)], plain, terms)

    def transposed(x, w, stride=(1, 1), padding=(0, 0), outputPadding=(0, 0), dilation=(1, 1), groups=1):
        y = F.conv_transpose2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), None, stride, padding, outputPadding, groups, dilation)
        return y.permute(0, 2, 3, 1)

    settings = {
        '3 by 3': ([1, 4, 3, 2], [3, 3, 3, 2], {}), '2 by 2, stride 2': ([2, 3, 3, 4], [2, 2, 2, 4], {'stride': (2, 2)}),
        'stride 2 with output padding': ([1, 3, 4, 3], [3, 3, 2, 3], {'stride': (2, 2), 'padding': (1, 1), 'outputPadding': (1, 1)}),
        'stride above the kernel': ([1, 3, 2, 2], [2, 1, 3, 2], {'stride': (3, 2), 'outputPadding': (2, 0)}),
        'dilation': ([1, 4, 4, 2], [3, 2, 2, 2], {'dilation': (2, 3), 'padding': (1, 2)}),
        'output padding of dilation': ([1, 3, 3, 2], [3, 3, 2, 2], {'dilation': (3, 2), 'outputPadding': (2, 1)}),
        'groups': ([1, 3, 3, 6], [3, 3, 2, 6], {'groups': 3, 'stride': (2, 1), 'padding': (1, 1)}),
        'depthwise': ([1, 4, 4, 4], [4, 4, 1, 4], {'groups': 4, 'stride': (2, 2), 'padding': (1, 1)}),
        'padding beyond the kernel': ([1, 6, 5, 4], [3, 3, 4, 4], {'padding': (3, 1)}),
    }
    for name, (x, w, options) in settings.items():
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
        terms = max(w[0] * w[1] * max(w[2:]), x[0] * x[1] * x[2])
        case('convTranspose2d', name, lambda a, b: transposed(a, b, **options), [real(x, 180), real(w, 181)], plain, terms)

    def pooling(x, kernel, stride, padding):
        top, left = (padding, padding) if isinstance(padding, int) else padding
        # By itself PyTorch pads by half the window at most.
        padded = F.pad(x.permute(0, 3, 1, 2), (left, left, top, top), value=-math.inf)
        return F.max_pool2d(padded, kernel, stride).permute(0, 2, 3, 1)

    for name, shape, kernel, stride, padding in (
        ('2 by 2', [2, 4, 6, 3], 2, 2, 0), ('3 by 3 with padding', [1, 7, 5, 4], 3, 2, 1),
        ('of negative numbers', [1, 4, 4, 2], (3, 2), (1, 2), (1, 0)),
        ('3 by 3, padding 2', [2, 5, 4, 4], 3, 1, 2), ('of one place', [1, 1, 1, 3], 3, 1, 2),
        ('padding one less than the window', [1, 3, 5, 2], (4, 2), (2, 1), (3, 1)),
    ):
        options = {'kernel': kernel, 'stride': stride, 'padding': padding}
        shift = -3 if 'negative' in name else 0
        case('maxPool2d', name, lambda x: pooling(x, kernel, stride, padding), [real(shape, 34, 1, shift)], options)
    def averaging(x, kernel, stride, padding, include):
        return F.avg_pool2d(x.permute(0, 3, 1, 2), kernel, stride, padding, False, include).permute(0, 2, 3, 1)

    for name, shape, kernel, stride, padding in (
        ('2 by 2', [2, 4, 6, 3], 2, 2, 0), ('3 by 3 with padding', [1, 7, 5, 4], 3, 2, 1), ('strides apart', [1, 6, 7, 2], (3, 4), (2, 1), (1, 2)),
    ):
        for include in (True, False):
            options = {'kernel': kernel, 'stride': stride, 'padding': padding, 'countIncludePad': include}
            case('averagePool2d', f'{name}, padding counts {include}', lambda x: averaging(x, kernel, stride, padding, include), [real(shape, 160)], options, terms=12)
    case('averagePool2d', 'by default', lambda x: averaging(x, 3, 3, 1, True), [real([1, 5, 5, 1], 161)], {'kernel': 3, 'padding': 1}, terms=9)
    case('globalAveragePool', 'of images', lambda x: x.mean((1, 2)), [real([2, 3, 5, 4], 35)], terms=15)

    def interpolated(x, size, mode, corners):
        return F.interpolate(x.permute(0, 3, 1, 2), size, mode=mode, align_corners=corners).permute(0, 2, 3, 1)

    sizes = {
        'to twice the size': ([1, 4, 3, 2], [8, 6]), 'larger': ([2, 3, 4, 1], [5, 7]), 'smaller': ([1, 7, 5, 3], [3, 4]),
        'to one pixel': ([1, 4, 5, 1], [1, 1]), 'of one row': ([1, 1, 4, 2], [3, 9]), 'to the same size': ([1, 3, 4, 1], [3, 4]),
    }
    for name, (shape, size) in sizes.items():
        case('resize', f'nearest, {name}', lambda x: interpolated(x, size, 'nearest', None), [real(shape, 162)], {'size': size}, terms=16)
        for mode in ('bilinear', 'bicubic'):
            for corners in (False, True):
                options = {'size': size, 'mode': mode, 'alignCorners': corners}
                case('resize', f'{mode}, {name}, aligned {corners}', lambda x: interpolated(x, size, mode, corners), [real(shape, 163)], options, terms=32)

    def frozen(x, gamma, beta, mean, variance):
        flat = x.reshape(-1, x.shape[-1])
        return F.batch_norm(flat, mean, variance, gamma, beta, False, 0, 1e-3).reshape(x.shape)

    # PyTorch gives no gradient for running statistics either: they are constants.
    vectors = [real([3], 36), real([3], 37), real([3], 38), real([3], 39, 0.5, 1)]
    case('batchNorm', 'frozen', lambda x, g, b, m, v: frozen(x, g, b, m.detach(), v.detach()), [real([2, 2, 3, 3], 40)] + vectors, {'epsilon': 1e-3}, terms=12)

    def training(x, gamma, beta, epsilon=1e-3):
        flat = x.reshape(-1, x.shape[-1])
        return F.batch_norm(flat, None, None, gamma, beta, True, 0, epsilon).reshape(x.shape)

    inputs = [real([2, 3, 3, 3], 46), real([3], 47), real([3], 48)]
    case('batchNormTraining', 'of images', training, inputs, {'epsilon': 1e-3}, terms=60)
    case('batchNormTraining', 'far from zero', lambda x, g, b: training(x, g, b, 1e-5), [real([70, 2], 49, 1, 50), real([2], 52), real([2], 53)], {'epsilon': 1e-5}, terms=2000)
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    normalize = lambda x: (x.double() / 255 - torch.tensor(mean)) / torch.tensor(deviation)
    data = [(7 * i * i + 3) % 256 for i in range(27)]
    case('normalizeImages', 'ImageNet', normalize, [whole([1, 3, 3, 3], data, 'uint8')], {'mean': mean, 'deviation': deviation}, differentiable=False)


def norms():
    for name, x, row, epsilon in (
        ('of the last axis', [2, 3, 7], [7], None), ('of two axes', [3, 2, 5], [2, 5], 1e-3), ('of a row longer than a workgroup', [2, 70], [70], None),
    ):
        options = {} if epsilon is None else {'epsilon': epsilon}
        norm = lambda x, *vectors: F.layer_norm(x, row, *vectors, eps=epsilon or 1e-5)
        case('layerNorm', name, norm, [real(x, 61, 2, 0.5), real(row, 62), real(row, 63)], options, terms=count(row) + 64)
    case('layerNorm', 'without vectors', lambda x: F.layer_norm(x, x.shape[-1:]), [real([3, 5], 64)], terms=5)
    case('layerNorm', 'without a shift', lambda x, w: F.layer_norm(x, x.shape[-1:], w), [real([3, 5], 65), real([5], 66)], terms=8)
    far = lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b)
    case('layerNorm', 'far from zero', far, [real([3, 12], 67, 1, 50), real([12], 68), real([12], 69)], terms=2000)

    def root_mean_square(x, weight, epsilon):
        # PyTorch has it from version 2.4 on; this is its formula.
        axes = tuple(range(-weight.dim(), 0))
        return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + epsilon) * weight

    for name, x, row, epsilon in (('of the last axis', [2, 3, 5], [5], 1e-6), ('of two axes', [3, 2, 4], [2, 4], None)):
        options = {} if epsilon is None else {'epsilon': epsilon}
        inputs = [real(x, 70, 2, 0.5), real(row, 71)]
        case('rmsNorm', name, lambda x, w: root_mean_square(x, w, epsilon or 2**-23), inputs, options, terms=count(row) + 16)


def attentions():
    def attend(q, k, v, mask=None, causal=False, scale=None):
        scores = torch.einsum('bqhd,bkhd->bhqk', q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
        if mask is not None:
            scores = scores + mask if mask.is_floating_point() else scores.masked_fill(mask == 0, -math.inf)
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:]).tril() == 0, -math.inf)
        return torch.einsum('bhqk,bkhd->bqhd', scores.softmax(-1), v)

    def of(name, queries, keys, options=None, masks=()):
        options = options or {}
        function = lambda q, k, v, *masks: attend(q, k, v, *masks, **options)
        inputs = [real(queries, 90, 2), real(keys, 91, 2), real(keys, 92), *masks]
        case('attention', name, function, inputs, options, terms=4 * keys[1] + 4 * queries[1])

    of('of its own', [2, 5, 2, 4], [2, 5, 2, 4])
    of('of other keys', [1, 3, 2, 6], [1, 7, 2, 6], {'scale': 0.5})
    of('causal', [1, 6, 1, 4], [1, 6, 1, 4], {'causal': True})
    of('causal, of fewer keys', [1, 5, 1, 4], [1, 3, 1, 4], {'causal': True})
    of('of a mask of keys', [2, 3, 2, 4], [2, 4, 2, 4], None, [whole([2, 1, 1, 4], [1, 1, 0, 1, 0, 0, 1, 1])])
    of('of a mask that is added', [1, 3, 2, 4], [1, 4, 2, 4], None, [real([2, 3, 4], 93, 2)])
    of('of a mask that is added, causal', [1, 3, 1, 4], [1, 3, 1, 4], {'causal': True}, [real([3, 1], 94, 2)])


def mixing():
    """Boxes are top, left, bottom, right; the last two are not included."""

    def erase(x, boxes):
        # torchvision's own; channels come first there.
        images = [erase_box(image.permute(2, 0, 1), *box).permute(1, 2, 0) for image, box in zip(x, boxes.tolist())]
        return torch.stack(images)

    def erase_box(image, top, left, bottom, right):
        return F_vision.erase(image, top, left, bottom - top, right - left, torch.zeros(1, 1, 1))

    boxes = whole([3, 4], [0, 1, 2, 5, 2, 2, 2, 4, 1, 0, 4, 3])
    case('eraseBoxes', 'of three images', erase, [real([3, 4, 5, 2], 54), boxes])

    def mix(x, partners, share, box):
        top, left, bottom, right = box
        mixed = (1 - share) * x + share * partners
        mask = torch.zeros_like(x)
        mask[:, top:bottom, left:right] = 1
        return mask * partners + (1 - mask) * mixed

    for name, share, box in (
        ('as mixup', 0.3, [0, 0, 0, 0]), ('as CutMix', 0, [1, 2, 4, 4]), ('as both', 0.75, [0, 1, 2, 5]),
    ):
        options = {'share': share, 'box': box}
        case('mixImages', name, lambda x, y: mix(x, y, share, box), [real([2, 4, 5, 3], 55), real([2, 4, 5, 3], 56)], options)
    case('scaleRows', 'of images', lambda x, f: x * f.reshape(-1, 1, 1, 1), [real([3, 2, 2, 5], 57), real([3], 58)], terms=20)
    case('scaleRows', 'of single numbers', lambda x, f: x * f, [real([4], 59), real([4], 60)])


def losses():
    for smoothing in (0, 0.1):
        options = {'labelSmoothing': smoothing}
        function = lambda x, t: F.cross_entropy(x, t, reduction='none', label_smoothing=smoothing)
        labels = whole([5], [3, 0, 6, 6, 2])
        case('crossEntropy', f'of labels, smoothing {smoothing}', function, [real([5, 7], 41, 5), labels], options, terms=14)
        soft = lambda x, t: function(x, t.detach())
        case('crossEntropy', f'of soft targets, smoothing {smoothing}', soft, [real([3, 4], 42, 3), real([3, 4], 43, 0.2, 0.25)], options, terms=8)
    case('crossEntropy', 'of large logits', lambda x, t: F.cross_entropy(x, t, reduction='none'), [real([2, 3], 44, 80, 30), whole([2], [1, 2])], {'labelSmoothing': 0}, terms=100)
    def of_rows(x, t, **options):
        """PyTorch has the classes of a tensor of rank 3 in the middle."""
        losses = F.cross_entropy(x.reshape(-1, x.shape[-1]), t.reshape(-1), reduction='none', **options)
        return losses.reshape(t.shape)

    tokens = whole([2, 4], [0, 2, -100, 1, -100, 2, 2, -100])
    for smoothing in (0, 0.1):
        options = {'labelSmoothing': smoothing, 'ignoreIndex': -100}
        ignoring = lambda x, t: of_rows(x, t, label_smoothing=smoothing)
        case('crossEntropy', f'of tokens, some ignored, smoothing {smoothing}', ignoring, [real([2, 4, 3], 45, 4), tokens], options, terms=8)
    last = whole([3], [1, 0, 1])
    case('crossEntropy', 'of rows, a class ignored', lambda x, t: of_rows(x, t, ignore_index=1), [real([3, 2], 46), last], {'labelSmoothing': 0, 'ignoreIndex': 1}, terms=8)
    case('crossEntropy', 'of one row', of_rows, [real([4], 47), whole([], [2])], {'labelSmoothing': 0}, terms=8)

    def binary(x, t, p=None):
        return F.binary_cross_entropy_with_logits(x, t.detach(), pos_weight=None if p is None else p.detach(), reduction='none')

    shares = real([3, 4], 49, 0.5, 0.5)
    case('binaryCrossEntropy', 'of a matrix', binary, [real([3, 4], 48, 4), shares], terms=4)
    case('binaryCrossEntropy', 'of large logits', binary, [real([3, 4], 48, 100), shares], terms=8)
    case('binaryCrossEntropy', 'with positive weights', binary, [real([3, 4], 48, 4), shares, real([4], 50, 2, 2.5)], terms=8)


def losses_of_parts():
    """Of losses that are put together from operations, and of means that are more than one."""
    def loss(name, kind, function, inputs, options=None, terms=1):
        case(name, kind, function, inputs, options, terms, kind='loss', table=loss_cases)

    labels = whole([5], [3, -100, 6, 0, -100])
    for smoothing in (0, 0.2):
        options = {'ignoreIndex': -100, 'labelSmoothing': smoothing}
        ignoring = lambda x, t: F.cross_entropy(x, t, label_smoothing=smoothing)
        loss('crossEntropy', f'of those not ignored, smoothing {smoothing}', ignoring, [real([5, 7], 41, 5), labels], options, 40)
    loss('crossEntropy', 'of none ignored', F.cross_entropy, [real([3, 4], 42, 3), whole([3], [1, 3, 0])], {'ignoreIndex': -100}, 40)

    binary = lambda reduction: lambda x, t: F.binary_cross_entropy_with_logits(x, t.detach(), reduction=reduction)
    pair = [real([3, 4], 48, 4), real([3, 4], 49, 0.5, 0.5)]
    for reduction in ('mean', 'sum'):
        loss('binaryCrossEntropy', f'as a {reduction}', binary(reduction), pair, {'reduction': reduction}, 40)
    # PyTorch has no gradient of its own weights.
    weighted = lambda x, t, w: (binary('none')(x, t) * w).mean()
    loss('binaryCrossEntropy', 'with weights', weighted, [*pair, real([3, 1], 51, 1, 1.5)], {}, 40)

    inputs = [real([3, 5], 52, 2, -3), real([3, 5], 53, 0.4, 0.5)]
    logarithms = [inputs[0], real([3, 5], 54, 1, -2)]
    for reduction in ('batchmean', 'mean', 'sum', 'none'):
        divergence = lambda x, t: F.kl_div(x, t, reduction=reduction)
        loss('klDivergence', f'reduced by {reduction}', divergence, inputs, {'reduction': reduction}, 60)
    of_logarithms = lambda x, t: F.kl_div(x, t, reduction='batchmean', log_target=True)
    loss('klDivergence', 'of logarithms', of_logarithms, logarithms, {'logTarget': True}, 60)
    loss('klDivergence', 'of rank 1', lambda x, t: F.kl_div(x, t, reduction='batchmean'), [real([4], 55, 2, -3), real([4], 56, 0.4, 0.5)], {}, 60)

    two = [real([4, 6], 57, 2), real([4, 6], 58, 2)]
    for beta in (0, 0.5, 1, 2):
        loss('smoothL1', f'beta {beta}', lambda a, b: F.smooth_l1_loss(a, b, beta=beta), two, {'beta': beta}, 60)
    for delta in (0.5, 1, 2):
        loss('huber', f'delta {delta}', lambda a, b: F.huber_loss(a, b, delta=delta), two, {'delta': delta}, 60)
    for reduction in ('sum', 'none'):
        options = {'reduction': reduction}
        loss('smoothL1', f'reduced by {reduction}', lambda a, b: F.smooth_l1_loss(a, b, **options), two, options, 60)
        loss('huber', f'reduced by {reduction}', lambda a, b: F.huber_loss(a, b, **options), two, options, 60)
    loss('meanSquaredError', 'of a matrix', F.mse_loss, two, {}, 60)


def views():
    """Operations that are made of others: on sequences, which are images of one row, and pools of as many parts as asked for."""
    def view(name, kind, function, inputs, options, terms):
        case(name, kind, function, inputs, options, terms, kind='view', table=view_cases)

    def convolution(x, w, stride=1, padding=(0, 0), dilation=1, groups=1):
        x = F.pad(x.permute(0, 2, 1), padding)
        return F.conv1d(x, w.permute(2, 1, 0), None, stride, 0, dilation, groups).permute(0, 2, 1)

    settings = {
        'of a window of 3': ([2, 7, 3], [3, 3, 4], {}), 'padding, stride': ([1, 9, 2], [4, 2, 3], {'stride': 2, 'padding': (1, 1)}),
        'padding before, dilation': ([1, 8, 2], [3, 2, 2], {'dilation': 2, 'padding': (4, 0)}), 'groups': ([2, 6, 4], [3, 2, 6], {'groups': 2, 'padding': (1, 1)}),
        'depthwise': ([1, 8, 4], [5, 1, 4], {'groups': 4, 'padding': (2, 2)}), 'of a window of 1': ([2, 4, 3], [1, 3, 5], {}),
    }
    for name, (x, w, options) in settings.items():
        terms = max(count(w[:2]), x[0] * x[1])
        view('conv1d', name, lambda a, b: convolution(a, b, **options), [real(x, 170), real(w, 171)], options, terms)
    def transposed(x, w, stride=1, padding=0, outputPadding=0, dilation=1, groups=1):
        return F.conv_transpose1d(x.permute(0, 2, 1), w.permute(2, 1, 0), None, stride, padding, outputPadding, groups, dilation).permute(0, 2, 1)

    settings = {
        'of a window of 3': ([2, 5, 3], [3, 4, 3], {}), 'stride, output padding': ([1, 4, 2], [4, 3, 2], {'stride': 3, 'padding': 1, 'outputPadding': 2}),
        'dilation, groups': ([1, 5, 4], [3, 2, 4], {'dilation': 2, 'padding': 1, 'groups': 2}),
    }
    for name, (x, w, options) in settings.items():
        terms = max(w[0] * max(w[1:]), x[0] * x[1])
        view('convTranspose1d', name, lambda a, b: transposed(a, b, **options), [real(x, 174), real(w, 175)], options, terms)
    for name, x, size in (
        ('parts that share places', [2, 5, 7, 3], [3, 4]), ('more parts than places', [1, 2, 3, 2], [5, 7]),
        ('parts of one size', [1, 6, 4, 2], [3, 2]), ('of one axis', [1, 4, 3, 2], [4, 2]), ('one part', [2, 3, 5, 1], [1, 1]),
    ):
        pooled = lambda x: F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)
        view('adaptiveAveragePool2d', name, pooled, [real(x, 176)], {'size': size}, 16)
    same = lambda x, w: convolution(x, w, stride=2, padding=(0, 1))
    view('conv1d', "padding 'same'", same, [real([1, 8, 2], 172), real([3, 2, 2], 173)], {'stride': 2, 'padding': 'same'}, 8)


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al., SC 2011)."""
    c, k, mask = list(counter), list(key), 0xFFFFFFFF
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def random():
    """PyTorch draws other numbers, so the mask comes from Philox, written here a second time."""
    probability, seed, step, purpose = 0.3, 12345, 7, 1
    words = [philox((i, 0, step, 0), (seed, purpose)) for i in range(5)]
    kept = torch.tensor([word >= probability * 2**32 for four in words for word in four][:18]).reshape(3, 6)
    options = {'probability': probability, 'seed': seed, 'step': step}
    case('dropout', 'of a matrix', lambda x: x * kept / (1 - probability), [real([3, 6], 45)], options)


def optimizers():
    """Twenty steps on two arrays under loss = sum of c (w - t)^2 / 2 with c, t from `values`."""

    def problem():
        weights = [values([3, 5], 50), values([70], 51)]
        return [weight.clone().requires_grad_() for weight in weights]

    def loss(weights):
        parts = [values(w.shape, 60 + i, 1, 1.5) * (w - values(w.shape, 70 + i)) ** 2 / 2 for i, w in enumerate(weights)]
        return sum(part.sum() for part in parts)

    def run(make, clip=None):
        weights = problem()
        optimizer = make(weights)
        norms = []
        for _ in range(20):
            optimizer.zero_grad()
            loss(weights).backward()
            if clip is not None:
                norms.append(float(torch.nn.utils.clip_grad_norm_(weights, clip)))
            optimizer.step()
        return {'weights': [rounded(weight) for weight in weights], 'norms': norms}

    class KerasAdam:
        """Keras's Adam: epsilon is added before the bias correction of the second moment ('epsilon hat')."""

        def __init__(self, weights, lr, epsilon):
            self.weights, self.lr, self.epsilon, self.t = weights, lr, epsilon, 0
            self.m = [torch.zeros_like(w) for w in weights]
            self.v = [torch.zeros_like(w) for w in weights]

        def zero_grad(self):
            for weight in self.weights:
                weight.grad = None

        def step(self):
            self.t += 1
            rate = self.lr * math.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
            with torch.no_grad():
                for w, m, v in zip(self.weights, self.m, self.v):
                    m += (w.grad - m) * (1 - 0.9)
                    v += (w.grad**2 - v) * (1 - 0.999)
                    w -= rate * m / (v.sqrt() + self.epsilon)

    class KerasRmsprop:
        """Keras's RMSprop without momentum: epsilon is added under the root."""

        def __init__(self, weights, lr, alpha, epsilon):
            self.weights, self.lr, self.alpha, self.epsilon = weights, lr, alpha, epsilon
            self.squares = [torch.zeros_like(w) for w in weights]

        def zero_grad(self):
            for weight in self.weights:
                weight.grad = None

        def step(self):
            with torch.no_grad():
                for w, s in zip(self.weights, self.squares):
                    s.mul_(self.alpha).add_((1 - self.alpha) * w.grad**2)
                    w -= self.lr * w.grad / (s + self.epsilon).sqrt()

    rmsprop = torch.optim.RMSprop
    sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
    # Large epsilons, so that where they are added shows.
    settings = {
        'sgd': ('sgd', {'lr': 0.1}, lambda w: sgd(w, 0.1), None),
        'sgd, momentum': ('sgd', {'lr': 0.1, 'momentum': 0.9}, lambda w: sgd(w, 0.1, 0.9), None),
        'sgd, momentum, weight decay': ('sgd', {'lr': 0.1, 'momentum': 0.9, 'weightDecay': 0.05}, lambda w: sgd(w, 0.1, 0.9, weight_decay=0.05), None),
        'sgd, Nesterov, weight decay': ('sgd', {'lr': 0.1, 'momentum': 0.8, 'weightDecay': 0.05, 'nesterov': True}, lambda w: sgd(w, 0.1, 0.8, weight_decay=0.05, nesterov=True), None),
        'sgd, clipped': ('sgd', {'lr': 0.1, 'momentum': 0.9, 'maxGradientNorm': 1.5}, lambda w: sgd(w, 0.1, 0.9), 1.5),
        'rmsprop': ('rmsprop', {'lr': 0.02}, lambda w: rmsprop(w, 0.02), None),
        'rmsprop, momentum, weight decay': ('rmsprop', {'lr': 0.02, 'alpha': 0.9, 'momentum': 0.8, 'weightDecay': 0.1, 'epsilon': 1e-2}, lambda w: rmsprop(w, 0.02, 0.9, 1e-2, 0.1, 0.8), None),
        'rmsprop, clipped': ('rmsprop', {'lr': 0.02, 'maxGradientNorm': 1.5}, lambda w: rmsprop(w, 0.02), 1.5),
        'rmsprop, Keras': ('rmsprop', {'lr': 0.02, 'alpha': 0.9, 'epsilon': 1e-2, 'epsilonPlacement': 'inside'}, lambda w: KerasRmsprop(w, 0.02, 0.9, 1e-2), None),
        'adam': ('adam', {'lr': 0.05}, lambda w: adam(w, 0.05), None),
        'adam, weight decay': ('adam', {'lr': 0.05, 'weightDecay': 0.1, 'betas': [0.8, 0.99], 'epsilon': 1e-2}, lambda w: adam(w, 0.05, (0.8, 0.99), 1e-2, 0.1), None),
        'adamW': ('adamW', {'lr': 0.05, 'weightDecay': 0.1, 'epsilon': 1e-2}, lambda w: adamw(w, 0.05, eps=1e-2, weight_decay=0.1), None),
        'adam, Keras': ('adam', {'lr': 0.05, 'epsilon': 1e-2, 'epsilonPlacement': 'hat'}, lambda w: KerasAdam(w, 0.05, 1e-2), None),
    }
    return [
        {'name': name, 'optimizer': kind, 'options': options, **run(make, clip)}
        for name, (kind, options, make, clip) in settings.items()
    ]


def write(path, items, kind):
    """One line an item. With --only, lines of other kinds are those that the file has."""
    key = lambda item: (item[kind], item['name'])
    kept = {}
    if only is not None:
        for line in path.read_text().splitlines()[1:-1]:
            line = line.removesuffix(',')
            kept[key(json.loads(line))] = line
    lines = []
    for item in items:
        if only in (None, item[kind]):
            lines.append(json.dumps(item, separators=(',', ':')))
        elif key(item) in kept:
            lines.append(kept[key(item)])
        else:
            raise SystemExit(f'{path.name} has no case of {item[kind]}, {item["name"]}: run without --only')
    path.write_text('[\n' + ',\n'.join(lines) + '\n]\n')


def taken(part):
    """The cases of a part that has a file of its own."""
    before = len(cases)
    part()
    found = cases[before:]
    del cases[before:]
    return found


def main():
    global only
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', nargs='?', type=Path, default=Path(__file__).parent)
    parser.add_argument('--only')
    arguments = parser.parse_args()
    only = arguments.only
    for part in (pointwise, reductions, masks, movement, products):
        part()
    image_cases = taken(images)
    for part in (norms, attentions, mixing, losses, losses_of_parts, views, random):
        part()
    tables = (
        ('operation', 'operations.json', cases), ('operation', 'images.json', image_cases), ('loss', 'losses.json', loss_cases),
        ('view', 'views.json', view_cases), ('optimizer', 'optimizers.json', optimizers()),
    )
    names = sorted({item[kind] for kind, _, items in tables for item in items})
    if only is not None and only not in names:
        near = difflib.get_close_matches(only, names, 1)
        raise SystemExit(f'there are no cases of {only}' + (f': did you mean {near[0]}?' if near else ''))
    for kind, file, items in tables:
        if only is None or any(item[kind] == only for item in items):
            write(arguments.folder / file, items, kind)


if __name__ == '__main__':
    main()
