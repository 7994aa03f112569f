#!/usr/bin/python3
"""Writes src/models/imagenet-table.ts: the 1,000 ImageNet-1k classes in torchvision's order.

    apt-get install python3-torchvision wordnet-base darknet
    /usr/bin/python3 weights/imagenet-classes.py > src/models/imagenet-table.ts

Three sources that know nothing of each other must agree, or nothing is written:

- torchvision (python3-torchvision): the class names, in the order of the outputs;
- darknet: which 1,000 WordNet ids belong to the challenge, each with a short name;
- WordNet 3.0 (wordnet-base): which words each id, the offset of a noun synset, stands for.

ImageNet's class indices are the ranks of the sorted WordNet ids. So the sorted ids, set beside
torchvision's names, must name the same thing line by line.
"""

import re
import sys

from torchvision.models._meta import _IMAGENET_CATEGORIES

LABELS = "/usr/share/darknet/data/imagenet.labels.list"
SHORT_NAMES = "/usr/share/darknet/data/imagenet.shortnames.list"
WORDNET_NOUNS = "/usr/share/wordnet/data.noun"

# torchvision adds a word to two names, because two classes share their first word in WordNet.
TOLD_APART = {"crane bird": "crane", "maillot tank suit": "maillot"}


def letters(name):
    """The letters and digits of a name: the sources differ in spaces, hyphens and capitals."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def noun_synsets():
    """WordNet id -> its words; a line reads `offset file type count word id word id ...`."""
    synsets = {}
    with open(WORDNET_NOUNS, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("  "):  # the licence at the head of the file
                continue
            fields = line.split(" ")
            count = int(fields[3], 16)
            synsets["n" + fields[0]] = [fields[4 + 2 * i] for i in range(count)]
    return synsets


def first_thousand(path):
    with open(path, encoding="ascii") as lines:
        return [line.strip() for line in lines][:1000]


def main():
    names = _IMAGENET_CATEGORIES
    short_names = dict(zip(first_thousand(LABELS), first_thousand(SHORT_NAMES)))
    ids = sorted(short_names)
    synsets = noun_synsets()
    assert len(names) == len(set(names)) == len(ids) == 1000

    for name, wordnet_id in zip(names, ids):
        plain = letters(TOLD_APART.get(name, name))
        words = [letters(word) for word in synsets[wordnet_id]]
        assert plain in words, (name, wordnet_id, synsets[wordnet_id])
        assert plain == letters(short_names[wordnet_id]), (name, wordnet_id)

    rows = "\n".join(f"{i} {name}" for i, name in zip(ids, names))
    assert "`" not in rows and "\\" not in rows and "${" not in rows
    sys.stdout.write(HEADER + rows + "\n`;\n")


HEADER = """/**
 * Written by weights/imagenet-classes.py; do not edit.
 *
 * One ImageNet-1k class a line, in the order of the outputs of torchvision's models: WordNet id,
 * a space, name. Names: torchvision's (BSD-3-Clause, Soumith Chintala and Facebook). Ids: offsets
 * of noun synsets in WordNet 3.0 (WordNet licence, copyright 2006 Princeton University).
 */
export const imagenetTable = `\\
"""

main()
