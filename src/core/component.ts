import { z } from 'zod';

/**
 * What every component declares, whatever its kind. Validation, did-you-mean, the editor's JSON Schema, the reference
 * page and the contract tests all follow from it.
 */
export interface ComponentDeclaration<Name extends string, Config extends z.ZodObject> {
  /** The word after `type:`. */
  readonly name: Name;
  /** One sentence, for the reference. */
  readonly summary: string;
  /** The keys of its block, without `type`; each with a description. */
  readonly config: Config;
  /** Blocks that work as they stand; a test parses each. */
  readonly examples: readonly z.input<Config>[];
}

/** The zod schema of a component's whole block: `type`, the keys that all of its kind share, and its own. */
export function blockSchema<Common extends z.ZodRawShape>(
  declaration: ComponentDeclaration<string, z.ZodObject>,
  common: Common,
) {
  const block = z.strictObject({
    type: z.literal(declaration.name).meta({ description: declaration.summary }),
    ...common,
    ...declaration.config.shape,
  });
  // What the component refines about its own keys holds for the whole block too.
  return block.check(...((declaration.config.def.checks ?? []) as Parameters<typeof block.check>));
}

/** Marks a field whose value must never be shown. */
export const secret = { secret: true } as const;

/** Marks a field that is a Liquid template: its syntax is checked with the file, and its position shown. */
export const liquid = { language: 'liquid' } as const;

/** Marks a field that is a CEL expression: its syntax is checked with the file, and its position shown. */
export const cel = { language: 'cel' } as const;
