"""google-genai: an answer, one that streams, against a mock of the API of Gemini."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from common import QUESTION, claim, of_kind, traced
from google import genai

ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Paris."}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r-1",
}


class Gemini(BaseHTTPRequestHandler):
    """Answers every question alike."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_stream = "streamGenerateContent" in self.path
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if is_stream else "application/json")
        body = b"data: " + body + b"\r\n\r\n" if is_stream else body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Gemini)
threading.Thread(target=server.serve_forever, daemon=True).start()
with traced("google_genai") as captured:
    options = {"base_url": f"http://127.0.0.1:{server.server_port}"}
    client = genai.Client(api_key="x", http_options=options)
    print(client.models.generate_content(model="gemini-2.5-flash", contents=QUESTION).text)
    for _ in client.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION):
        pass
calls = of_kind(captured, "LLM")
claim(len(calls) == 2, f"two calls, {len(calls)} spans")
claim(all(call.attributes.get("llm.token_count.total") == 15 for call in calls), "a call without tokens")
