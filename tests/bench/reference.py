"""A plain script that sends time: python-quickbooks, one keep-alive session per thread, four threads.

python -m tests.bench.reference URL REFRESH_TOKEN FILE: FILE holds one JSON body per line. It keeps no records: no
receipts, no journal, no limits, and a failed entry is lost. It is the yardstick for processor time per entry.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path

from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.objects import TimeActivity

from sandbox.data.datasets import REALM

THREADS = 4


def main() -> None:
    """Send every line of FILE. Print {"sent": n}."""
    url, token, path = sys.argv[1:]
    # The sandbox speaks plain http, which oauthlib refuses otherwise.
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    QuickBooks.api_url_v3 = f"{url}/v3"
    discovery = f"{url}/.well-known/openid_configuration/"
    auth = AuthClient("sandbox-client", "sandbox-secret", "http://localhost/", discovery, refresh_token=token)
    auth.refresh()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for line in Path(path).read_text().splitlines():
        waiting.put(line)
    sent: list[str] = []

    def work() -> None:
        client = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=REALM, minorversion=75)
        while True:
            try:
                body = json.loads(waiting.get_nowait())
            except queue.Empty:
                return
            sent.append(TimeActivity.from_json(body).save(qb=client).Id)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"sent": len(sent)}))


if __name__ == "__main__":
    main()
