"""Items that wait 20 ms and keep a megabyte, in a pool whose processes are replaced after so many items; prints the most memory that one had."""
import os
import resource
import sys
import time
from multiprocessing import Pool

kept = []


def item(n):
    if os.environ["BENCH_LEAK"] != "none":
        kept.append(bytearray(1 << 20))
    time.sleep(0.02)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    with Pool(2, maxtasksperchild=int(sys.argv[1])) as pool:
        print(max(pool.map(item, range(int(os.environ["BENCH_COUNT"])), chunksize=1)))
