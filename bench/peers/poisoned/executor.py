"""ProcessPoolExecutor: as_completed, each result written as soon as it is there."""
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from item import rows_of, unfinished

if __name__ == "__main__":
    count, _, processes = map(int, sys.argv[1:])
    with ProcessPoolExecutor(processes) as pool, open("out.csv", "a") as out:
        futures = {pool.submit(rows_of, n): n for n in unfinished(count)}
        for future in as_completed(futures):
            try:
                out.write(future.result())
                out.flush()
            except Exception as error:
                print("failed", futures[future], type(error).__name__, error, flush=True)
