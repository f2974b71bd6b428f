#!/usr/bin/env python3
"""How well does a network do on real photos? One photo of each of ImageNet's 1,000 classes.

    python3 docs/photo_benchmark.py PHOTOS MODEL [PRODEN]

PHOTOS holds nNNNNNNNN_NAME.JPEG files (github.com/EliSchwartz/imagenet-sample-images), MODEL is a
network's .safetensors, PRODEN the command line (default target/release/proden).
Photos of what the ten classes name are classified; photos of what none of them names (fish, reptiles,
insects, food, plants) show how many the threshold turns away.
"""
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

# Single names, or (first, last) in the order of the files, which is WordNet's.
OF_CLASS = {
    "airplane": ["airliner", "warplane"],
    "automobile": ["beach_wagon", "cab", "convertible", "jeep", "limousine", "minivan", "Model_T", "racer", "sports_car"],
    "bird": [("cock", "great_grey_owl"), ("black_grouse", "black_swan"), ("white_stork", "albatross")],
    "cat": ["tabby", "tiger_cat", "Persian_cat", "Siamese_cat", "Egyptian_cat"],
    "deer": ["hartebeest", "impala", "gazelle"],
    "dog": [("Chihuahua", "Mexican_hairless")],
    "frog": ["bullfrog", "tree_frog", "tailed_frog"],
    "horse": ["sorrel"],
    "ship": ["aircraft_carrier", "catamaran", "container_ship", "fireboat", "lifeboat", "liner", "pirate", "schooner",
             "speedboat", "trimaran", "yawl"],
    "truck": ["fire_engine", "garbage_truck", "moving_van", "tow_truck", "trailer_truck"],
}
OF_NONE = [("tench", "stingray"), ("loggerhead", "centipede"), ("jellyfish", "isopod"), ("tiger_beetle", "sea_cucumber"),
           ("plate", "bolete")]


def chosen(names, wanted):
    """The files of these names and ranges. A crane is a bird first, a machine later."""
    found = []
    for it in wanted:
        first, last = it if isinstance(it, tuple) else (it, it)
        at = names.index(first)
        found += range(at, names.index(last, at) + 1)
    return found


def labelled(photos):
    """All files, the class of those that show one, and those that show none."""
    files = sorted(Path(photos).glob("n*.JPEG"))
    names = [file.stem.split("_", 1)[1] for file in files]
    wanted = {at: label for label, of in OF_CLASS.items() for at in chosen(names, of)}
    return files, wanted, chosen(names, OF_NONE)


def main(photos, model, proden="target/release/proden"):
    files, wanted, strangers = labelled(photos)
    asked = [*wanted, *strangers]
    command = [proden, "classify", "--model", model, "--json", *(str(files[at]) for at in asked)]
    answers = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    said = dict(zip(asked, answers))
    print(f"{'class':11} photos right believed right-of-believed  taken for")
    total = Counter()
    for label in OF_CLASS:
        of = [at for at in wanted if wanted[at] == label]
        right = [at for at in of if said[at]["label"] == label]
        believed = [at for at in of if not said[at]["none_of_them"]]
        both = len(set(right) & set(believed))
        total.update(photos=len(of), right=len(right), believed=len(believed), both=both)
        wrong = Counter(said[at]["label"] for at in of if at not in right)
        others = ", ".join(f"{name} {count}" for name, count in wrong.most_common())
        print(f"{label:11} {len(of):6} {len(right):5} {len(believed):8} {both:17}  {others}")
    print(f"{'all':11} {total['photos']:6} {total['right']:5} {total['believed']:8} {total['both']:17}")
    turned = sum(said[at]["none_of_them"] for at in strangers)
    print(f"strangers: {len(strangers)}, of which {turned} are turned away")


if __name__ == "__main__":
    main(*sys.argv[1:])
