import { BatchlineError } from '../core/errors.ts';
import { fieldIndex } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import { didYouMean } from '../core/did-you-mean.ts';

/** The index of a field that a transform names. @throws BatchlineError `unknown_field`, whose `where` is that name */
export function knownField(transform: string, name: string, fields: readonly Field[]): number {
  const index = fieldIndex(fields, name);
  if (index !== -1) return index;
  throw new BatchlineError(
    'unknown_field',
    `the ${transform} transform names "${name}", which is no field of the row`,
    {
      where: name,
      hint: didYouMean(
        name,
        fields.map((field) => field.name),
      ),
    },
  );
}
