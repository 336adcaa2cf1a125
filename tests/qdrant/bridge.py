"""Qdrant's engine (PyPI qdrant-edge-py) behind the part of its REST interface that the server speaks.

Prints its address and serves until its standard input ends. The engine is Qdrant's own; only the HTTP around it is
made here, as https://api.qdrant.tech describes it.
"""

import json
import re
import shutil
import sys
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import qdrant_edge as edge

FOLDER = Path(tempfile.mkdtemp(prefix="qdrant-bridge-"))
LOCK = threading.Lock()
SHARDS = {}


def condition(json_condition):
    if "has_id" in json_condition:
        return edge.HasIdCondition({uuid.UUID(id) for id in json_condition["has_id"]})
    match = json_condition["match"]
    matcher = edge.MatchAny(match["any"]) if "any" in match else edge.MatchValue(match["value"])
    return edge.FieldCondition(json_condition["key"], match=matcher)


def filter_of(json_filter):
    def conditions(name):
        return [condition(one) for one in json_filter.get(name, [])] or None

    return edge.Filter(must=conditions("must"), must_not=conditions("must_not"))


def create(name, body):
    folder = FOLDER / name
    folder.mkdir()
    vectors = edge.EdgeVectorParams(body["vectors"]["size"], edge.Distance.Cosine)
    SHARDS[name] = edge.EdgeShard.create(str(folder), edge.EdgeConfig(vectors=vectors))
    return True


def upsert(shard, body):
    points = [edge.Point(uuid.UUID(point["id"]), point["vector"], point["payload"]) for point in body["points"]]
    shard.update(edge.UpdateOperation.upsert_points(points))
    return {"status": "completed"}


def delete(shard, body):
    shard.update(edge.UpdateOperation.delete_points_by_filter(filter_of(body["filter"])))
    return {"status": "completed"}


def index(shard, body):
    shard.update(edge.UpdateOperation.create_field_index(body["field_name"], edge.PayloadSchemaType.Keyword))
    return {"status": "completed"}


def query(shard, body):
    request = edge.QueryRequest(
        limit=body["limit"],
        query=edge.Query.Nearest(body["query"]),
        filter=filter_of(body["filter"]),
        params=edge.SearchParams(exact=body["params"]["exact"]),
        with_payload=True,
    )
    points = [
        {"id": str(point.id), "score": point.score, "payload": {"document": point.payload["document"]}}
        for point in shard.query(request)
    ]
    return {"points": points}


ROUTES = {("PUT", "/points"): upsert, ("POST", "/points/delete"): delete, ("PUT", "/index"): index,
          ("POST", "/points/query"): query}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null")
        path = self.path.split("?")[0]
        found = re.fullmatch(r"/collections(?:/([^/]+)(/.*)?)?", path)
        try:
            with LOCK:
                status, result = self.answer(found, body)
        except Exception as error:  # The client is told, as the server would.
            status, result = 400, f"{type(error).__name__}: {error}"
        text = json.dumps({"result": result, "status": "ok" if status == 200 else {"error": result}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self, found, body):
        if not found:
            return 404, "no such path"
        name, rest = found.groups()
        if name is None:
            return 200, {"collections": [{"name": name} for name in SHARDS]}
        if rest is None and self.command == "PUT":
            return (409, "it exists") if name in SHARDS else (200, create(name, body))
        if name not in SHARDS:
            return 404, "no such collection"
        if rest is None:
            return 200, {"status": "green"}
        return 200, ROUTES[self.command, rest](SHARDS[name], body)

    do_GET = do_PUT = do_POST = serve

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
shutil.rmtree(FOLDER, ignore_errors=True)
