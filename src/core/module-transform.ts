/**
 * What the file of a `module` transform exports by default.
 *
 * It is called once a row, one row after another, and must give the same answer for the same row: a run that is resumed
 * may ask again. Where it throws, or answers with what `fields` does not declare, that row alone fails.
 *
 * ```ts
 * import type { ModuleTransform } from 'batchline';
 *
 * const transform: ModuleTransform<{ body: string }> = (row) => ({ words: row.body.split(/\s+/).length });
 * export default transform;
 * ```
 */
export type ModuleTransform<Row extends object = ModuleRow> = (
  row: Row,
  context: ModuleContext,
) => ModuleAnswer | Promise<ModuleAnswer>;

/** The row's fields by name, or those that `reads` lists. Frozen: a field changes by being returned. */
export type ModuleRow = Readonly<Record<string, ModuleValue>>;

/**
 * A field's value. An integer is a number where that is exact, else a bigint; numeric with a fraction, timestamps
 * (RFC 3339, UTC), bytea (base64), uuid and every other type are text; arrays and JSON are lists and maps.
 */
export type ModuleValue =
  | null
  | string
  | boolean
  | number
  | bigint
  | readonly ModuleValue[]
  | { readonly [key: string]: ModuleValue };

/** Fields with their new values; those that are left out stay as they are, or null where new. Null drops the row. */
export type ModuleAnswer = object | null;

export interface ModuleContext {
  /** Where the row stands, for messages: `emails.csv:120`. */
  readonly position: string;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
}
