import { z } from 'zod';
import { isMap } from '../core/json.ts';
import type { Path } from './fault.ts';

type Schema = z.core.$ZodType;
type Known = z.core.$ZodTypes;

/** What `.meta()` says of a schema. */
export type Annotations = Readonly<Record<string, unknown>>;

/** A schema without its wrappers (optional, default, pipe), fitted to a value where it is a union. */
export interface ResolvedSchema {
  readonly schema: Known;
  readonly annotations: Annotations;
}

/** Takes the wrappers off a schema, and of a union takes the option that fits the value's shape. */
export function resolveSchema(schema: Schema, value: unknown): ResolvedSchema {
  const annotations: Annotations = z.globalRegistry.get(schema) ?? {};
  const inner = innerSchema(schema as Known, value);
  if (inner === undefined) return { schema: schema as Known, annotations };
  const resolved = resolveSchema(inner, value);
  return { schema: resolved.schema, annotations: { ...resolved.annotations, ...annotations } };
}

function innerSchema(schema: Known, value: unknown): Schema | undefined {
  const def = schema._zod.def;
  if (def.type === 'union') return optionOf(def.options, value);
  if (def.type === 'pipe') return def.in;
  return 'innerType' in def ? def.innerType : undefined;
}

/** Maps that no `type` tells apart are known by their keys. */
function optionOf(options: readonly Schema[], value: unknown): Schema | undefined {
  const fitting = options.filter((option) => fits(option, value));
  if (fitting.length < 2 || !isMap(value)) return fitting[0];
  return fitting.find((option) =>
    knownKeys(resolveSchema(option, value).schema).some((key) => Object.hasOwn(value, key)),
  );
}

function fits(option: Schema, value: unknown): boolean {
  const { schema } = resolveSchema(option, value);
  const def = schema._zod.def;
  if (def.type === 'object') return isMap(value) && fitsType(def.shape['type'], value['type']);
  if (def.type === 'record') return isMap(value);
  if (def.type === 'array') return Array.isArray(value);
  return def.type === typeof value;
}

/** Blocks are told apart by the literal that their `type` takes. */
function fitsType(schema: Schema | undefined, value: unknown): boolean {
  const def = schema === undefined ? undefined : (schema as Known)._zod.def;
  return def?.type !== 'literal' || def.values.includes(value as string);
}

/** The schema of a map's value or a list's entry; undefined where the schema knows no such key. */
export function childSchema(schema: Known, key: PropertyKey): Schema | undefined {
  const def = schema._zod.def;
  if (def.type === 'object') return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
  if (def.type === 'record') return def.valueType;
  return def.type === 'array' ? def.element : undefined;
}

/** The keys that a map of this schema may have. */
export function knownKeys(schema: Known): readonly string[] {
  const def = schema._zod.def;
  return def.type === 'object' ? Object.keys(def.shape) : [];
}

/** The schema that the value at a path is checked against. */
export function schemaAt(root: Schema, data: unknown, path: Path): Known | undefined {
  let resolved = resolveSchema(root, data).schema;
  let value = data;
  for (const key of path) {
    const child = childSchema(resolved, key);
    if (child === undefined) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
    resolved = resolveSchema(child, value).schema;
  }
  return resolved;
}

/** A text value of the data, with what the schema says of it and of the maps and lists around it. */
export interface AnnotatedText {
  readonly path: Path;
  readonly value: string;
  readonly annotations: Annotations;
}

/** Every text value that the schema knows. */
export function* annotatedTexts(
  schema: Schema,
  value: unknown,
  path: Path = [],
  outer: Annotations = {},
): Generator<AnnotatedText> {
  const resolved = resolveSchema(schema, value);
  const annotations = { ...outer, ...resolved.annotations };
  if (typeof value === 'string') yield { path, value, annotations };
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    const inner = childSchema(resolved.schema, step);
    if (inner !== undefined) yield* annotatedTexts(inner, child, [...path, step], annotations);
  }
}
