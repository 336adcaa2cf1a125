"""The official OpenAI client for Python against a running server, unchanged."""

import json
import os

import openai
import pydantic

BASE, KEY = os.environ["BASE_URL"] + "/v1", os.environ["API_KEY"]
client = openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0, timeout=60)
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def ask(text, **more):
    return client.chat.completions.create(model="shop", messages=[{"role": "user", "content": text}], **more)


def models_are_bots():
    names = [model.id for model in client.models.list()]
    assert "shop" in names and "secret" not in names, names
    assert client.models.retrieve("shop").object == "model"


def a_plain_answer_has_text_usage_and_an_end():
    answer = ask("say:Good day")
    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("Good day", "stop"), answer
    assert answer.model == "shop" and answer.usage.total_tokens > 0, answer


def a_stream_brings_the_same_words_in_pieces():
    stream = ask("say:one two three four five six", stream=True, stream_options={"include_usage": True})
    pieces, usage, ends = [], None, []
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            ends.append(choice.finish_reason)
    assert "".join(pieces) == "one two three four five six", pieces
    assert len([piece for piece in pieces if piece]) > 1, pieces
    assert ends[-1] == "stop" and usage.total_tokens > 0, (ends, usage)


def an_answer_ends_at_a_stop_word():
    assert ask("say:one two END three", stop=["END"]).choices[0].message.content == "one two "
    text = "".join(c.choices[0].delta.content or "" for c in ask("say:a b STOP c", stop="STOP", stream=True) if c.choices)
    assert text == "a b ", text


def the_bot_runs_its_own_tools():
    answer = ask('call:price{"item":"tea"}')
    assert "7" in answer.choices[0].message.content, answer
    assert not answer.choices[0].message.tool_calls


def the_client_runs_its_own_tools():
    messages = [{"role": "user", "content": 'call:get_weather{"city":"Porto"}'}]
    first = client.chat.completions.create(model="shop", messages=messages, tools=[TOOL]).choices[0]
    assert first.finish_reason == "tool_calls", first
    call = first.message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Porto"}
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    second = client.chat.completions.create(model="shop", messages=messages, tools=[TOOL]).choices[0]
    assert second.finish_reason == "stop" and "sunny" in second.message.content, second


def calls_of_both_kinds_in_one_round_are_parted():
    text = 'call:get_weather{"city":"Porto"}\ncall:price{"item":"tea"}'
    messages = [{"role": "user", "content": text}]
    stream = client.chat.completions.create(model="shop", messages=messages, tools=[TOOL], stream=True)
    calls, said = [], ""
    for chunk in stream:
        for choice in chunk.choices:
            calls += choice.delta.tool_calls or []
            said += choice.delta.content or ""
    assert [call.function.name for call in calls] == ["get_weather"], calls
    called = [{"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in calls]
    messages += [
        {"role": "assistant", "content": said or None, "tool_calls": called},
        {"role": "tool", "tool_call_id": calls[0].id, "content": "sunny"},
    ]
    answer = client.chat.completions.create(model="shop", messages=messages, tools=[TOOL]).choices[0].message.content
    assert "sunny" in answer and "7" in answer, answer


def a_dialog_that_asks_goes_on_with_the_next_request():
    messages = [{"role": "user", "content": "call:order{}"}]
    question = client.chat.completions.create(model="shop", messages=messages).choices[0].message
    assert "How many" in question.content, question
    messages += [question, {"role": "user", "content": "12"}]
    answer = client.chat.completions.create(model="shop", messages=messages).choices[0].message.content
    assert "twelve-ish: 12" in answer, answer


def history_and_instructions_reach_the_model():
    messages = [
        {"role": "system", "content": "Speak like a pirate."},
        {"role": "user", "content": "my name is Ana"},
        {"role": "assistant", "content": "Ahoy Ana"},
        {"role": "user", "content": [{"type": "text", "text": "say:yes"}]},
    ]
    assert client.chat.completions.create(model="shop", messages=messages).choices[0].message.content == "yes"


def a_named_conversation_is_kept():
    named = {"conversation": "the-one"}
    ask("say:first", metadata=named)
    ask("say:second", metadata=named)


def responses_go_on_from_each_other():
    first = client.responses.create(model="shop", input="say:hello there")
    assert first.output_text == "hello there" and first.status == "completed", first
    second = client.responses.create(model="shop", input="say:and again", previous_response_id=first.id)
    assert second.output_text == "and again" and second.previous_response_id == first.id


def responses_stream_events():
    with client.responses.stream(model="shop", input="say:one two three four") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == "one two three four", final
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed", kinds
    assert "response.output_text.delta" in kinds


def responses_call_tools_of_the_client():
    tool = {"type": "function", **TOOL["function"]}
    first = client.responses.create(model="shop", input='call:get_weather{"city":"Porto"}', tools=[tool])
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    second = client.responses.create(model="shop", input=[result], previous_response_id=first.id, tools=[tool])
    assert "rain" in second.output_text, second


def embeddings_are_vectors():
    try:
        floats = client.embeddings.create(model="shop", input=["tea", "coffee"], encoding_format="float")
    except openai.APIStatusError as error:
        # A server that was built without embedders says so.
        assert error.status_code == 501, error
        return
    packed = client.embeddings.create(model="shop", input="tea")
    assert len(floats.data) == 2 and abs(floats.data[0].embedding[0] - packed.data[0].embedding[0]) < 1e-6


def refused(status, work):
    try:
        work()
    except openai.APIStatusError as error:
        assert error.status_code == status, error
        assert error.body["message"] and error.body["type"], error.body
        return error
    raise AssertionError(f"{status} was expected")


def errors_have_the_form_that_clients_read():
    error = refused(404, lambda: client.chat.completions.create(model="nobody", messages=[{"role": "user", "content": "x"}]))
    assert error.code == "model_not_found"
    refused(404, lambda: client.chat.completions.create(model="secret", messages=[{"role": "user", "content": "x"}]))
    refused(400, lambda: client.chat.completions.create(model="shop", messages=[]))
    assert refused(400, lambda: ask("x", n=2)).param == "n"
    assert refused(400, lambda: ask("x", logprobs=True)).param == "logprobs"
    refused(400, lambda: ask("x", response_format={"type": "grammar"}))
    refused(400, lambda: ask("x", tool_choice="required"))
    refused(400, lambda: ask("x", tools=[TOOL], tool_choice={"type": "function", "function": {"name": "price"}}))
    refused(502, lambda: ask("mock:status=400"))
    refused(502, lambda: list(ask("mock:status=400", stream=True)))


def without_a_good_key_nobody_is_answered():
    for key in ["bk_wrong", "sk-0", os.environ["REVOKED_KEY"]]:
        stranger = openai.OpenAI(base_url=BASE, api_key=key, max_retries=0)
        error = refused(401, lambda: stranger.models.list())
        assert isinstance(error, openai.AuthenticationError), error
        refused(401, lambda: stranger.chat.completions.create(model="shop", messages=[{"role": "user", "content": "x"}]))
    mute = openai.OpenAI(base_url=BASE, api_key=os.environ["MUTE_KEY"], max_retries=0)
    refused(403, lambda: mute.models.list())


class Offer(pydantic.BaseModel):
    item: str
    price: float


def an_answer_has_the_form_that_is_asked_for():
    given = {"item": "tea", "price": 3.5}
    text = "say:" + json.dumps(given)
    assert json.loads(ask(text, response_format={"type": "json_object"}).choices[0].message.content) == given
    parsed = client.chat.completions.parse(
        model="shop", messages=[{"role": "user", "content": text}], response_format=Offer
    )
    assert parsed.choices[0].message.parsed == Offer(**given), parsed
    with client.chat.completions.stream(
        model="shop", messages=[{"role": "user", "content": text}], response_format=Offer
    ) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == Offer(**given)
    response = client.responses.parse(model="shop", input=text, text_format=Offer)
    assert response.output_parsed == Offer(**given), response


def an_answer_without_the_form_is_an_error():
    for more in [{"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}, "stream": True}]:
        assert refused(502, lambda: ask("say:Good day", **more)).code == "answer_not_in_format"
    schema = {"name": "offer", "schema": Offer.model_json_schema()}
    refused(502, lambda: ask('say:{"item": "tea"}', response_format={"type": "json_schema", "json_schema": schema}))


def a_client_has_its_tool_called():
    named = {"type": "function", "function": {"name": "get_weather"}}
    for choice in ["required", named]:
        answer = ask("say:Good day", tools=[TOOL], tool_choice=choice).choices[0]
        assert [call.function.name for call in answer.message.tool_calls] == ["get_weather"], answer
    for choice in ["auto", "none"]:
        answer = ask("say:Good day", tools=[TOOL], tool_choice=choice).choices[0]
        assert answer.message.content == "Good day" and not answer.message.tool_calls, answer
    tool = {"type": "function", **TOOL["function"]}
    choice = {"type": "function", "name": "get_weather"}
    response = client.responses.create(model="shop", input="say:Good day", tools=[tool], tool_choice=choice)
    assert [item.type for item in response.output] == ["function_call"], response
    assert response.tool_choice.name == "get_weather"


def an_answer_that_is_left_stops():
    stream = ask("mock:tps=5\nsay:" + " ".join(["word"] * 400), stream=True)
    next(iter(stream))
    stream.close()


CASES = [
    models_are_bots, a_plain_answer_has_text_usage_and_an_end, a_stream_brings_the_same_words_in_pieces,
    an_answer_ends_at_a_stop_word, the_bot_runs_its_own_tools, the_client_runs_its_own_tools,
    calls_of_both_kinds_in_one_round_are_parted, a_dialog_that_asks_goes_on_with_the_next_request,
    history_and_instructions_reach_the_model, a_named_conversation_is_kept, responses_go_on_from_each_other,
    responses_stream_events, responses_call_tools_of_the_client, embeddings_are_vectors,
    an_answer_has_the_form_that_is_asked_for, an_answer_without_the_form_is_an_error, a_client_has_its_tool_called,
    errors_have_the_form_that_clients_read, without_a_good_key_nobody_is_answered, an_answer_that_is_left_stops,
]
failed = 0
for case in CASES:
    try:
        case()
        print("ok  ", case.__name__)
    except Exception as error:
        failed += 1
        print("FAIL", case.__name__, type(error).__name__, error)
raise SystemExit(1 if failed else 0)
