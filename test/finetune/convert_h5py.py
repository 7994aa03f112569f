"""Reads a converted Keras file with h5py, and compares it with the safetensors file that it was made from.

    python3 test/finetune/convert_h5py.py SOURCE.safetensors CONVERTED.h5

Needs h5py.
"""

import json
import sys

import h5py
import numpy
from convert_torch import read_safetensors

VARIABLES = {"weight": "kernel", "bias": "bias"}
NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def expected_name(name, tensors):
    layer, variable = name.rsplit(".", 1)
    variables = NORM if f"{layer}.running_mean" in tensors else VARIABLES
    return f"{layer}/{variables[variable]}"


def keras_layout(array):
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


source, converted = sys.argv[1:]
expected = read_safetensors(source)
with h5py.File(converted, "r") as file:
    config = json.loads(file.attrs["model_config"])
    assert config["class_name"] == "Functional"
    layers = [layer["name"] for layer in config["config"]["layers"]]
    group = file["model_weights"]
    assert [name.decode() for name in group.attrs["layer_names"]] == layers
    found = {}
    for layer in layers:
        for name in group[layer].attrs["weight_names"]:
            found[name.decode().removesuffix(":0")] = group[layer][name.decode()][:]
    wanted = {expected_name(name, expected): tensor.numpy() for name, tensor in expected.items()}
    assert set(found) == set(wanted), set(found) ^ set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == numpy.float32
        assert numpy.array_equal(found[name], keras_layout(array)), name
print(f"{len(found)} arrays in {len(layers)} layers, values equal")
