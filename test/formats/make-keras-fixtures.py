"""Writes the Keras files that the tests of src/formats read, and what they hold.

    python3 test/formats/make-keras-fixtures.py

Needs h5py (made with 3.7) and NumPy, not Keras: the files have the structure that Keras's saving code gives them. They
are a few kB each and ours.
"""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent / "fixtures" / "keras"

NAMES = {"float32": "F32", "float64": "F64", "float16": "F16", "int32": "I32", "int64": "I64", "uint8": "U8"}


def values(shape, dtype="float32", start=0):
    return (np.arange(int(np.prod(shape)), dtype=dtype) + np.array(start, dtype)).reshape(shape)


# Layer, Keras's class, and its variables in order. Sorted by name, as HDF5 lists them, the order is another one.
LAYERS = [
    ("stem", "Conv2D", [("kernel", values((2, 2, 3, 4))), ("bias", values((4,), start=100))]),
    (
        "stem_bn",
        "BatchNormalization",
        [
            ("gamma", values((4,), start=200)),
            ("beta", values((4,), start=300)),
            ("moving_mean", values((4,), start=400)),
            ("moving_variance", values((4,), start=500)),
        ],
    ),
    ("act", "ReLU", []),
    ("block_depthwise", "DepthwiseConv2D", [("depthwise_kernel", values((3, 3, 4, 1), start=600))]),
    ("again", "Conv2D", [("kernel", values((1, 1, 4, 2), start=700)), ("bias", values((2,), start=800))]),
    ("a_head", "Dense", [("kernel", values((2, 3), start=900)), ("bias", values((3,), start=950))]),
]


def describe(entries):
    return [
        {"name": name, "dtype": NAMES[v.dtype.newbyteorder("=").name], "shape": list(v.shape),
         "raw": v.astype(v.dtype.newbyteorder("<")).tobytes().hex(), "float32": None}
        for name, v in entries
    ]  # fmt: skip


def expect(name, entries):
    (FOLDER / name).write_text(json.dumps(describe(entries), indent=1) + "\n")


def write_legacy(group, layers, parts=1):
    """The groups of an older file; with `parts` above 1, lists are split as Keras splits those above 64 KiB."""
    names = np.array([name.encode() for name, _, _ in layers])
    if parts == 1:
        group.attrs["layer_names"] = names
    else:
        for i, part in enumerate(np.array_split(names, parts)):
            group.attrs[f"layer_names{i}"] = part
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = "2.9.0"
    for name, _, variables in sorted(layers):
        layer = group.create_group(name)
        layer.attrs["weight_names"] = [f"{name}/{variable}:0".encode() for variable, _ in variables]
        for variable, value in variables:
            layer.create_dataset(f"{name}/{variable}:0", data=value)


def config(layers):
    described = [
        {"module": "keras.layers", "class_name": kind, "config": {"name": name, "trainable": True}, "name": name}
        for name, kind, _ in layers
    ]
    return {"module": "keras", "class_name": "Functional", "config": {"name": "tiny", "layers": described}}


def snake(name):
    return {"Conv2D": "conv2d", "ReLU": "re_lu", "DepthwiseConv2D": "depthwise_conv2d", "Dense": "dense",
            "BatchNormalization": "batch_normalization"}[name]  # fmt: skip


def write_keras3(group, layers, named=False, folder="layers"):
    counts = {}
    for name, kind, variables in layers:
        key = snake(kind)
        number = counts.get(key, 0)
        counts[key] = number + 1
        variables_group = group.create_group(f"{folder}/{key}_{number}" if number else f"{folder}/{key}").create_group("vars")
        if named:
            variables_group.attrs["name"] = name
        for i, (_, value) in enumerate(variables):
            variables_group[str(i)] = value


def hdf5(name, **options):
    return h5py.File(FOLDER / name, "w", **options)


def write_archive(name, weights, description, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(FOLDER / name, "w", compression) as archive:
        for member, data in [
            ("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2026-11-24@00:00:00"})),
            ("config.json", json.dumps(description)),
            ("model.weights.h5", weights),
        ]:
            archive.writestr(zipfile.ZipInfo(member, (2026, 11, 24, 0, 0, 0)), data, compression)


def in_memory(write):
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    named = [(f"{layer}/{variable}", v) for layer, _, variables in LAYERS for variable, v in variables]
    expect("layers.json", named)

    with hdf5("weights.h5") as file:
        write_legacy(file, LAYERS)
    with hdf5("model.h5") as file:
        file.attrs["model_config"] = json.dumps(config(LAYERS))
        file.attrs["training_config"] = json.dumps({"loss": "mse"})
        file.create_group("optimizer_weights").create_dataset("step", data=3)
        write_legacy(file.create_group("model_weights"), LAYERS, parts=3)
    with hdf5("nested.h5") as file:
        file.attrs["layer_names"] = [b"input", b"tiny", b"head"]
        file.create_group("input").attrs["weight_names"] = []
        tiny = file.create_group("tiny")
        inner = [(f"{layer}/{variable}", v) for layer, _, variables in LAYERS[:2] for variable, v in variables]
        tiny.attrs["weight_names"] = [f"{name}:0".encode() for name, _ in inner]
        for name, value in inner:
            tiny.create_dataset(f"{name}:0", data=value)
        head = file.create_group("head")
        # TensorFlow numbers a name that it has seen before.
        head.attrs["weight_names"] = [b"head_1/kernel:0"]
        head.create_dataset("head_1/kernel:0", data=values((2, 2)))
    expect("nested.json", [(f"tiny/{name}", v) for name, v in inner] + [("head/kernel", values((2, 2)))])

    for name, options in [("layers", {}), ("named", {"named": True}), ("old", {"folder": "_layer_checkpoint_dependencies"})]:
        with hdf5(f"{name}.weights.h5") as file:
            write_keras3(file, LAYERS, **options)
            file.create_group("optimizer/vars")
    stored = in_memory(lambda file: write_keras3(file, LAYERS))
    write_archive("model.keras", stored, config(LAYERS))
    write_archive("compressed.keras", stored, config(LAYERS), zipfile.ZIP_DEFLATED)
    lambda_layer = [("code", "Lambda", [])]
    write_archive("lambda.keras", stored, config(LAYERS + lambda_layer))
    write_archive("other-layers.keras", stored, config(LAYERS[1:]))

    def nested_model(file):
        write_keras3(file.create_group("layers/functional"), LAYERS[:2])
        head = file.create_group("layers/dense/vars")
        head["0"] = values((2, 2))

    nested_config = config([("head", "Dense", [])])
    nested_config["config"]["layers"].insert(0, config(LAYERS[:2]))
    write_archive("nested.keras", in_memory(nested_model), nested_config)

    # Dropout keeps the state of its random numbers; a model that is a class of its own has its layers as attributes.
    def random_state(group):
        group["0"] = np.array([1, 2], "uint32")

    with hdf5("dropout.weights.h5") as file:
        write_keras3(file, LAYERS[-1:])
        file.create_group("layers/dropout/vars")
        random_state(file.create_group("layers/dropout/seed_generator/vars"))
        file.create_group("vars")["0"] = values((2,))
    with hdf5("subclass.weights.h5") as file:
        write_keras3(file.create_group("backbone"), LAYERS[:2], named=True)
        file.create_group("dense/vars")["0"] = values((2, 2))
    with hdf5("dropout.h5") as file:
        file.attrs["layer_names"] = [b"dropout", b"head"]
        file.create_group("dropout").attrs["weight_names"] = [b"seed_generator_state"]
        file["dropout"]["seed_generator_state"] = np.array([1, 2], "uint32")
        file.create_group("head").attrs["weight_names"] = [b"kernel"]
        file["head"]["kernel"] = values((2, 2))

    # What HDF5 2.0 writes by default: other headers, and links and attributes in heaps.
    many = [(f"layer_{i}", "Dense", [("kernel", values((1, 2), start=i))]) for i in range(60)]
    with hdf5("version-1.8.h5", libver=("v108", "v108")) as file:
        write_legacy(file, many)
        for i in range(20):
            file.attrs[f"note{i}"] = f"text {i}"
    expect("version-1.8.json", [(f"{layer}/{n}", v) for layer, _, variables in many for n, v in variables])

    # Small, for the fuzzer, and yet with a heap of links and one of attributes.
    with hdf5("small-1.8.h5", libver=("v108", "v108")) as file:
        write_legacy(file, many[:10])
        for i in range(8):
            file.attrs[f"note{i}"] = "text"

    # One array for each way in which HDF5 stores one.
    kinds = {
        "half": values((3,), "float16"),
        "double": values((2, 2), "float64"),
        "big-endian": values((3,), ">f4", 5),
        "integer": values((2,), "int64"),
        "scalar": np.float32(7).reshape(()),
        "empty": values((0, 3)),
        "byte": values((9,), "uint8"),
    }
    chunked = {"gzip": values((5, 7)), "shuffled": values((6, 9), start=3), "plain-chunks": values((3, 3, 3))}
    with hdf5("kinds.h5") as file:
        names = [*kinds, *chunked, "bfloat16"]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = file.create_group(name)
            group.attrs["weight_names"] = [b"x/kernel:0"]
            if name in kinds:
                group["x/kernel:0"] = kinds[name]
        file["gzip"].create_dataset("x/kernel:0", data=chunked["gzip"], chunks=(2, 3), compression="gzip")
        file["shuffled"].create_dataset("x/kernel:0", data=chunked["shuffled"], chunks=(4, 4), compression="gzip", shuffle=True)
        file["plain-chunks"].create_dataset("x/kernel:0", data=chunked["plain-chunks"], chunks=(2, 2, 2))
        bits = np.array([0x3F80, 0x4000], "<u2").view("V2")
        file["bfloat16"].create_dataset("x/kernel:0", data=bits).attrs["dtype"] = "bfloat16"
    raw = describe([(f"{name}/kernel", v) for name, v in {**kinds, **chunked}.items()])
    raw.append({"name": "bfloat16/kernel", "dtype": "BF16", "shape": [2], "raw": "803f0040", "float32": None})
    (FOLDER / "kinds.json").write_text(json.dumps(raw, indent=1) + "\n")

    attacks()


def attack(name):
    """A file with one layer, whose kernel the caller makes."""
    file = hdf5(name)
    file.attrs["layer_names"] = [b"a"]
    group = file.create_group("a")
    group.attrs["weight_names"] = [b"kernel:0"]
    return file, group


def attacks():
    file, group = attack("attack-soft-link.h5")
    group["kernel:0"] = h5py.SoftLink("/elsewhere")
    file.close()
    file, group = attack("attack-external-link.h5")
    group["kernel:0"] = h5py.ExternalLink("/etc/passwd", "/")
    file.close()
    with hdf5("attack-external-link-1.8.h5", libver=("v108", "v108")) as file:
        file.attrs["layer_names"] = [b"a"]
        file["a"] = h5py.ExternalLink("other.h5", "/a")
    file, group = attack("attack-external-file.h5")
    group.create_dataset("kernel:0", shape=(4,), dtype="f4", external=[("/etc/passwd", 0, 16)])
    file.close()
    with hdf5("attack-virtual.h5", libver="latest") as file:
        file.attrs["layer_names"] = [b"a"]
        group = file.create_group("a")
        group.attrs["weight_names"] = [b"kernel:0"]
        layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "data", shape=(4,))
        group.create_virtual_dataset("kernel:0", layout)
    # 5 GiB of zeros of which one chunk is stored.
    file, group = attack("attack-bomb.h5")
    bomb = group.create_dataset("kernel:0", shape=(5 * 2**28,), dtype="f4", chunks=(2**16,), compression="gzip")
    bomb[0] = 1
    file.close()
    # A chunk of 4 floats that claims to be one of 2 GiB.
    file, group = attack("attack-chunk.h5")
    group.create_dataset("kernel:0", data=values((4,)), maxshape=(None,), chunks=(4,), compression="gzip")
    file.close()
    path = FOLDER / "attack-chunk.h5"
    layout, honest = bytes([3, 2, 2]), (4).to_bytes(4, "little") * 2
    data = path.read_bytes()
    at = next(i for i in range(len(data)) if data[i : i + 3] == layout and data[i + 11 : i + 19] == honest)
    path.write_bytes(data[: at + 11] + (2**29).to_bytes(4, "little") + data[at + 15 :])
    # Five chunks of 4 floats that claim to be 256 MiB each, of which the array is 80 bytes.
    file, group = attack("attack-chunks.h5")
    group.create_dataset("kernel:0", data=values((5, 4)), maxshape=(None, None), chunks=(1, 4), compression="gzip")
    file.close()
    path = FOLDER / "attack-chunks.h5"
    extent = b"".join(number.to_bytes(4, "little") for number in (1, 4, 4))
    data = path.read_bytes()
    at = data.index(extent) + 4
    path.write_bytes(data[:at] + (2**26).to_bytes(4, "little") + data[at + 4 :])
    file, group = attack("never-written.h5")
    group.create_dataset("kernel:0", shape=(4,), dtype="f4")
    file.close()
    file, group = attack("lzf.h5")
    group.create_dataset("kernel:0", data=values((4,)), compression="lzf")
    file.close()
    file, group = attack("text.h5")
    group["kernel:0"] = "not a number"
    file.close()
    with hdf5("circle.weights.h5") as file:
        file["layers/dense"] = file
    with hdf5("newest-chunks.h5", libver="latest") as file:
        file.attrs["layer_names"] = [b"a"]
        group = file.create_group("a")
        group.attrs["weight_names"] = [b"kernel:0"]
        group.create_dataset("kernel:0", data=values((4,)), chunks=(2,))
    with hdf5("lambda.h5") as file:
        file.attrs["model_config"] = json.dumps(config([("code", "Lambda", [])]))
        write_legacy(file.create_group("model_weights"), LAYERS)
    with hdf5("not-keras.h5") as file:
        file["data"] = values((2,))


if __name__ == "__main__":
    main()
