"""The model that a judge asks: any endpoint that speaks OpenAI's chat completions.

Owns: the model's URI and where it is reached, structured answers with a way back for endpoints that refuse them,
retries, the cache, and one span of type LLM a call, so that what judging costs is counted like everything else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse.errors import InvalidArgument, SpanhouseError
from spanhouse.span_types import SpanType
from spanhouse.spans import start_span

logger = logging.getLogger(__name__)

DEFAULT_MODEL: Final = "openai:/gpt-4.1-mini"
MODEL_VARIABLES: Final = ("SPANHOUSE_JUDGE_MODEL", "MLFLOW_GENAI_JUDGE_DEFAULT_MODEL")
URL_VARIABLES: Final = ("SPANHOUSE_JUDGE_BASE_URL", "MLFLOW_GENAI_JUDGE_BASE_URL", "OPENAI_BASE_URL")
# Provider → (address, variable of its key). Others are reached with base_url.
PROVIDERS: Final[Mapping[str, tuple[str, str]]] = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": ("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "together": ("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "gemini": ("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "ollama": ("http://127.0.0.1:11434/v1", "OLLAMA_API_KEY"),
}
TIMEOUT_S: Final = 60.0
RETRIES_MAX: Final = 5
BACKOFF_S: Final = 0.5
BACKOFF_S_MAX: Final = 20.0
RETRYABLE: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
REFUSED_FORMAT: Final = frozenset({400, 404, 415, 422})
CACHED_ANSWERS_MAX: Final = 10_000
ANSWER_BYTES_MAX: Final = 8 << 20


class JudgeUnavailable(SpanhouseError):
    """The judge's model did not answer, or with something that cannot be read."""


@dataclass(frozen=True)
class Answer:
    """What the model said; `calls` are the tools that it wants to use first."""

    text: str
    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    calls: Sequence[Mapping[str, Any]] = ()
    message: Mapping[str, Any] = field(default_factory=dict)


class _Cache:
    """Answers to requests that were sent before, the oldest forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def find(self, key: str) -> Answer | None:
        with self._lock:
            return self._answers.get(key)

    def put(self, key: str, answer: Answer) -> None:
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > CACHED_ANSWERS_MAX:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()


CACHE: Final = _Cache()
_WITHOUT_FORMAT: Final[set[tuple[str, str]]] = set()  # (address, model) that refused a structured answer once


class JudgeModel:
    """A model by its URI, `<provider>:/<model>`.

    Raises:
        InvalidArgument: the URI is none, or nothing says where its provider is.

    """

    def __init__(
        self,
        uri: str | None = None,
        *,
        base_url: str | None = None,
        extra_headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.uri = uri or _first(MODEL_VARIABLES) or DEFAULT_MODEL
        provider, separator, self.name = self.uri.partition(":/")
        self.name = self.name.lstrip("/")
        if not separator or not provider or not self.name:
            raise InvalidArgument(f"model={self.uri!r}: written as provider:/model, such as {DEFAULT_MODEL}")
        known = PROVIDERS.get(provider)
        url = base_url or _first(URL_VARIABLES) or (known[0] if known else "")
        if not url:
            raise InvalidArgument(
                f"model={self.uri!r}: where {provider} is, is not known; give base_url, an address that speaks "
                f"OpenAI's chat completions. Known by name: {', '.join(PROVIDERS)}"
            )
        self.provider = provider
        self._url = url.rstrip("/") + "/chat/completions"
        self._key = os.environ.get(known[1] if known else "OPENAI_API_KEY", "")
        self._headers = dict(extra_headers or {})
        self._parameters = dict(parameters or {})
        self._sleep = sleep

    def ask(
        self, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any], tools: Sequence[Mapping[str, Any]] = ()
    ) -> Answer:
        """The answer to a conversation, in the form of *schema* where the endpoint can; from the cache if it is there.

        Raises:
            JudgeUnavailable: there is none, after RETRIES_MAX attempts.

        """
        body: dict[str, Any] = {"model": self.name, "messages": list(messages), "temperature": 0, **self._parameters}
        if tools:
            body["tools"] = list(tools)
        named = {"name": "judgement", "schema": schema, "strict": True}
        key = hashlib.sha256(json.dumps([self._url, body, named], sort_keys=True, default=str).encode()).hexdigest()
        if (known := CACHE.find(key)) is not None:
            return known
        with start_span(f"chat {self.name}", SpanType.LLM) as span:
            span.set_model(self.name, provider=self.provider, temperature=0)
            span.set_inputs({"messages": list(messages)})
            answer = self._formatted(body, {"type": "json_schema", "json_schema": named})
            span.set_usage(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens)
            span.set_outputs(answer.message or answer.text)
        CACHE.put(key, answer)
        return answer

    def _formatted(self, body: Mapping[str, Any], response_format: Mapping[str, Any]) -> Answer:
        place = (self._url, self.name)
        if place not in _WITHOUT_FORMAT:
            try:
                return self._retried({**body, "response_format": response_format})
            except _Refused as refused:
                if refused.status not in REFUSED_FORMAT:
                    raise
                logger.info("%s refuses structured answers; asking in words", self.uri)
        answer = self._retried(body)
        _WITHOUT_FORMAT.add(place)
        return answer

    def _retried(self, body: Mapping[str, Any]) -> Answer:
        for attempt in range(RETRIES_MAX + 1):
            try:
                return self._once(body)
            except _Refused as refused:
                if refused.status not in RETRYABLE or attempt == RETRIES_MAX:
                    raise
                wait_s = refused.retry_after_s
            except OSError as error:
                if attempt == RETRIES_MAX:
                    raise JudgeUnavailable(f"no answer from {self._url}: {error}") from error
                wait_s = None
            self._sleep(min(BACKOFF_S * 2**attempt if wait_s is None else wait_s, BACKOFF_S_MAX))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, body: Mapping[str, Any]) -> Answer:
        headers = {
            "content-type": "application/json",
            **({"authorization": f"Bearer {self._key}"} if self._key else {}),
        }
        request = urllib.request.Request(
            self._url, json.dumps(body, default=str).encode(), {**headers, **self._headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                made = json.loads(reply.read(ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as error:
            with error:
                detail = error.read(2_000).decode("utf-8", "replace")
            raise _Refused(self.uri, error.code, detail, error.headers.get("retry-after")) from error
        except json.JSONDecodeError as error:
            raise JudgeUnavailable(f"{self._url} answered something that is no JSON") from error
        return _answer(made, self.name)


class _Refused(JudgeUnavailable):
    """An HTTP status that is no success."""

    def __init__(self, uri: str, status: int, detail: str, retry_after: str | None) -> None:
        super().__init__(f"{uri} answered {status}: {detail.strip()[:300]}")
        self.status = status
        self.retry_after_s = float(retry_after) if retry_after and retry_after.isdecimal() else None


def _answer(made: Any, model: str) -> Answer:
    try:
        message = made["choices"][0]["message"]
        usage = made.get("usage") or {}
        return Answer(
            text=message.get("content") or "",
            model=str(made.get("model") or model),
            input_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            calls=tuple(message.get("tool_calls") or ()),
            message=message,
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise JudgeUnavailable(f"the answer of {model} is no chat completion") from error


def _first(variables: Sequence[str]) -> str | None:
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)
