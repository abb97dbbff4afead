#!/usr/bin/env python3
"""What the reference sends and understands, endpoint type by endpoint type.

    python endpoint_cases.py bodies > ../crates/endpoint/tests/fixtures/reference_bodies.jsonl
    python endpoint_cases.py answers > ../crates/endpoint/tests/fixtures/reference_answers.jsonl

Each line is one case: what goes in, and what the reference makes of it. Cases are composed at random
from lists of parts, with a fixed seed, so that the lines are the same every time. Needs the reference.
"""

from __future__ import annotations

import json
import os
import random
import sys

import orjson

TYPES = (
    "chat completions embeddings responses messages template raw nim_rankings cohere_rankings "
    "hf_tei_rankings huggingface_generate image_generation image_edit video_generation "
    "audio_transcription chat_embeddings nim_embeddings image_retrieval solido_rag"
).split()
CASES_OF_A_TYPE = 24

PNG = "data:image/png;base64,iVBORw0KGgoAAAA="
TEXTS = ["hi", "", "Ünïcode \u2028 \U0001f600", 'quote " and \\ back', "two\nlines\t<b>&'", "a" * 40]
IMAGES = [PNG, "data:image/svg+xml;base64,AAAA", "https://h/x.png", "/9j/4AAQ", "data:;base64,Qk0x", ""]
AUDIOS = ["wav,UklGRg==", "data:audio/mpeg;base64,SUQz", "MP3,SUQz", "data:audio/;base64,AA==", "nocomma"]
VIDEOS = ["data:video/mp4;base64,AAAA", "https://h/v.mp4", ""]
EXTRAS = [
    {}, {"temperature": 0.1}, {"seed": 12345678901234567890, "top_p": 1.0}, {"stop": ["a", None]},
    {"model": "other"}, {"stream": True}, {"stream": False}, {"stream_options": None, "stream": True},
    {"stream_options": {"include_usage": False}, "stream": True}, {"stream_options": "x"},
    {"metadata": {"z": 1, "a": [1e-7, 2.5e10, -0.0]}}, {"ignore_eos": True, "min_tokens": 3},
    {"prompt": "P", "image": "I", "url": "U", "mask": "M", "file": "F"}, {"parameters": {"x": 1}},
    {"messages": []}, {"n": 2, "size": "1x1"}, {"max_tokens": 1, "max_completion_tokens": None},
    {"response_format": {"type": "json_object"}}, {"filters": {"family": "f"}}, {"query": "q"},
]
TOOLS = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}]
CALL = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]}
RAW_MESSAGES = [
    [], [{"role": "user", "content": "raw"}], [CALL, {"role": "tool", "tool_call_id": "c1", "content": "42"}],
    [{"role": "system", "content": "of the data set"}, {"role": "user", "content": "u"}],
    [{"role": "system", "content": [{"type": "text", "text": "parts"}]}],
    [{"role": "system", "content": ""}], [{"role": "system", "content": None}, {"role": "user"}],
    [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
     {"type": "function_call_output", "call_id": "c", "output": "42"}],
    [{"type": "reasoning", "summary": []}, {"type": "web_search_call", "id": "w"},
     {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "t"}]}],
    [{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"},
                                       {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
     {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]}],
]
SYSTEM_BLOCKS = [{"type": "text", "text": "R", "cache_control": {"type": "ephemeral"}}]
TEMPLATES = [
    '{"q": {{ text|tojson }}, "m": "{{ model }}", "s": {{ stream|tojson }}}',
    '{"t": {{ texts|tojson }}, "n": {{ texts|length }}, "max": {{ max_tokens|tojson }}, "role": "{{ role }}"}',
    '{"images": {{ images|tojson }}, "audio": {{ audio|tojson }}, "videos": {{ videos|tojson }}}',
    '{"query": {{ query|tojson }}, "passages": {{ passages|tojson }}, "by": {{ texts_by_name|tojson }}}',
    '{"turns": [{% for t in turns %}{{ t.texts[0].contents|tojson if t.texts else "null" }}'
    '{{ "," if not loop.last }}{% endfor %}], "id": {{ turn.role|tojson }}}',
    '{"raw": "{{ model|upper }}", "first": {{ (texts|first|default("none"))|tojson }}, "x": "{{ missing }}"}',
    'nv-embedqa', '{"broken": {{ text }}', '["{{ model }}"]',
]


def media(generate: random.Random, contents: list[str], names: list[str]) -> dict:
    chosen = [generate.choice(contents) for _ in range(generate.choice([1, 1, 1, 2, 0]))]
    return {"name": generate.choice(names), "contents": chosen}


def turn(generate: random.Random, kind: str) -> dict:
    """The turn of one case: a JSON object with the names of the reference's fields."""
    made: dict = {}
    names = ["query", "passages", "queries", "other"] if "rankings" in kind else ["", "", "", "query"]
    if kind in ("chat", "messages", "responses", "chat_embeddings") and generate.random() < 0.3:
        made["raw_messages"] = generate.choice(RAW_MESSAGES)
        made["reset_context"] = generate.random() < 0.3
    wants = {"image_edit": "images", "image_retrieval": "images", "audio_transcription": "audios"}.get(kind)
    made["texts"] = [media(generate, TEXTS, names) for _ in range(generate.choice([1, 1, 1, 2, 3, 0]))]
    if "rankings" in kind and generate.random() < 0.6:
        made["texts"] = [
            {"name": generate.choice(["query", "queries"]), "contents": [generate.choice(TEXTS)]},
            {"name": "passages", "contents": [generate.choice(TEXTS) for _ in range(generate.choice([1, 2, 3]))]},
            *made["texts"][:1],
        ]
    if wants == "images" or (kind not in ("completions", "embeddings") and generate.random() < 0.25):
        made["images"] = [media(generate, IMAGES, [""]) for _ in range(generate.choice([1, 1, 2]))]
        if kind in ("image_edit", "image_retrieval"):
            made["images"][0]["contents"].insert(0, generate.choice([PNG, PNG, "/9j/4AAQ", *IMAGES]))
            made["texts"].insert(0, {"name": "", "contents": [generate.choice(TEXTS)]})
        if kind == "chat" and generate.random() < 0.4:
            for image in made["images"]:
                image["uuids"] = [f"u{i}" for i in range(max(0, len(image["contents"])))]
    if wants == "audios" or (kind in ("chat", "responses", "messages", "template") and generate.random() < 0.2):
        # Of data URLs the transcription type makes a file name; see docs/differences.md.
        known = [audio for audio in AUDIOS if not (wants and audio.startswith("data:"))]
        made["audios"] = [media(generate, known, [""])]
    if kind in ("chat", "responses", "messages", "template", "chat_embeddings") and generate.random() < 0.12:
        made["videos"] = [media(generate, VIDEOS, [""])]
    for key, values in (
        ("role", ["user", "assistant", "system", ""]), ("model", ["of-turn", ""]), ("max_tokens", [1, 7]),
        ("extra_body", EXTRAS), ("raw_tools", [TOOLS]), ("raw_system", [SYSTEM_BLOCKS]),
    ):
        if generate.random() < 0.3:
            made[key] = generate.choice(values)
    return made


def case(generate: random.Random, kind: str) -> dict:
    """One case of a type, without its result."""
    many = kind in ("chat", "messages", "responses", "template", "chat_embeddings", "image_generation", "solido_rag")
    turns = generate.choice([1, 2, 3]) if many and generate.random() < 0.5 else 1
    if generate.random() < 0.04:
        turns = 2
    made: dict = {"type": kind, "turns": [turn(generate, kind) for _ in range(turns)]}
    for key, likelihood in (("streaming", 0.5), ("legacy", 0.2), ("server_counts", 0.4), ("per_chunk", 0.2)):
        if generate.random() < likelihood:
            made[key] = True
    if kind in ("chat", "responses", "messages", "chat_embeddings"):
        if generate.random() < 0.4:
            made["system"] = generate.choice(["SYS", ""])
        if generate.random() < 0.3:
            made["context"] = "CTX"
        if generate.random() < 0.15:
            made["force_parts"] = True
    if kind == "responses" and generate.random() < 0.3:
        made["previous"] = "resp_1"
    if generate.random() < 0.6:
        made["extra"] = generate.choice(EXTRAS)
    if kind == "raw":
        made["turns"][-1]["raw_payload"] = generate.choice([{"model": "m", **extra} for extra in EXTRAS])
    if kind == "template":
        made["template"] = generate.choice(TEMPLATES)
    return made


def endpoint_of(made: dict):
    """The reference's endpoint for a case."""
    from aiperf.common.enums import ModelSelectionStrategy
    from aiperf.common.models.model_endpoint_info import EndpointInfo, ModelEndpointInfo, ModelInfo, ModelListInfo
    from aiperf.config.endpoint import TemplateConfig
    from aiperf.plugin import plugins
    from aiperf.plugin.enums import PluginType

    template = made.get("template")
    info = ModelEndpointInfo(
        models=ModelListInfo(
            models=[ModelInfo(name="m1"), ModelInfo(name="m2")],
            model_selection_strategy=ModelSelectionStrategy.ROUND_ROBIN,
        ),
        endpoint=EndpointInfo(
            type=made["type"],
            streaming=made.get("streaming", False),
            extra=list(made.get("extra", {}).items()),
            use_legacy_max_tokens=made.get("legacy", False),
            use_server_token_count=made.get("server_counts", False),
            per_chunk_usage=made.get("per_chunk", False),
            template=TemplateConfig(body=template, response_field=made.get("field", "text")) if template else None,
        ),
    )
    return plugins.get_class(PluginType.ENDPOINT, made["type"])(model_endpoint=info), info


def request_of(made: dict, info):
    from aiperf.common.enums import CreditPhase
    from aiperf.common.models import RequestInfo, Turn

    return RequestInfo(
        model_endpoint=info, turns=[Turn(**turn) for turn in made["turns"]], turn_index=0, credit_num=0,
        credit_phase=CreditPhase.PROFILING, x_request_id="r", x_correlation_id="c", conversation_id="c",
        system_message=made.get("system"), user_context_message=made.get("context"),
        previous_response_id=made.get("previous"), drop_perf_ns=1, credit_issued_ns=1,
    )


def extracted(endpoint, payload: dict) -> dict:
    found = endpoint.extract_payload_inputs(payload)
    return {
        "texts": found.texts, "tool_texts": found.tool_texts, "images": found.image_count,
        "audios": found.audio_count, "videos": found.video_count, "pretokenised": found.pretokenised_token_count,
    }


def with_body(made: dict) -> dict:
    """The case with the body that the reference makes, or the name of its error."""
    from aiperf.common.environment import Environment

    Environment.ENDPOINT.FORCE_CONTENT_PARTS = made.get("force_parts", False)
    endpoint, info = endpoint_of(made)
    try:
        payload = made["turns"][-1].get("raw_payload") or endpoint.format_payload(request_of(made, info))
    except Exception as error:  # every failure of a body is one of the case
        return {**made, "error": type(error).__name__}
    result = {**made, "body": orjson.dumps(payload).decode()}
    try:
        result["input"] = extracted(endpoint, orjson.loads(orjson.dumps(payload)))
    except Exception as error:
        result["input_error"] = type(error).__name__
    return result


def chunk(delta: dict, **more) -> dict:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}], **more}


def whole(message: dict, **more) -> dict:
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message}], **more}


def call(index, name, arguments, identity=None) -> dict:
    made: dict = {"function": {"name": name, "arguments": arguments}}
    if index is not None:
        made["index"] = index
    if identity:
        made |= {"id": identity, "type": "function"}
    return made


USAGES = [
    {"prompt_tokens": 3, "completion_tokens": 2}, {}, {"prompt_tokens": None, "input_tokens": 4},
    {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": None},
    {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17,
     "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 1, "audio_tokens": 2},
     "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": 1}},
    {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 6, "thoughtsTokenCount": 2}},
    {"meta": {"tokens": {"input_tokens": 2, "output_tokens": 3}, "cached_tokens": 1}},
    {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": None}, "prompt_cache_hit_tokens": 7,
     "prompt_cache_miss_tokens": 2}, {"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokens": 2},
    {"prompt_tokens": 2, "prompt_audio_seconds": 3}, {"prompt_audio_seconds": {}},
]
CHAT = [
    chunk({"role": "assistant", "content": ""}), chunk({"content": "He"}), chunk({"content": "y \U0001f600"}),
    chunk({"reasoning_content": "hm"}), chunk({"reasoning_content": "", "reasoning": "r"}),
    chunk({"reasoning": "r2", "content": "both"}), chunk({"tool_calls": [call(0, "f", "", "x")]}),
    chunk({"tool_calls": [call(0, None, '{"a"')]}), chunk({"tool_calls": [call(1, "g", "{}", "y")], "content": "prose"}),
    chunk({"tool_calls": [call(None, "h", "1", "z")]}), chunk({"function_call": {"name": "l", "arguments": "{"}}),
    chunk({}, usage=USAGES[0]), {"object": "chat.completion.chunk", "choices": [], "usage": USAGES[4]},
    {"object": "x", "choices": [{"delta": {"content": "no"}}], "usage": USAGES[7]}, {"choices": [{"delta": {"content": "no"}}]},
    {"object": "chat.completion.chunk", "choices": []}, chunk({"content": None}),
    {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": None}]}, "[DONE]", "{bad", "",
]
CHAT_WHOLE = [
    whole({"content": "c"}), whole({"content": "c", "reasoning": "r"}), whole({"content": ""}), whole({"content": None}),
    whole({"content": "c", "tool_calls": [call(None, "f", "{}", "a"), call(None, "g", "1", "b")]}),
    whole({"content": None, "tool_calls": [call(0, "f", "{}", "a")]}), whole({"role": "assistant"}),
    whole({"content": "c", "reasoning_content": "r", "tool_calls": [call(0, "f", "{}", "a")]}),
    whole({"content": "", "reasoning_content": "only"}), whole({"function_call": {"name": "l", "arguments": "{}"}}),
    {"object": "chat.completion", "choices": []}, {"object": "y", "choices": [{"message": {"content": "c"}}]}, {},
]
COMPLETIONS = [
    {"object": "text_completion", "choices": [{"text": "a"}]}, {"object": "completion", "choices": [{"text": "b"}]},
    {"object": "text_completion", "choices": [{"text": ""}]}, {"object": "z", "choices": [{"text": "c"}]},
    {"object": "text_completion", "choices": []}, {"choices": [{"text": "c"}]}, "[DONE]",
    {"object": "text_completion", "choices": [{"text": None}], "usage": USAGES[0]},
]


def response_event(kind: str, **more) -> dict:
    return {"type": f"response.{kind}", **more}


RESPONSES = [
    response_event("created", response={"id": "resp_1", "store": True}),
    response_event("output_text.delta", output_index=0, content_index=0, delta="He"),
    response_event("output_text.delta", output_index=0, content_index=0, delta="y"),
    response_event("output_text.delta", output_index=0, content_index=0, delta=""),
    response_event("output_text.done", output_index=0, content_index=0, text="Hey"),
    response_event("output_text.done", output_index=1, content_index=0, text="Only"),
    response_event("output_text.done", output_index=2, content_index=1, text=""),
    response_event("reasoning_text.delta", delta="hm"), response_event("reasoning_summary_text.delta", delta="s"),
    response_event("function_call_arguments.delta", delta="{}"), response_event("refusal.delta", delta="no"),
    response_event("output_item.done", item={"type": "function_call", "id": "i1", "call_id": "c", "name": "f", "arguments": "{}"}),
    response_event("output_item.done", item={"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "Hey"}]}),
    response_event("completed", response={"id": "resp_1", "status": "completed", "usage": USAGES[4]}),
    response_event("completed", response={"id": "resp_1", "output": [{"type": "message", "id": "m", "content": []}]}),
    response_event("unknown", x=1), "[DONE]", "{bad",
]
RESPONSES_WHOLE = [
    {"object": "response", "id": "r", "output": [{"type": "message", "content": [{"type": "output_text", "text": "t"}]}], "usage": USAGES[3]},
    {"object": "response", "output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "why"}]},
                                      {"type": "message", "content": [{"type": "output_text", "text": "t"}, {"type": "output_text", "text": "u"}]}]},
    {"object": "response", "output": [{"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}]},
    {"object": "response", "output": [], "output_text": "top"}, {"object": "response", "output": []}, {"object": "other"},
]
MESSAGES = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 1}}},
    {"type": "message_start", "message": {}}, {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "sig"}},
    {"type": "content_block_stop", "index": 0}, {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": ""}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
    {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 7}}, {"type": "message_delta", "usage": {}},
    {"type": "ping"}, {"type": "message_stop"}, {"type": "unknown"}, {}, "{bad",
]
MESSAGES_WHOLE = [
    {"type": "message", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "usage": USAGES[3]},
    {"type": "message", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "a"}]},
    {"type": "message", "content": [{"type": "text", "text": "p"}, {"type": "tool_use", "id": "t", "name": "f", "input": {"b": 1, "a": "ü"}}]},
    {"type": "message", "content": []}, {"type": "other"}, {"type": "message"},
]
EMBEDDING = {"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}
SINGLE = {
    "embeddings": [{"data": [EMBEDDING, EMBEDDING]}, {"data": []}, {"data": [{**EMBEDDING, "embedding": "QUJD"}]},
                   {"data": [{**EMBEDDING, "embedding": None}]}, {}, {"embeddings": [[1.0]]}],
    "chat_embeddings": [{"data": [EMBEDDING]}, {"embedding": [1, 2]}, {"embeddings": [[1], [2]]}, {"data": []}, {"data": [{"x": 1}]}],
    "nim_rankings": [{"rankings": [{"index": 0, "logit": 1.0}]}, {"rankings": []}, {"results": [{"index": 0}]}, {}],
    "cohere_rankings": [{"results": [{"index": 1, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.1}]}, {"results": []}, {}],
    "hf_tei_rankings": [[{"index": 0, "score": 0.9}], {"results": [{"index": 0, "score": 1}]}, [], {}],
    "huggingface_generate": [{"generated_text": "a"}, [{"generated_text": "b"}], {"generated_text": ""}, {"x": 1}, []],
    "image_retrieval": [{"data": [{"bounding_boxes": {}}]}, {"data": []}, {}],
    "solido_rag": [{"content": "c", "sources": [{"a": 1}]}, {"content": ""}, {"sources": []}, {}],
    "image_generation": [{"b64_json": "QUJD", "partial_image_index": 0}, {"data": [{"b64_json": "QQ==", "revised_prompt": "p"}],
                         "size": "1x1", "usage": USAGES[3]}, {"data": [{"url": "https://h/i"}], "quality": "hd"}],
    "image_edit": [{"data": [{"b64_json": "QQ=="}, {"url": "u"}], "usage": USAGES[0]}],
    "video_generation": [{"id": "v", "status": "queued", "progress": 0, "seconds": "4"}, {"id": "v", "usage": USAGES[0]}],
    "audio_transcription": [{"text": "t"}, {"text": ""}, {"text": "t", "usage": USAGES[9]}, "plain words", {}],
}
AUTO = [
    {"text": "t"}, {"text": ["a", "b"]}, {"text": "", "content": "c"}, {"text": [], "content": "c"}, {"result": "r"},
    {"response": "x", "output": "y"}, {"choices": [{"text": "t"}]}, {"choices": [{"message": {"content": "m"}}]},
    {"choices": [{"delta": {"content": "d"}}]}, {"choices": []}, {"data": [EMBEDDING]}, {"embedding": [1, 2]},
    {"rankings": []}, {"results": [{"index": 0}]}, [[0.1, 0.2]], [0.1, 0.2], [{"index": 0}], [], "plain", {"x": {"y": "deep"}},
    {"x": {"y": ["a", "b"]}}, {"x": {"y": [[1.5]]}}, {"x": {"y": 3}}, 3, None, '"string"', {"data": [{"object": "other"}]},
]


def answers() -> list[dict]:
    """The cases of answers, without results: bodies, or the data of events."""
    generate = random.Random(11)
    made: list[dict] = []

    def streams(kind: str, events: list, count: int, **more) -> None:
        for _ in range(count):
            chosen = [generate.choice(events) for _ in range(generate.choice([1, 2, 3, 5, 8]))]
            made.append({"type": kind, "events": [e if isinstance(e, str) else json.dumps(e) for e in chosen], **more})

    def bodies(kind: str, values: list, **more) -> None:
        for value in values:
            made.append({"type": kind, "text": value if isinstance(value, str) else json.dumps(value), **more})

    streams("chat", CHAT, 60)
    bodies("chat", CHAT_WHOLE + [whole({"content": "c"}, usage=usage) for usage in USAGES])
    streams("completions", COMPLETIONS, 15)
    bodies("completions", COMPLETIONS)
    streams("responses", RESPONSES, 50)
    bodies("responses", RESPONSES_WHOLE)
    streams("messages", MESSAGES, 30)
    for length in (5, 9, 12, 16):
        made.append({"type": "messages", "events": [json.dumps(e) for e in MESSAGES[:length] if isinstance(e, dict)]})
    bodies("messages", MESSAGES_WHOLE)
    for kind, values in SINGLE.items():
        bodies(kind, values)
    bodies("nim_embeddings", SINGLE["embeddings"])
    streams("huggingface_generate", [{"token": {"text": "t"}}, {"token": {"text": ""}}, {"token": {"text": "e"}, "generated_text": "te"}, {}], 6, streaming=True)
    streams("solido_rag", [{"content": "c"}, {"content": ""}, {"sources": []}, {"content": "d", "sources": [1]}], 6)
    for field in (None, "x.y", "choices[0].message.content", "x.["):
        for kind in ("template", "raw"):
            more: dict = {"template": "{}"} if kind == "template" else {}
            if field:
                more["field"] = field
                if kind == "raw":
                    more["extra"] = {"response_field": field}
            bodies(kind, AUTO, **more)
    streams("template", ["[DONE]", "word", {"text": "t"}, {"choices": [{"delta": {"content": "d"}}]}], 6, template="{}")
    return made


def usage_of(usage) -> dict:
    names = (
        "prompt_tokens prompt_uncached_tokens completion_tokens total_tokens reasoning_tokens prompt_cache_read_tokens "
        "prompt_cache_write_tokens prompt_cache_miss_tokens prompt_audio_tokens prompt_audio_seconds "
        "completion_audio_tokens accepted_prediction_tokens rejected_prediction_tokens tool_use_prompt_tokens"
    ).split()
    found = {name: getattr(usage, name, "no such property") for name in names}
    return {name: value for name, value in found.items() if value is not None}


def part_of(data) -> list:
    kind = type(data).__name__.removesuffix("ResponseData")
    if kind == "Text":
        return ["Text", data.text, "", ""]
    if kind == "Reasoning":
        return ["Reasoning", data.content or "", data.reasoning or "", ""]
    if kind == "ToolCall":
        return ["ToolCall", data.tool_call_text, "", data.content or ""]
    return ["Media", "", "", ""]


def with_answer(made: dict) -> dict:
    """The case with what the reference understands of it."""
    from aiperf.common.models import RequestRecord, SSEMessage, TextResponse

    endpoint, info = endpoint_of(made)
    if "events" in made:
        responses = [SSEMessage.parse(f"data: {data}", at) for at, data in enumerate(made["events"], 1)]
    else:
        responses = [TextResponse(perf_ns=1, text=made["text"], content_type="application/json")]
    record = RequestRecord(
        request_info=request_of({**made, "turns": [{}]}, info), responses=responses, start_perf_ns=1,
        timestamp_ns=1, end_perf_ns=99, status=200,
    )
    try:
        if made["type"] == "chat_embeddings":  # its replies are read as those of a chat, which gives nothing
            parsed, reply = endpoint.extract_response_data(record), None
        else:
            parsed, reply = endpoint.process_responses(record, capture_assistant_turn=True)
        result = {"parts": [[one.perf_ns, *part_of(one.data)] for one in parsed if one.data is not None]}
        used = [one.usage for one in parsed if one.usage]
        if used:
            result["usage"] = usage_of(used[-1])
    except Exception as error:  # the reference turns any into a failed record
        return {**made, "raises": type(error).__name__}
    if reply is not None:
        result["reply"] = reply.raw_messages if reply.raw_messages is not None else reply.texts[0].contents[0]
    return {**made, "answer": result}


def main() -> None:
    if sys.argv[1:] == ["bodies"]:
        generate = random.Random(7)
        made = [with_body(case(generate, kind)) for kind in TYPES for _ in range(CASES_OF_A_TYPE)]
    elif sys.argv[1:] == ["answers"]:
        made = [with_answer(one) for one in answers()]
    else:
        sys.exit(__doc__)
    out = os.fdopen(1, "w", encoding="utf-8")
    for line in made:
        out.write(json.dumps(line, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    main()
