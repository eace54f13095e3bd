import { asList, asMap } from '../core/json.ts';
import { checkExpression } from '../expr/cel.ts';
import { isIdentifier } from '../expr/cel-paths.ts';
import { type Fault, valueAt } from './fault.ts';
import { requestDraft } from './request-draft.ts';
import { isSplit } from './split-checks.ts';

/** What `batch.pilot.expect` asks of columns that there are not, or in no expression at all. */
export function checkPilot(data: unknown): readonly Fault[] {
  const path = ['batch', 'pilot', 'expect'];
  const names = columnNames(data);
  const variables = names === undefined ? undefined : [...names, ...keyNames(data)].filter(isIdentifier);
  return Object.keys(asMap(valueAt(data, path)) ?? {}).flatMap((text) =>
    checkExpression(text, variables === undefined ? undefined : [...new Set(variables)]).map(
      ({ message, suggestion }) => ({
        path: [...path, text],
        message: message.startsWith('Unknown variable') ? `${message}; ${known(variables ?? [])}` : message,
        suggestion,
        at: 'key' as const,
      }),
    ),
  );
}

function known(variables: readonly string[]): string {
  return `the columns are: ${variables.join(', ')}`;
}

/** The target's columns, named by the file or made of the answer; undefined where that is not known. */
function columnNames(data: unknown): readonly string[] | undefined {
  const configured = asMap(valueAt(data, ['sink', 'columns']));
  if (configured !== undefined) return Object.keys(configured);
  const { endpoint, output } = requestDraft(data);
  if (endpoint === undefined) return undefined;
  if (endpoint === 'embeddings') return ['embedding', 'model'];
  if (output === undefined) return ['text', 'model'];
  const properties = asMap(asMap(asMap(output)?.['schema'])?.['properties']);
  return properties === undefined ? undefined : [...Object.keys(properties), 'model'];
}

function keyNames(data: unknown): readonly string[] {
  const key = valueAt(data, ['source', 'key']);
  const names = typeof key === 'string' ? [key] : asList(key).filter((name) => typeof name === 'string');
  return isSplit(data) ? [...names, 'chunk_index'] : names;
}
