"""bedrock through boto3: converse, against a mock of its API."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from common import QUESTION, claim, of_kind, traced

ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Paris."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
    "metrics": {"latencyMs": 5},
}


class Bedrock(BaseHTTPRequestHandler):
    """Answers every question alike."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Bedrock)
threading.Thread(target=server.serve_forever, daemon=True).start()
with traced("bedrock") as captured:
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    asked = [{"role": "user", "content": [{"text": QUESTION}]}]
    answer = client.converse(modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=asked)
    print(answer["output"]["message"]["content"][0]["text"])
calls = of_kind(captured, "LLM")
claim(len(calls) == 1, f"one call, {len(calls)} spans")
claim(calls[0].attributes.get("llm.token_count.total") == 15, "a call without tokens")
