import type { HonoRequest } from "hono";
import * as v from "valibot";
import { badJson, MatrixError } from "./error.ts";

/** A JSON object whose members nobody has looked at yet. */
export type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Deep enough for any event, shallow enough that nothing that walks the value runs out of stack. */
const DEPTH = 100;

/**
 * The value as canonical JSON has it: with its keys in order, whatever order they came in. Matrix knows only integers
 * that every language can hold; anything else in an event is refused.
 */
function canonical(value: unknown, depth = 0): unknown {
  if (depth > DEPTH) throw badJson("The JSON is nested too deeply");
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw badJson("A number is not an integer");
  if (Array.isArray(value)) return value.map((inner) => canonical(inner, depth + 1));
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, canonical(value[key], depth + 1)]));
}

/** The body as a JSON object. Throws `M_NOT_JSON` or `M_BAD_JSON`; `orEmpty` lets no body stand for `{}`. */
export async function readJson(request: HonoRequest, orEmpty?: "orEmpty"): Promise<Json> {
  const text = await request.text();
  if (text === "" && orEmpty) return {};
  const value = canonical(parseJson(text));
  if (!isObject(value)) throw badJson("The body must be a JSON object");
  return value;
}

/** Whether two values are written the same; good enough to see that a client says what it said before. */
export const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Throws `M_NOT_JSON`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MatrixError(400, "M_NOT_JSON", `Not JSON: ${String(cause)}`);
  }
}

/** The body, checked by a schema. Throws `M_MISSING_PARAM` for what is not there, `M_BAD_JSON` for what is wrong. */
export async function readBody<S extends v.GenericSchema>(
  request: HonoRequest,
  schema: S,
  orEmpty?: "orEmpty",
): Promise<v.InferOutput<S>> {
  const result = v.safeParse(schema, await readJson(request, orEmpty));
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "body";
  if (issue.received === "undefined") throw new MatrixError(400, "M_MISSING_PARAM", `'${path}' is missing`);
  throw badJson(`'${path}': expected ${issue.expected}, got ${issue.received}`);
}

/** For what is passed on as it came: event contents and keys. */
export const jsonObject = v.custom<Json>(isObject, "must be a JSON object");
