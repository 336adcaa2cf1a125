// The official OpenAI client for JavaScript against a running server, unchanged.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

const { BASE_URL, API_KEY } = process.env;
const client = new OpenAI({ baseURL: `${BASE_URL}/v1`, apiKey: API_KEY, maxRetries: 0 });
const user = (content) => [{ role: "user", content }];

test("bots are models", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes("shop"), names);
});

test("an answer comes whole and in pieces", async () => {
  const whole = await client.chat.completions.create({ model: "shop", messages: user("say:Good day") });
  assert.equal(whole.choices[0].message.content, "Good day");
  assert.equal(whole.choices[0].finish_reason, "stop");

  const stream = client.chat.completions.stream({ model: "shop", messages: user("say:one two three four") });
  assert.equal(await stream.finalContent(), "one two three four");
});

test("the client runs its own tools", async () => {
  const runner = client.chat.completions.runTools({
    model: "shop",
    messages: user('call:get_weather{"city":"Porto"}'),
    tools: [
      {
        type: "function",
        function: {
          name: "get_weather",
          parse: JSON.parse,
          function: ({ city }) => `sunny in ${city}`,
          parameters: { type: "object", properties: { city: { type: "string" } } },
        },
      },
    ],
  });
  assert.match(await runner.finalContent(), /sunny in Porto/);
});

test("an answer has the form that is asked for", async () => {
  const json_schema = {
    name: "offer",
    strict: true,
    schema: {
      type: "object",
      properties: { item: { type: "string" }, price: { type: "number" } },
      required: ["item", "price"],
      additionalProperties: false,
    },
  };
  const ask = (content) =>
    client.chat.completions.parse({
      model: "shop",
      messages: user(content),
      response_format: { type: "json_schema", json_schema },
    });
  const answer = await ask('say:{"item": "tea", "price": 3.5}');
  assert.deepEqual(JSON.parse(answer.choices[0].message.content), { item: "tea", price: 3.5 });
  await assert.rejects(ask('say:{"item": "tea"}'), (error) => error.code === "answer_not_in_format");
});

test("responses go on from each other and stream", async () => {
  const first = await client.responses.create({ model: "shop", input: "say:hello" });
  assert.equal(first.output_text, "hello");
  const stream = await client.responses.create({
    model: "shop",
    input: "say:one two three",
    previous_response_id: first.id,
    stream: true,
  });
  let text = "";
  let last;
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event.type;
  }
  assert.equal(text, "one two three");
  assert.equal(last, "response.completed");
});

test("embeddings are vectors, or a server without embedders says so", async () => {
  try {
    const answer = await client.embeddings.create({ model: "shop", input: "tea" });
    assert.ok(answer.data[0].embedding.length > 10);
  } catch (error) {
    assert.equal(error.status, 501);
  }
});

test("errors have the form that clients read", async () => {
  await assert.rejects(client.chat.completions.create({ model: "nobody", messages: user("x") }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    return error.code === "model_not_found";
  });
  const stranger = new OpenAI({ baseURL: `${BASE_URL}/v1`, apiKey: "bk_wrong", maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});
