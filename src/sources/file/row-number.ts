import type { OpenedSource, SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';

/** The field that every file source has: the record's number, from 1 over the whole read. */
export const rowNumber: Field = { name: '_row', kind: 'integer', sqlType: 'bigint' };

/** A file's own column of that name, as in a file that was written with it, comes first. */
export function withRowNumber(fields: readonly Field[]): readonly Field[] {
  return fields.some((field) => field.name === rowNumber.name) ? fields : [...fields, rowNumber];
}

export function warnOfRowNumberKey(context: SourceContext, source: OpenedSource): void {
  if (!source.keyFields.includes(rowNumber)) return;
  context.warn('The key _row is the number of a record: it holds only while the file is not edited.');
}
