"""All items through Python's ProcessPoolExecutor. Python's own loop, measured to take as long as an item of the others does."""
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

COUNT = int(os.environ["BENCH_COUNT"])
SKEWED = os.environ["BENCH_SKEWED"] == "1"


def spin(iterations, seed):
    value = seed + 1
    for _ in range(iterations):
        value = (value * 1664525 + 1013904223) & 0xFFFFFFFF
    return value


def item(job):
    index, iterations = job
    return index, spin(iterations, index)


def calibrate(milliseconds):
    iterations = 10_000
    best = min(timed(iterations) for _ in range(20))
    return max(1, round(iterations * milliseconds / best))


def timed(iterations):
    before = time.perf_counter()
    spin(iterations, 1)
    return (time.perf_counter() - before) * 1000


if __name__ == "__main__":
    processes = int(sys.argv[1])
    iterations = int(sys.argv[2]) if len(sys.argv) > 2 else calibrate(float(os.environ["BENCH_MS"]))
    if processes == 0:
        print(iterations)
        sys.exit()
    jobs = [(n, iterations * 10 if SKEWED and n >= COUNT * 0.9 else iterations) for n in range(COUNT)]
    with ProcessPoolExecutor(processes) as pool:
        rows = list(pool.map(item, jobs))
    assert len(rows) == COUNT
