import { didYouMean } from '../../core/did-you-mean.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import type { ModuleRow } from '../../core/module-transform.ts';
import type { Field, Value } from '../../core/value.ts';
import { typedValue, type ModuleKind } from './typed-value.ts';

/** A field that a module makes. */
export interface MadeField extends Field {
  readonly kind: ModuleKind;
}

/**
 * What a module returned for a row: the value of each field that it makes, undefined where it left one out; null where
 * it dropped the row. Whatever else of the row it returned must be unchanged, as in `{ ...row, language: 'en' }`.
 *
 * @throws TypeError which says what is wrong with it
 */
export function readAnswer(
  answer: unknown,
  row: ModuleRow,
  made: readonly MadeField[],
): readonly (Value | undefined)[] | null {
  if (answer === null) return null;
  const fields = asFields(answer);
  for (const name of Object.keys(fields)) {
    const isKnown = made.some((field) => field.name === name) || fields[name] === undefined;
    if (!isKnown && !isUnchanged(name, fields, row)) throw undeclared(name, made);
  }
  return made.map(({ name, kind }) => madeValue(name, kind, own(fields, name)));
}

function asFields(answer: unknown): JsonMap {
  if (isMap(answer)) return answer;
  throw new TypeError(
    `it returned ${kindOf(answer)}; return an object with fields, {} to leave the row as it is, or null to drop it`,
  );
}

function isUnchanged(name: string, fields: JsonMap, row: ModuleRow): boolean {
  return Object.hasOwn(row, name) && Object.is(row[name], fields[name]);
}

function undeclared(name: string, made: readonly MadeField[]): TypeError {
  const names = made.map((field) => field.name);
  const hint = names.length === 0 ? '`fields` declares none' : didYouMean(name, names);
  return new TypeError(`it returned "${name}", which \`fields\` does not declare; ${hint}`);
}

function own(fields: JsonMap, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function madeValue(name: string, kind: ModuleKind, returned: unknown): Value | undefined {
  if (returned === undefined) return undefined;
  const value = typedValue(returned, kind);
  if (value !== undefined) return value;
  throw new TypeError(`"${name}" is ${kindOf(returned)}, declared is ${kind}`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `the number ${value}`;
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? 'text' : `of type ${typeof value}`;
}
