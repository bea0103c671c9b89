"""Pool(maxtasksperchild): imap_unordered with a time limit for the next result, each written as soon as it is there."""
import sys
from multiprocessing import Pool, TimeoutError

from item import rows_of, unfinished


def attempt(n):
    try:
        return n, rows_of(n), None
    except Exception as error:
        return n, None, error


if __name__ == "__main__":
    count, limit, processes = map(int, sys.argv[1:])
    todo = unfinished(count)
    missing = set(todo)
    with Pool(processes, maxtasksperchild=10) as pool, open("out.csv", "a") as out:
        results = pool.imap_unordered(attempt, todo)
        try:
            while True:
                n, rows, error = results.next(timeout=limit)
                missing.remove(n)
                if error:
                    print("failed", n, type(error).__name__, error, flush=True)
                else:
                    out.write(rows)
                    out.flush()
        except StopIteration:
            pass
        except TimeoutError:
            # A task whose process has died never comes back; all that is known is which ones did not.
            for n in sorted(missing):
                print("failed", n, "no result", flush=True)
