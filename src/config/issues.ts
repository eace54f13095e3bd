import type { z } from 'zod';
import { formatPath, valueAt, type Fault, type Path } from './fault.ts';
import { laterKey } from './later.ts';
import { knownKeys, schemaAt } from './schema-tree.ts';
import { findKey } from './find-key.ts';
import { misfitKey } from './whole-source-checks.ts';
import { nearestName } from '../core/did-you-mean.ts';
import { isMap, type JsonMap } from '../core/json.ts';
import { typeWord } from '../core/type-words.ts';

type Issue = z.core.$ZodIssue;

/** Messages of zod's own, which speak of types; a schema's own words stand as they are. */
const zodWords = /^Invalid /;

/** What an issue is judged against. */
export interface IssueContext {
  readonly schema: z.core.$ZodType;
  readonly data: unknown;
}

/** Says what zod found in a person's words. */
export function explainIssue(issue: Issue, context: IssueContext): readonly Fault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => explainUnknownKey([...path, key], context));
  }
  const value = valueAt(context.data, path);
  if (issue.code === 'custom') {
    return [{ path, message: issue.message, at: value === undefined ? 'parent' : 'value' }];
  }
  if (value === undefined) return [explainMissing(issue, path)];
  if (value === null) return [{ path, message: 'is empty; give it a value or take the key out' }];
  if (issue.code === 'invalid_union') return explainUnion(issue, value, context);
  if (issue.code === 'invalid_type' && isWholeNumber(schemaAt(context.schema, context.data, path))) {
    return [{ path, message: 'must be a whole number' }];
  }
  return [{ path, ...describe(issue, value) }];
}

function isWholeNumber(schema: z.core.$ZodTypes | undefined): boolean {
  const def = schema?._zod.def;
  return def?.type === 'number' && 'format' in def && def.format === 'safeint';
}

function explainUnknownKey(path: Path, context: IssueContext): Fault {
  const { schema, data } = context;
  const reason = laterKey(path) ?? misfitKey(path);
  if (reason !== undefined) return { path, message: reason, at: 'key' };
  const parent = schemaAt(schema, data, path.slice(0, -1));
  const key = String(path.at(-1));
  const sibling = parent === undefined ? undefined : nearestName(key, knownKeys(parent));
  return { path, message: 'unknown key', at: 'key', suggestion: misplaced(path, context) ?? sibling };
}

const componentBlocks = new Set<PropertyKey | undefined>(['source', 'transforms', 'provider', 'sink']);

/** Where a key belongs that stands in the wrong block; what one component calls so says nothing of another. */
function misplaced(path: Path, { schema, data }: IssueContext): string | undefined {
  const found = findKey(schema, data, String(path.at(-1)));
  if (found === undefined || (path.length > 1 && componentBlocks.has(found[0]))) return undefined;
  return formatPath(found);
}

function explainMissing(issue: Issue, path: Path): Fault {
  const names = issue.code === 'invalid_union' ? typeNames(issue) : valueNames(issue);
  const message = names.length === 0 ? 'required' : `required; one of ${names.join(', ')}`;
  return { path, message, at: 'parent' };
}

function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  value: unknown,
  context: IssueContext,
): readonly Fault[] {
  const { path } = issue;
  const types = typeNames(issue);
  if (types.length > 0 || issue.discriminator !== undefined) return [{ path, ...choice(value, types) }];
  if (isMap(value) && !issue.errors.some((branch) => branch.some(isOfWholeValue))) {
    return explainMaps(issue, value, context);
  }
  // The branch that the value's shape fits has its faults deeper, or is no question of type.
  const fitting = issue.errors.find((branch) =>
    branch.some((each) => each.path.length > 0 || !isTypeIssue(each)),
  );
  if (fitting !== undefined) {
    return fitting.flatMap((each) => explainIssue({ ...each, path: [...path, ...each.path] }, context));
  }
  const wanted = issue.errors.flatMap((branch) =>
    branch.filter(isTypeIssue).map((each) => typeWord(each.expected)),
  );
  return [{ path, message: `must be ${[...new Set(wanted)].join(' or ')}` }];
}

function isOfWholeValue(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

/** Of maps that are told apart by a key that only one of them has. */
function explainMaps(
  issue: z.core.$ZodIssueInvalidUnion,
  value: JsonMap,
  context: IssueContext,
): readonly Fault[] {
  const { path } = issue;
  const missing = issue.errors.map((branch) =>
    branch.flatMap((each) => (valueAt(value, each.path) === undefined ? each.path.map(String) : [])),
  );
  const [branch, ...others] = issue.errors.filter((_, index) => missing[index]?.length === 0);
  if (branch === undefined) {
    const names = [...new Set(missing.flat())];
    const suggestion = Object.keys(value).flatMap((key) => nearestName(key, names) ?? [])[0];
    return [{ path, message: `must hold one of ${names.join(', ')}`, suggestion }];
  }
  const [first, second] = Object.keys(value);
  if (others.length > 0 && second !== undefined) {
    const message = `cannot stand beside \`${first}\`; write an entry for each`;
    return [{ path: [...path, second], message, at: 'key' }];
  }
  return branch.flatMap((each) => explainIssue({ ...each, path: [...path, ...each.path] }, context));
}

function isTypeIssue(issue: Issue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === 'invalid_type' && zodWords.test(issue.message);
}

function typeNames(issue: z.core.$ZodIssueInvalidUnion): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function valueNames(issue: Issue): readonly string[] {
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

type Description = Pick<Fault, 'message' | 'suggestion'>;

function describe(
  issue: Exclude<Issue, z.core.$ZodIssueInvalidUnion | z.core.$ZodIssueCustom>,
  value: unknown,
): Description {
  switch (issue.code) {
    case 'invalid_type':
      return {
        message: zodWords.test(issue.message) ? `must be ${typeWord(issue.expected)}` : issue.message,
      };
    case 'invalid_value':
      return choice(value, issue.values.map(String));
    case 'too_small':
      return { message: `must ${bound(issue.origin, issue.minimum, issue.inclusive !== false, 'least')}` };
    case 'too_big':
      return { message: `must ${bound(issue.origin, issue.maximum, issue.inclusive !== false, 'most')}` };
    case 'not_multiple_of':
      return { message: `must be a multiple of ${issue.divisor}` };
    case 'invalid_format':
      return { message: zodWords.test(issue.message) ? 'is not written as it must be' : issue.message };
    case 'invalid_key':
    case 'invalid_element':
      return { message: 'has a key or an entry that is not allowed' };
    case 'unrecognized_keys':
    default:
      return { message: issue.message };
  }
}

function choice(value: unknown, names: readonly string[]): Description {
  const message = names.length === 1 ? `must be ${names[0] ?? ''}` : `must be one of ${names.join(', ')}`;
  return { message, suggestion: typeof value === 'string' ? nearestName(value, names) : undefined };
}

function bound(origin: string, limit: number | bigint, isInclusive: boolean, word: 'least' | 'most'): string {
  const isNumber = origin === 'number' || origin === 'int' || origin === 'bigint';
  if (!isNumber && word === 'least' && limit === 1) return 'not be empty';
  if (isNumber && !isInclusive) return `be ${word === 'least' ? 'more' : 'less'} than ${limit}`;
  if (isNumber) return `be at ${word} ${limit}`;
  return `have at ${word} ${limit} ${origin === 'string' ? 'characters' : 'entries'}`;
}
