"""The same items for Python's pools; see item.mjs."""
import os
import signal
import time

POISON = dict(part.split(":") for part in os.environ["BENCH_POISON"].split(",") if part)


def rows_of(n):
    with open(os.environ["BENCH_BEGUN"], "a") as begun:
        begun.write(f"{n}\n")
    time.sleep(0.1)
    poison = POISON.get(str(n))
    if poison == "throw":
        raise ValueError(f"item {n} is bad")
    if poison == "exit":
        os._exit(3)
    if poison == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if poison == "hang":
        time.sleep(3600)
    return f"{n},0,{n * n}\n{n},1,{n * n}\n"


def unfinished(count):
    """The items that have no rows yet: what a script must do itself in order to be started again."""
    done = set()
    if os.path.exists("out.csv"):
        with open("out.csv") as lines:
            done = {line.split(",")[0] for line in lines}
    return [n for n in range(count) if str(n) not in done]
