"""Makes test/data/fixtures: small pictures of every kind, and what Pillow and torchvision make of
them. The pictures are noise and flat colours made here, so they are the project's own.

    /usr/bin/python3 test/data/make-fixtures.py      (Debian's python3-pil, python3-torchvision)

Written with Pillow 9.4, torchvision 0.14 and numpy 1.24. Where pixels must be equal to the bit,
`expected.json` holds their SHA-256.
"""

import hashlib
import io
import json
import pathlib
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

warnings.filterwarnings("ignore")
from torchvision import transforms  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "fixtures"
WIDTH, HEIGHT = 53, 37  # odd, so that chroma subsampling meets its edges
random = np.random.default_rng(20261)
expected = {"decode": {}, "resize": [], "preprocess": []}


def smooth(width, height, cell=6):
    """Noise enlarged: a picture with edges and gradients that compresses well."""
    shape = (height // cell + 2, width // cell + 2, 3)
    return Image.fromarray(random.integers(0, 256, shape, np.uint8)).resize((width, height), Image.BICUBIC)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def over_white(image):
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), rgba)
    return image.convert("RGB")


def save(name, image, **options):
    """Saves a picture; its expected pixels are those that Pillow reads back."""
    image.save(FOLDER / name, **options)
    expect(name, over_white(ImageOps.exif_transpose(Image.open(FOLDER / name))))


def expect(name, rgb):
    expected["decode"][name] = {
        "width": rgb.width,
        "height": rgb.height,
        "sha256": sha256(rgb.tobytes()),
    }


def png(name, samples, profile=None, depth=16, interlaced=False):
    """A PNG that Pillow cannot write: of 16 bits a sample, or interlaced; samples [height, width, channels]."""
    height, width, channels = samples.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    # Adam7: where each of the seven passes begins, and how far its pixels are apart, in x and y.
    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in adam7] if interlaced else [samples]
    rows = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for part in passes for row in part)
    content = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced)))
    if profile:
        content += chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))
    content += chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    (FOLDER / name).write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def rgb_profile(primaries, gamma):
    """A version 2 ICC profile for a display: three primaries (XYZ, D50) and one gamma."""

    def fixed(*values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def xyz(values):
        return b"XYZ \0\0\0\0" + fixed(*values)

    name = b"wide\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = (0.9642, 1.0, 0.8249)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(white)}
    for channel, primary in zip(b"rgb", primaries):
        tags[bytes([channel]) + b"XYZ"] = xyz(primary)
        tags[bytes([channel]) + b"TRC"] = curve
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data
    header = struct.pack(">I4sI12s", 128 + len(table) + len(body), bytes(4), 0x02100000, b"mntrRGB XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(*white)
    return header.ljust(128, b"\0") + table + body


# The primaries of Display P3, adapted to D50.
DISPLAY_P3 = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]


def decode_fixtures():
    picture = smooth(WIDTH, HEIGHT)
    grey = picture.convert("L")
    for quality, subsampling, name in [(50, 2, "420"), (75, 1, "422"), (95, 0, "444")]:
        save(f"jpeg-{name}.jpg", picture, quality=quality, subsampling=subsampling)
    save("jpeg-progressive.jpg", picture, quality=80, progressive=True)
    save("jpeg-grey.jpg", grey)
    save("jpeg-cmyk.jpg", picture.convert("CMYK"), quality=90)
    save("png-rgb.png", picture)
    save("png-grey.png", grey)
    save("png-1bit.png", picture.convert("1"))
    palette = picture.quantize(16)
    save("png-palette.png", palette)
    save("png-palette-transparent.png", palette, transparency=bytes([0, 128, 255, 30] * 4))
    ramp = np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) % 256
    alpha = Image.fromarray(ramp.astype(np.uint8))
    translucent = picture.copy()
    translucent.putalpha(alpha)
    save("png-alpha.png", translucent)
    translucent_grey = grey.copy()
    translucent_grey.putalpha(alpha)
    save("png-grey-alpha.png", translucent_grey)
    save("webp-lossless.webp", picture, lossless=True)
    save("webp-lossy.webp", picture, quality=70)
    save("tiff-rgb.tif", picture)
    save("tiff-lzw.tif", picture, compression="tiff_lzw")
    frames = [palette, palette.transpose(Image.FLIP_LEFT_RIGHT), palette.transpose(Image.FLIP_TOP_BOTTOM)]
    save("gif-animated.gif", frames[0], save_all=True, append_images=frames[1:])
    save("webp-animated.webp", picture, save_all=True, append_images=[frames[1].convert("RGB")], lossless=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"exif-{orientation}.jpg", picture.crop((0, 0, 19, 11)), exif=exif, quality=90, subsampling=0)


def wide_fixtures():
    """16 bits a sample. Pillow truncates them, so the expected values come from the rounding."""
    ramp = (np.arange(WIDTH * HEIGHT, dtype=np.int64) * 33).reshape(HEIGHT, WIDTH, 1) % 65536
    to_byte = lambda samples: np.floor(samples * 255 / 65535 + 0.5).astype(np.uint8)  # noqa: E731
    png("png-grey16.png", ramp)
    expect("png-grey16.png", Image.fromarray(to_byte(ramp).repeat(3, axis=2)))
    colour = np.concatenate([ramp, 65535 - ramp, ramp * 7 % 65536], axis=2)
    png("png-rgb16.png", colour)
    expect("png-rgb16.png", Image.fromarray(to_byte(colour)))
    alpha = ramp * 3 % 65536
    png("png-alpha16.png", np.concatenate([colour, alpha], axis=2))
    blended = (colour * alpha + 65535 * (65535 - alpha)) / 65535
    expect("png-alpha16.png", Image.fromarray(to_byte(blended)))


def profile_fixtures():
    """Flat colours with a wide profile, and what Little CMS makes of them in sRGB."""
    from PIL import ImageCms

    colours = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [128, 128, 128], [255, 255, 255], [10, 60, 90]]
    flat = np.array([colours], np.uint8)
    profile = rgb_profile(DISPLAY_P3, 2.2)
    Image.fromarray(flat).save(FOLDER / "png-p3.png", icc_profile=profile)
    png("png-p3-16.png", flat.astype(np.int64) * 257, profile)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(Image.fromarray(flat), source, ImageCms.createProfile("sRGB"))
    expected["profile"] = np.array(converted).flatten().tolist()


def flat_profile_jpeg():
    """Six colours in blocks of 8 x 8 with a wide profile: JPEG keeps each, and Little CMS brings it to sRGB."""
    from PIL import ImageCms

    colours = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [128, 128, 128], [255, 255, 255], [10, 60, 90]]
    blocks = np.array([colours], np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    profile = rgb_profile(DISPLAY_P3, 2.2)
    path = FOLDER / "jpeg-p3.jpg"
    Image.fromarray(blocks).save(path, quality=100, subsampling=0, icc_profile=profile)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(Image.open(path), source, ImageCms.createProfile("sRGB"))
    expected["profile_jpeg"] = np.array(converted).flatten().tolist()


def variant_fixtures():
    """Animations, the variants of CMYK, interlacing, and EXIF orientation outside JPEG."""
    picture = smooth(WIDTH, HEIGHT)
    turned = picture.transpose(Image.FLIP_LEFT_RIGHT)
    save("png-animated.png", picture, save_all=True, append_images=[turned])
    png("png-interlaced.png", np.array(picture), depth=8, interlaced=True)
    expect("png-interlaced.png", picture)
    # Inks as Adobe writes them, inverted, are what Pillow saves; the marker says so, and how they are coded.
    adobe = (FOLDER / "jpeg-cmyk.jpg").read_bytes()
    start = adobe.index(b"\xff\xee\x00\x0eAdobe")
    plain = adobe[:start] + adobe[start + 16 :]
    ycck = adobe[: start + 15] + b"\x02" + adobe[start + 16 :]
    for name, content in [("jpeg-cmyk-unmarked.jpg", plain), ("jpeg-ycck.jpg", ycck)]:
        (FOLDER / name).write_bytes(content)
        expect(name, Image.open(FOLDER / name).convert("RGB"))
    exif = Image.Exif()
    exif[0x0112] = 6
    crop = picture.crop((0, 0, 19, 11))
    save("exif-6.png", crop, exif=exif)
    save("exif-6.webp", crop, exif=exif, lossless=True)
    crop.save(FOLDER / "exif-6.tif", exif=exif)
    expect("exif-6.tif", Image.open(FOLDER / "exif-6.tif").convert("RGB"))  # Pillow turns TIFF when it loads it


def generated(width, height, seed):
    """The picture that the tests generate too: the top bytes of a linear congruential generator."""
    samples, state = bytearray(width * height * 3), seed
    for i in range(len(samples)):
        state = (state * 1664525 + 1013904223) % 2**32
        samples[i] = state >> 24
    return Image.frombytes("RGB", (width, height), bytes(samples))


def resize_cases():
    sizes = [((1, 1), (5, 7)), ((2, 3), (1, 1)), ((97, 61), (97, 61)), ((97, 61), (97, 30)), ((200, 3), (7, 90))]
    for _ in range(40):
        sizes.append((tuple(random.integers(1, 130, 2).tolist()), tuple(random.integers(1, 130, 2).tolist())))
    for seed, (source, target) in enumerate(sizes):
        picture = generated(*source, seed)
        for name, method in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)]:
            pixels = picture.resize(target, method).tobytes()
            expected["resize"].append(
                {"seed": seed, "from": source, "to": target, "interpolation": name, "sha256": sha256(pixels)}
            )


def preprocess_cases():
    """torchvision's evaluation transform on landscape, portrait, square, tiny and extreme pictures."""
    save("chain-landscape.jpg", smooth(91, 60), quality=90)
    save("chain-portrait.png", smooth(45, 76))
    save("chain-square.png", smooth(33, 33))
    save("chain-tiny.png", smooth(9, 14))
    save("chain-strip.png", smooth(120, 5))
    cases = [
        ("chain-landscape.jpg", 37, 32),
        ("chain-landscape.jpg", 33, 28),
        ("chain-portrait.png", 37, 32),
        ("chain-portrait.png", 34, 31),
        ("chain-square.png", 33, 24),
        ("chain-tiny.png", 29, 24),
        ("chain-strip.png", 24, 24),
        ("chain-portrait.png", 20, 31),  # the crop is larger: padding
        ("chain-square.png", 20, 25),
    ]
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    for name, resize, crop in cases:
        image = Image.open(FOLDER / name).convert("RGB")
        cropped = transforms.CenterCrop(crop)(transforms.Resize(resize)(image))
        scaled = transforms.Normalize(mean, std)(transforms.ToTensor()(cropped))
        values = np.ascontiguousarray(scaled.numpy().transpose(1, 2, 0)).astype("<f4")
        pixels = np.array(cropped)
        expected["preprocess"].append(
            {
                "name": name,
                "resize": resize,
                "crop": crop,
                "normalized_sha256": sha256(values.tobytes()),
                # Every seventh row of pixels, to see how far off a difference is.
                "rows": [row.flatten().tolist() for row in pixels[::7]],
                "sha256": sha256(pixels.tobytes()),
            }
        )


FOLDER.mkdir(exist_ok=True)
decode_fixtures()
wide_fixtures()
profile_fixtures()
resize_cases()
preprocess_cases()
variant_fixtures()
flat_profile_jpeg()
(FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")
total = sum(file.stat().st_size for file in FOLDER.iterdir())
print(f"{total / 1000:.0f} kB in {FOLDER}")
