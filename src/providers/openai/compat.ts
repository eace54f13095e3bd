import { z } from 'zod';

/** What a compatible server refuses, and is therefore not sent. */
export const compatBlock = z.strictObject({
  metadata: z.boolean().default(true).meta({
    description:
      'Whether batches are labelled. Without, they are known again by their input file alone, and `recover` finds none.',
  }),
  output_expires_after: z.boolean().default(true).meta({
    description: 'Whether the server is told when to delete uploads and results.',
  }),
  embeddings: z.enum(['base64', 'float']).default('base64').meta({
    description: 'How embeddings are asked for; base64 is exact and a quarter of the size.',
  }),
});

export type Compat = z.output<typeof compatBlock>;

export const fullCompat: Compat = compatBlock.parse({});

const switches: readonly (readonly [RegExp, string])[] = [
  [/output_expires_after|expires_after/i, 'output_expires_after: false'],
  [/\bmetadata\b/i, 'metadata: false'],
  [/encoding_format|base64/i, 'embeddings: float'],
];

/** How to leave out what a refusal names; undefined where it names nothing of that kind. */
export function compatHint(message: string): string | undefined {
  const found = switches.find(([named]) => named.test(message));
  return found && `Where this server does not take it, set provider.compat: { ${found[1]} }.`;
}
