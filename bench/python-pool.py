"""CPython's ProcessPoolExecutor: python3 python-pool.py '{"what": "submit" or "map", "count": …, "workers": …}'.

Speaks as contender.mjs does: says that it is ready, then answers each line on its standard input with one run.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def increment(n):
    return n + 1


def submit(executor, count):
    futures = [executor.submit(increment, n) for n in range(count)]
    return [future.result() for future in futures]


def chunked_map(executor, count):
    return list(executor.map(increment, range(count), chunksize=1000))


def main():
    asked = json.loads(sys.argv[1])
    measured = {"submit": submit, "map": chunked_map}[asked["what"]]
    count = asked["count"]
    with ProcessPoolExecutor(max_workers=asked["workers"]) as executor:
        print(json.dumps({"ready": True}), flush=True)
        for _ in sys.stdin:
            started_at = time.perf_counter()
            results = measured(executor, count)
            seconds = time.perf_counter() - started_at
            assert results == list(range(1, count + 1))
            print(json.dumps({"value": count / seconds}), flush=True)


if __name__ == "__main__":
    main()
