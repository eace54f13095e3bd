import { BatchlineError } from '../../core/errors.ts';
import type { SourceContext } from '../../core/source.ts';

/** @throws BatchlineError where `--where` was given, which a file cannot answer */
export function refuseWhere({ where }: SourceContext): void {
  if (where === undefined) return;
  throw new BatchlineError(
    'where_not_supported',
    '--where needs a database source; a file cannot be queried',
    {
      hint: 'Use a filter transform.',
    },
  );
}
