#!/usr/bin/env python3
"""Makes the percentiles that the program's are compared with, bit by bit.

    python numpy_percentiles.py > crates/metrics/tests/fixtures/numpy_percentiles.tsv

Each line is one sample: its values, a tab, and what numpy.percentile says for 1, 5, 10, 25, 50,
75, 90, 95 and 99. All numbers are the bits of a double in hexadecimal. The seed is fixed.
"""

import struct

import numpy

PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99]


def bits(values) -> str:
    return " ".join(struct.pack(">d", float(value)).hex() for value in values)


def samples():
    random = numpy.random.default_rng(20_261_122)
    for size in [1, 2, 3, 4, 5, 7, 10, 11, 21, 99, 100, 101]:
        for _ in range(4):
            yield random.lognormal(3.0, 1.0, size)
            yield random.integers(0, 5_000_000_000, size).astype(float)
            yield random.normal(0.0, 1e-3, size)
    yield numpy.zeros(10)
    yield numpy.array([1.0, 1.0, 1.0, 2.0])


print(f"# numpy {numpy.__version__}")
for sample in samples():
    print(bits(sample), bits(numpy.percentile(sample, PERCENTS)), sep="\t")
