import { nearestName } from '../../../core/did-you-mean.ts';
import type { DialectFault } from '../../../core/dialect.ts';
import { asList, isMap, type JsonMap } from '../../../core/json.ts';

type Path = DialectFault['path'];

const sayIt = 'say it in a description';

/**
 * Keywords that structured outputs refuse wherever they stand, each with what to write instead:
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
const refused: ReadonlyMap<string, string> = new Map([
  ['oneOf', 'use `anyOf`'],
  ['not', 'say what is wanted in a description'],
  ['if', 'use `anyOf` with a schema for each case'],
  ['then', 'use `anyOf` with a schema for each case'],
  ['else', 'use `anyOf` with a schema for each case'],
  ['minimum', sayIt],
  ['maximum', sayIt],
  ['exclusiveMinimum', sayIt],
  ['exclusiveMaximum', sayIt],
  ['multipleOf', sayIt],
  ['minLength', sayIt],
  ['maxLength', sayIt],
  ['maxItems', sayIt],
  ['uniqueItems', sayIt],
  ['minProperties', sayIt],
  ['maxProperties', sayIt],
  ['patternProperties', 'use an array of objects with a name and a value'],
  ['propertyNames', 'use an array of objects with a name and a value'],
]);

/** The formats that a string may have, as the official SDK lets them through. */
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'];

/** Everything that structured outputs are known to refuse in a schema, in its order. */
export function schemaFaults(schema: JsonMap, path: Path): readonly DialectFault[] {
  return [...faultsIn(schema, path, schema, [])];
}

function* faultsIn(
  schema: unknown,
  path: Path,
  root: JsonMap,
  above: readonly JsonMap[],
): Generator<DialectFault> {
  if (!isMap(schema)) return;
  yield* keywordFaults(schema, path);
  yield* referenceFaults(schema, path, root, above);
  if (isObject(schema) && schema['additionalProperties'] !== false) {
    const message = 'is required and must be false: structured outputs take closed objects only';
    const isThere = 'additionalProperties' in schema;
    yield { path: [...path, 'additionalProperties'], message, at: isThere ? 'value' : 'parent' };
  }
  for (const [step, child] of children(schema))
    yield* faultsIn(child, [...path, ...step], root, [...above, schema]);
}

function* keywordFaults(schema: JsonMap, path: Path): Generator<DialectFault> {
  for (const [name, instead] of refused) {
    if (!(name in schema)) continue;
    const message = `is refused by structured outputs at anthropic; ${instead}`;
    yield { path: [...path, name], message, at: 'key' };
  }
  const { minItems, format } = schema;
  if (minItems !== undefined && minItems !== 0 && minItems !== 1)
    yield { path: [...path, 'minItems'], message: 'can be 0 or 1 with structured outputs at anthropic' };
  if (typeof format === 'string' && !formats.includes(format)) {
    const message = `${format} is refused by structured outputs at anthropic, which know ${formats.join(', ')}`;
    yield { path: [...path, 'format'], message, suggestion: nearestName(format, formats) };
  }
}

/** A reference has to lead into the schema, and not around in a circle. */
function* referenceFaults(
  { $ref: reference }: JsonMap,
  path: Path,
  root: JsonMap,
  above: readonly JsonMap[],
): Generator<DialectFault> {
  if (typeof reference !== 'string') return;
  const message = reference.startsWith('#')
    ? 'leads back to a schema that holds it; structured outputs at anthropic take no recursive schema'
    : 'must point into the schema itself, as in #/$defs/item';
  const target = pointed(root, reference);
  if (!reference.startsWith('#') || (isMap(target) && leadsBack(target, root, new Set(above))))
    yield { path: [...path, '$ref'], message };
}

/** Whether a schema that is referred to holds, directly or by further references, one that refers to it. */
function leadsBack(schema: unknown, root: JsonMap, holders: ReadonlySet<JsonMap>): boolean {
  if (!isMap(schema)) return false;
  if (holders.has(schema)) return true;
  const inside = new Set(holders).add(schema);
  const referred = typeof schema['$ref'] === 'string' ? pointed(root, schema['$ref']) : undefined;
  return (
    leadsBack(referred, root, inside) || children(schema).some(([, child]) => leadsBack(child, root, inside))
  );
}

function pointed(root: JsonMap, reference: string): unknown {
  const steps = reference.split('/').slice(1);
  return steps.reduce<unknown>((value, step) => {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    return isMap(value) ? value[name] : undefined;
  }, root);
}

function isObject({ type, properties }: JsonMap): boolean {
  return type === 'object' || asList(type).includes('object') || properties !== undefined;
}

/** The schemas that stand right below one, with the way to each. */
function children(schema: JsonMap): readonly (readonly [Path, unknown])[] {
  const named = ['$defs', 'definitions', 'properties'].flatMap((keyword) => {
    const map = schema[keyword];
    return isMap(map) ? Object.entries(map).map(([name, child]) => [[keyword, name], child] as const) : [];
  });
  const listed = ['anyOf', 'allOf'].flatMap((keyword) =>
    asList(schema[keyword]).map((child, index) => [[keyword, index], child] as const),
  );
  return [...named, ...listed, [['items'], schema['items']]];
}
