import { z } from 'zod';
import { pipelineSchema } from '../config/pipeline.ts';
import { componentPageName, type ComponentKind } from './component-page.ts';
import { keyTable, properties, type JsonSchema } from './key-table.ts';

/** The page of the pipeline file: its top-level keys, and the blocks that belong to no component. */
export function pipelinePage(kinds: readonly ComponentKind[]): string {
  const schema = withoutUnions(z.toJSONSchema(pipelineSchema, { io: 'input', target: 'draft-07' }), kinds);
  return [
    '# The pipeline file',
    "A YAML file with the keys below. `${VAR}` and `${VAR:-default}` stand for environment variables in any value, `$${` for a literal `${`. Durations are written like `250ms`, `90s`, `15m`, `6h` or `14d`, sizes like `190MB` (10^6 bytes) or `181MiB` (2^20). Relative paths start at the file's folder.",
    keyTable(schema),
    ...kinds.map(kindSection),
    ...sections(schema, []),
  ].join('\n\n');
}

/** A component's block is described on the component's own page. */
function withoutUnions(schema: JsonSchema, kinds: readonly ComponentKind[]): JsonSchema {
  const blocks = new Set(kinds.map(({ block }) => block));
  const entries = Object.entries(properties(schema)).map(([key, value]): [string, JsonSchema] => {
    return [key, blocks.has(key) ? withoutUnion(value) : value];
  });
  return { ...schema, properties: Object.fromEntries(entries) };
}

function withoutUnion(schema: JsonSchema): JsonSchema {
  const isList = schema.type === 'array';
  const block: JsonSchema = { ...schema, type: isList ? 'array' : 'object' };
  delete block.oneOf;
  return isList ? { ...block, items: { type: 'object' } } : block;
}

function kindSection(kind: ComponentKind): string {
  const links = kind.declarations.map(({ name, summary }) => {
    return `- [\`${name}\`](${componentPageName(kind, name)}): ${summary}`;
  });
  return `## ${kind.block}\n\n${links.join('\n')}`;
}

function sections(schema: JsonSchema, path: readonly string[]): readonly string[] {
  return Object.entries(properties(schema)).flatMap(([key, value]) => {
    const block = value.type === 'array' ? ((value.items ?? {}) as JsonSchema) : value;
    if (Object.keys(properties(block)).length === 0) return [];
    const inner = [...path, key];
    const title = `${'#'.repeat(inner.length + 1)} ${inner.join('.')}`;
    return [title, value.description ?? '', keyTable(block), ...sections(block, inner)];
  });
}
