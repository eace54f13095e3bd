import { BatchlineError } from '../core/errors.ts';
import type { Endpoint } from '../core/dialect.ts';
import type { Field } from '../core/value.ts';
import type { CompiledExpression } from '../expr/cel.ts';
import type { Path } from '../expr/cel-paths.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { asMap, type JsonMap } from '../core/json.ts';

const usageMembers = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'];

/** What is known of the variables before any answer is there. */
export interface ResultVariables {
  readonly endpoint: Endpoint;
  /** The schema of the answers, where one is asked for. */
  readonly schema: JsonMap | undefined;
  /** The source's fields, by name. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly keyNames: readonly string[];
}

/**
 * Looks for names that no row can ever have.
 *
 * @param where the column's place in the pipeline file, `sink.columns.tags`
 * @throws BatchlineError `unknown_column` or `invalid_column`
 */
export function checkPaths(expression: CompiledExpression, variables: ResultVariables, where: string): void {
  for (const path of expression.paths) {
    const fault = pathFault(path, variables);
    if (fault === undefined) continue;
    throw new BatchlineError(fault.code, `${where}: ${expression.text}: ${fault.message}`, {
      where,
      hint: fault.hint,
    });
  }
}

interface PathFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

function pathFault([root, member]: Path, variables: ResultVariables): PathFault | undefined {
  const isEmbedding = variables.endpoint === 'embeddings';
  if (isEmbedding && (root === 'text' || root === 'json')) return noSuchAnswer(root, 'embeddings');
  if (!isEmbedding && root === 'embedding') return noSuchAnswer(root, 'chat and responses');
  if (member === undefined) return undefined;
  const known = knownMembers(root ?? '', variables);
  if (known === undefined || known.names.includes(member)) return undefined;
  const message = `${known.owner} has no "${member}"`;
  return { code: 'unknown_column', message, hint: didYouMean(member, known.names) };
}

function noSuchAnswer(root: string, endpoint: string): PathFault {
  return {
    code: 'invalid_column',
    message: `requests for ${endpoint} are not answered with ${root}`,
    hint: undefined,
  };
}

interface Members {
  readonly owner: string;
  readonly names: readonly string[];
}

/** The members of a variable, where they are all known. */
function knownMembers(root: string, variables: ResultVariables): Members | undefined {
  if (root === 'row') return { owner: 'the source', names: [...variables.fields.keys()] };
  if (root === 'key') return { owner: 'the key', names: variables.keyNames };
  if (root === 'usage') return { owner: 'usage', names: usageMembers };
  const properties = asMap(variables.schema?.['properties']);
  const isClosed = variables.schema?.['additionalProperties'] === false && properties !== undefined;
  if (root !== 'json' || !isClosed) return undefined;
  return { owner: 'the schema', names: Object.keys(properties) };
}
