import { stringify } from 'yaml';
import { z } from 'zod';
import { blockSchema, type ComponentDeclaration } from '../core/component.ts';
import { keyTable, properties } from './key-table.ts';

/** The components of one kind, and where their blocks stand in a pipeline file. */
export interface ComponentKind {
  /** `source`, as the pages are named. */
  readonly name: string;
  /** The key of the pipeline file. */
  readonly block: string;
  readonly declarations: readonly ComponentDeclaration<string, z.ZodObject>[];
  /** The keys that all of the kind have. */
  readonly common: z.ZodRawShape;
  /** Puts an example's own keys into a block that would run. */
  readonly frame: (block: object) => unknown;
}

export function componentPage(
  kind: ComponentKind,
  declaration: ComponentDeclaration<string, z.ZodObject>,
): string {
  const schema = z.toJSONSchema(blockSchema(declaration, kind.common), { io: 'input', target: 'draft-07' });
  const common = new Set(Object.keys(kind.common));
  const own = Object.keys(properties(schema)).filter((key) => !common.has(key));
  const shared = common.size === 0 ? [] : [`## Keys of every ${kind.name}`, keyTable(schema, [...common])];
  const examples = declaration.examples.map((example) => {
    const block = kind.frame({ type: declaration.name, ...example });
    return `\`\`\`yaml\n${stringify({ [kind.block]: block }, { lineWidth: 100 })}\`\`\``;
  });
  return [
    `# ${kind.name}: ${declaration.name}`,
    declaration.summary,
    keyTable(schema, own),
    ...shared,
    '## Examples',
    ...examples,
  ].join('\n\n');
}

export function componentPageName(kind: ComponentKind, name: string): string {
  return `${kind.name}-${name}.md`;
}
