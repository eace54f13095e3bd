/**
 * A field's value, as templates and expressions see it.
 *
 * - integers of every width are `bigint`, floating-point numbers are `number`
 * - numeric with a fraction, timestamps (RFC 3339, UTC), bytea (base64), uuid and every other type are text
 * - arrays and JSON are lists and maps; inside JSON a number is a `number` where that is exact, and otherwise
 *   what `JSON.rawJSON` makes of its digits, so that none of them is lost on the way through
 * - an embedding is a `Float32Array`
 */
export type Value =
  | null
  | string
  | boolean
  | bigint
  | number
  | Float32Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The kinds of field, each with one meaning in templates, expressions and carried columns. */
export type FieldKind =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'numeric'
  | 'timestamp'
  | 'bytes'
  | 'json'
  | 'array';

/** A column of a source, or a field that a transform made. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** The SQL type of the column, as `format_type` prints it (`numeric(10,2)`, `uuid`); `text` for files. */
  readonly sqlType: string;
}
