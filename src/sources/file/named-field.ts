import { didYouMean } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { Field } from '../../core/value.ts';

/**
 * @param file the file that the fields were learnt from, for the message
 * @throws BatchlineError with this code where no field has the name
 */
export function namedField(
  fields: readonly Field[],
  name: string,
  code: 'unknown_field' | 'unknown_key_column',
  file: string | undefined,
): Field {
  const field = fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field;
  throw new BatchlineError(code, `no column is named "${name}"`, {
    where: file,
    hint: didYouMean(
      name,
      fields.map((candidate) => candidate.name),
    ),
  });
}
