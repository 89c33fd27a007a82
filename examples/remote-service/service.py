"""A remote service with the standard library alone: it answers an order at once, and delivers the result later."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Thread(target=work, args=(order["node"], order["callback"])).start()
        self.send_response(202)
        self.end_headers()


def work(node: str, callback: str) -> None:
    deliver(f"{callback}/progress", {"message": f"{node}: loading the configuration", "percent": 50})
    if node.startswith("broken-"):
        deliver(f"{callback}/fail", {"code": "unreachable", "message": f"{node} does not answer"})
    else:
        deliver(callback, {"return_code": 0, "output": [f"{node}: configured"]})


def deliver(url: str, body: object) -> None:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    for pause in (1, 5, 30, 120):
        try:
            urlopen(request, timeout=30).close()
            return
        except HTTPError as refusal:
            if refusal.code not in (408, 429, 503):  # these three say: send the same again
                print(f"refused: {refusal.read().decode()}", flush=True)
                return
        except OSError:
            pass  # the orchestrator cannot be reached: the same result may be sent again
        time.sleep(pause)
    print("given up", flush=True)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8001"))), Service).serve_forever()
