import { z } from 'zod';
import { blockSchema, type ComponentDeclaration } from '../core/component.ts';

/** A component's block: `type`, the keys that its kind shares, and its own, which only the component knows. */
export type Block<Common extends z.ZodRawShape> = {
  readonly type: string;
} & Readonly<z.output<z.ZodObject<Common>>> & { readonly [key: string]: unknown };

/** The blocks of one kind of component, told apart by `type`. */
export function blocksSchema<Common extends z.ZodRawShape>(
  declarations: readonly ComponentDeclaration<string, z.ZodObject>[],
  common: Common,
): z.ZodType<Block<Common>, Record<string, unknown>> {
  const options = declarations.map((declaration) => blockSchema(declaration, common));
  const union = z.discriminatedUnion('type', options as unknown as [(typeof options)[number]]);
  return union as unknown as z.ZodType<Block<Common>, Record<string, unknown>>;
}

/** The declaration that a block's `type` names. The pipeline's schema has made sure that there is one. */
export function declarationOf<Declaration extends ComponentDeclaration<string, z.ZodObject>>(
  registry: readonly Declaration[],
  block: { readonly type: string },
): Declaration {
  const found = registry.find((declaration) => declaration.name === block.type);
  if (found === undefined) throw new RangeError(`no component is named ${block.type}`);
  return found;
}
