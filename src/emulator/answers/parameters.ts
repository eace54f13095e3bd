import { badRequest, invalidType } from '../http/api-error.ts';
import type { JsonMap } from '../../core/json.ts';

/** The model that a request names, or the one that answers where it names none. @throws ApiError 400 */
export function modelOf(body: JsonMap, standard: string): string {
  const model = body['model'] ?? standard;
  if (typeof model !== 'string') throw invalidType('model', 'a string', model);
  return model;
}

/** A number within limits, where it is given. @throws ApiError 400 */
export function checkDecimal(body: JsonMap, name: string, low: number, high: number): void {
  const value = body[name];
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') throw invalidType(name, 'a decimal', value);
  if (value < low) throw outOfRange(name, 'decimal', 'below minimum', `>= ${low}`, value);
  if (value > high) throw outOfRange(name, 'decimal', 'above maximum', `<= ${high}`, value);
}

/** An integer within limits; undefined where it is not given. @throws ApiError 400 */
export function checkInteger(body: JsonMap, name: string, low: number, high: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalidType(name, 'an integer', value);
  if (value < low) throw outOfRange(name, 'integer', 'below minimum', `>= ${low}`, value);
  if (value > high) throw outOfRange(name, 'integer', 'above maximum', `<= ${high}`, value);
  return value;
}

function outOfRange(name: string, kind: string, side: string, expected: string, value: number) {
  const message = `Invalid '${name}': ${kind} ${side} value. Expected a value ${expected}, but got ${value} instead.`;
  return badRequest(
    message,
    name,
    `${kind}_${side.replace(' ', '_').replace('minimum', 'min').replace('maximum', 'max')}_value`,
  );
}

export function emptyArray(name: string) {
  const message = `Invalid '${name}': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
  return badRequest(message, name, 'empty_array');
}
