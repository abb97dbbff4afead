#!/usr/bin/env python3
"""What NumPy says about samples, for a comparison bit by bit.

    python numpy_statistics.py SAMPLES

SAMPLES has one sample a line: the bits of its doubles in hexadecimal. Prints one line for each: the
percentiles 1, 5, 10, 25, 50, 75, 90, 95 and 99, then minimum, maximum, mean, population standard
deviation and sum, in the same notation.
"""

import struct
import sys

import numpy

PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99]


def bits(value: float) -> str:
    return struct.pack(">d", float(value)).hex()


with open(sys.argv[1], encoding="ascii") as lines:
    for line in lines:
        sample = numpy.array([struct.unpack(">d", bytes.fromhex(word))[0] for word in line.split()])
        figures = [*numpy.percentile(sample, PERCENTS), sample.min(), sample.max()]
        figures += [sample.mean(), sample.std(), sample.sum()]
        print(*map(bits, figures))
