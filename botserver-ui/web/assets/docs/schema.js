// JSON Schema (OpenAPI 3.1) for people: a short name of each type, its fields, and an example.

import { el } from "../dom.js";

const DEEPEST = 6;

/** What one document's references stand for. */
export class Schemas {
  constructor(document) {
    this.document = document;
  }

  /** The schema itself, with references followed. */
  follow(schema) {
    let found = schema;
    for (let hops = 0; found?.$ref && hops < 10; hops += 1) {
      found = found.$ref.replace(/^#\//, "").split("/").reduce((part, key) => part?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    }
    return found ?? {};
  }

  /** The type in a few words, such as `array of User`. */
  name(schema) {
    if (!schema) return "any";
    if (schema.$ref) return schema.$ref.split("/").pop();
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return choices.map((choice) => this.name(choice)).join(" or ");
    if (schema.allOf) return schema.allOf.map((part) => this.name(part)).join(" and ");
    if ("const" in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    const types = [schema.type ?? (schema.properties ? "object" : "any")].flat();
    return types.map((type) => (type === "array" ? `array of ${this.name(schema.items)}` : schema.format && type !== "null" ? `${type} (${schema.format})` : type)).join(" or ");
  }

  /** All fields of an object, those of its parts included. */
  fields(schema) {
    const own = this.follow(schema);
    const parts = (own.allOf ?? []).map((part) => this.fields(part));
    return {
      properties: Object.assign({}, ...parts.map((part) => part.properties), own.properties),
      required: [...parts.flatMap((part) => part.required), ...(own.required ?? [])],
    };
  }

  /** The fields as a list; objects within open one below another. Null when there are none. */
  tree(schema, depth = 0, above = []) {
    const own = this.follow(schema);
    const inner = [own.type].flat().includes("array") ? own.items : null;
    if (inner) return this.tree(inner, depth, above);
    const choices = (own.oneOf ?? own.anyOf ?? []).filter((choice) => choice.type !== "null");
    if (choices.length > 0) return this.choices(choices, depth, above);
    const { properties, required } = this.fields(own);
    if (Object.keys(properties).length === 0 || depth > DEEPEST || above.includes(own)) return null;
    return el("ul", { class: "fields" }, ...Object.entries(properties).map(([name, field]) => {
      const described = { ...this.follow(field), ...field };
      return el("li", {},
        el("code", { class: "name" }, name), " ",
        el("span", { class: "type" }, this.name(field)), " ",
        required.includes(name) ? el("span", { class: "required" }, "required") : null,
        described.description ? el("p", {}, described.description) : null,
        this.tree(field, depth + 1, [...above, own]));
    }));
  }

  choices(choices, depth, above) {
    const trees = choices.map((choice) => [choice, this.tree(choice, depth + 1, above)]).filter(([, tree]) => tree);
    if (trees.length === 0) return null;
    if (trees.length === 1) return trees[0][1];
    return el("ul", { class: "fields" }, ...trees.map(([choice, tree]) => el("li", {}, el("span", { class: "type" }, this.name(choice)), tree)));
  }

  /** A value of the schema, as an example to start from. */
  example(schema, depth = 0) {
    const own = this.follow(schema);
    if (own.examples?.length) return own.examples[0];
    for (const key of ["example", "default", "const"]) if (key in own) return own[key];
    if (own.enum) return own.enum[0];
    const choice = (own.oneOf ?? own.anyOf)?.find((one) => one.type !== "null");
    if (choice) return this.example(choice, depth + 1);
    const { properties } = this.fields(own);
    const type = [own.type ?? (Object.keys(properties).length > 0 ? "object" : "string")].flat().find((one) => one !== "null");
    switch (type) {
      case "object": return depth > DEEPEST ? {} : Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, this.example(field, depth + 1)]));
      case "array": return depth > DEEPEST ? [] : [this.example(own.items, depth + 1)];
      case "integer": case "number": return own.minimum ?? 0;
      case "boolean": return true;
      default: return { uuid: "0190b5d2-7e4a-7c3e-9d6b-2f8a1c4e5b60", "date-time": "2026-01-31T12:00:00Z", date: "2026-01-31", email: "ada@example.org" }[own.format] ?? "text";
    }
  }
}
