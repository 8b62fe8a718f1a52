/** Values ⇄ bytes: as JSON where that keeps them exactly, since it is several times quicker, else as V8 serializes them. Reading runs no code. */

import { Deserializer, Serializer } from 'node:v8';
import { Refusal } from './refusal.js';

const formats = { v8: 0, json: 1 } as const;
const jsonMark = String.fromCharCode(formats.json);

/** @param isJson whether JSON gives the value back exactly as it is */
export function encode(value: unknown, isJson: boolean): Buffer {
  if (isJson) return encodeJson(JSON.stringify(value));
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return Buffer.concat([Buffer.of(formats.v8), serializer.releaseBuffer()]);
}

/** What {@link encode} makes of the value that this text is the JSON of. */
export function encodeJson(text: string): Buffer {
  return Buffer.from(jsonMark + text);
}

/** What JSON writes as it is, between quotes. */
const plainText = /^[ !#-[\]-~]{0,64}$/;

/** The JSON of a value that JSON keeps, or of a list of such. That of a single one is put together here: `JSON.stringify` takes 4 µs to begin. */
export function jsonOf(value: unknown): string {
  if (typeof value === 'number') return `${value}`;
  if (typeof value === 'string' && plainText.test(value)) return `"${value}"`;
  return Array.isArray(value) && value.length === 1 ? `[${jsonOf(value[0])}]` : JSON.stringify(value);
}

/** The JSON of a list, by that of each. */
export function jsonOfList<T>(items: readonly T[], jsonOfOne: (item: T) => string): string {
  let text = '';
  for (const item of items) text += text === '' ? jsonOfOne(item) : `,${jsonOfOne(item)}`;
  return `[${text}]`;
}

export function decode(bytes: Buffer): unknown {
  try {
    if (bytes[0] === formats.json) return JSON.parse(bytes.toString('utf8', 1));
    const deserializer = new Deserializer(bytes.subarray(1));
    deserializer.readHeader();
    return deserializer.readValue();
  } catch (cause) {
    throw new Refusal('MALFORMED', "the message can't be read: it was written by another version, or is damaged", {
      cause,
    });
  }
}

/** Copies as the wire would; throws what the wire would throw. */
export function copyByWire(value: unknown): unknown {
  return decode(encode(value, false));
}

/** Primitives only: objects could hold, or be, what JSON changes. */
export function isJsonValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}
