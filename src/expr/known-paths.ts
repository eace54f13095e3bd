import { nearestName } from '../core/did-you-mean.ts';
import { asMap, type JsonMap } from '../core/json.ts';
import { printPath, type Path } from './cel-paths.ts';

const usageMembers = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'];

/** What is known of a column's variables before any answer is there; undefined where that is nothing. */
export interface KnownVariables {
  readonly endpoint: unknown;
  /** The schema of the answers, where one is asked for. */
  readonly schema: JsonMap | undefined;
  /** The names of the fields that reach the renderer. */
  readonly fields: readonly string[] | undefined;
  readonly keyNames: readonly string[] | undefined;
}

export interface PathFault {
  readonly code: 'unknown_column' | 'invalid_column';
  readonly message: string;
  readonly suggestion: string | undefined;
  /** What there is, where it is a name that there is not. */
  readonly known: readonly string[];
}

/** What is wrong with a path that no row can ever have; undefined where nothing is known against it. */
export function pathFault(path: Path, variables: KnownVariables): PathFault | undefined {
  const [root = '', member] = path;
  const isEmbedding = variables.endpoint === 'embeddings';
  if (isEmbedding && (root === 'text' || root === 'json')) return noSuchAnswer(root, 'embeddings');
  if (!isEmbedding && variables.endpoint !== undefined && root === 'embedding')
    return noSuchAnswer(root, 'chat and responses');
  if (member === undefined) return undefined;
  if (root === 'json') return schemaFault(path, variables.schema);
  const known = members(root, variables);
  if (known === undefined || known.names.includes(member)) return undefined;
  return noSuchMember(known.owner, member, known.names);
}

function noSuchAnswer(root: string, endpoint: string): PathFault {
  return {
    code: 'invalid_column',
    message: `requests for ${endpoint} are not answered with ${root}`,
    suggestion: undefined,
    known: [],
  };
}

function noSuchMember(owner: string, member: string, known: readonly string[]): PathFault {
  const suggestion = nearestName(member, known);
  return { code: 'unknown_column', message: `${owner} has no "${member}"`, suggestion, known };
}

interface Members {
  readonly owner: string;
  readonly names: readonly string[];
}

/** The members of a variable, where they are all known. */
function members(root: string, { fields, keyNames }: KnownVariables): Members | undefined {
  if (root === 'row') return fields && { owner: 'the source', names: fields };
  if (root === 'key') return keyNames && { owner: 'the key', names: keyNames };
  return root === 'usage' ? { owner: 'usage', names: usageMembers } : undefined;
}

/** The first name on the way that the schema rules out; objects that may have others, and references, are not judged. */
function schemaFault(path: Path, schema: JsonMap | undefined): PathFault | undefined {
  let object = schema;
  for (const [depth, name] of path.entries()) {
    if (depth === 0) continue;
    const properties = asMap(object?.['properties']);
    if (properties === undefined || object?.['additionalProperties'] !== false) return undefined;
    const owner = depth === 1 ? 'the schema' : `${printPath(path.slice(0, depth))} of the schema`;
    if (!Object.hasOwn(properties, name)) return noSuchMember(owner, name, Object.keys(properties));
    object = asMap(properties[name]);
  }
  return undefined;
}
