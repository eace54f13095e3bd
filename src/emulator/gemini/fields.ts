import { isMap, type JsonMap } from '../../core/json.ts';
import { invalid, unknownField } from './errors.ts';

/** A field by its JSON name; Google takes the name of its protocol too: `generation_config`. */
export function field(map: JsonMap, name: string): unknown {
  return map[name] ?? map[snakeCase(name)];
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @throws ApiError 400 of a field that is none of those known */
export function refuseUnknown(map: JsonMap, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(map).find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownField(unknown, path);
}

/** Names as JSON and as the protocol have them. */
export function namesOf(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [name, snakeCase(name)]));
}

/** A field that is an object, where it is there. @throws ApiError 400 */
export function mapField(map: JsonMap, name: string): JsonMap | undefined {
  const value = field(map, name);
  if (value === undefined || value === null || isMap(value)) return value ?? undefined;
  throw invalid(`Invalid value at '${snakeCase(name)}' (type.googleapis.com/google.protobuf.Message)`);
}

/** A field that is a number within limits, where it is there. @throws ApiError 400 */
export function numberField(map: JsonMap, name: string, low: number, high: number): number | undefined {
  const value = field(map, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalid(`Invalid value at 'generation_config.${snakeCase(name)}'`);
  if (value < low || value > high) {
    throw invalid(
      `* GenerateContentRequest.generation_config.${snakeCase(name)}: must be in the range [${low}, ${high}].`,
    );
  }
  return value;
}
