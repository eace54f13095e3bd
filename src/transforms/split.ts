import { z } from 'zod';
import { BatchlineError } from '../core/errors.ts';
import { printValue } from '../core/print.ts';
import { fieldIndex, type RowBatch } from '../core/row-batch.ts';
import {
  defineTransform,
  transformFailure,
  type TransformFailure,
  type TransformedBatch,
} from '../core/transform.ts';
import { keepRows } from '../core/derived-batch.ts';
import type { Field } from '../core/value.ts';
import { unescapedLength } from '../core/wire-text.ts';
import { leastPieceTokens, splitText, type PieceSize } from '../expr/split-text.ts';
import { loadEncoding } from '../expr/tokens.ts';
import { knownField } from './known-field.ts';
import { PieceBatch, type Pieces } from './piece-batch.ts';

const chunkIndex: Field = { name: 'chunk_index', kind: 'integer', sqlType: 'integer' };
const chunkCount: Field = { name: 'chunk_count', kind: 'integer', sqlType: 'integer' };

export const split = defineTransform({
  name: 'split',
  summary:
    'Cuts a long text into overlapping pieces, each an item of its own: `chunk_index`, from 0, joins the key, and `chunk_count` says how many there are.',
  config: z
    .object({
      field: z
        .string()
        .min(1)
        .meta({ description: 'The text to cut: between paragraphs, else sentences, else words.' }),
      max_tokens: z
        .int()
        .min(leastPieceTokens, `must be at least ${leastPieceTokens}: one character may take as many tokens`)
        .meta({
          description:
            'The most tokens of a piece, counted exactly: by cl100k_base for embeddings, else by o200k_base.',
        }),
      overlap_tokens: z.int().nonnegative().default(0).meta({
        description: 'About how many tokens a piece repeats of the one before it; fewer than max_tokens.',
      }),
    })
    .superRefine(({ max_tokens: most, overlap_tokens: overlap }, context) => {
      if (overlap < most) return;
      const message = `must be less than max_tokens (${most})`;
      context.addIssue({ code: 'custom', path: ['overlap_tokens'], message });
    }),
  examples: [{ field: 'body', max_tokens: 800, overlap_tokens: 100 }],
  keyField: chunkIndex,

  async open({ field, max_tokens: most, overlap_tokens: overlap }, incoming, { keyParts, encoding }) {
    const at = knownField('split', field, incoming);
    for (const { name } of [chunkIndex, chunkCount]) refuseTaken(name, incoming);
    loadEncoding(encoding);
    const text: Field = { name: field, kind: 'text', sqlType: 'text' };
    const fields = [...incoming.with(at, text), chunkIndex, chunkCount];
    return {
      fields,
      needs: (wanted) =>
        new Set([...wanted, field].filter((name) => name !== chunkIndex.name && name !== chunkCount.name)),
      apply: (batch) => splitRows(batch, { fields, field, keyParts, size: { most, overlap, encoding } }),
    };
  },
});

function refuseTaken(name: string, incoming: readonly Field[]): void {
  if (fieldIndex(incoming, name) === -1) return;
  throw new BatchlineError(
    'duplicate_field',
    `the split transform makes a field "${name}", which the row has`,
    {
      hint: `Give the row's own field another name first, as in \`{ type: rename, fields: { ${name}: own_${name} } }\`.`,
    },
  );
}

interface Splitting {
  readonly fields: readonly Field[];
  readonly field: string;
  readonly keyParts: number;
  readonly size: PieceSize;
}

function splitRows(batch: RowBatch, { fields, field, keyParts, size }: Splitting): TransformedBatch {
  const from = fieldIndex(batch.fields, field);
  const kept: number[] = [];
  const counts: number[] = [];
  const failures: TransformFailure[] = [];
  const pieces: Pieces = { rows: [], indexes: [], texts: [] };
  for (let row = 0; row < batch.length; row += 1) {
    try {
      const texts = piecesOf(batch, row, from, size);
      for (const [index, text] of texts.entries()) {
        pieces.rows.push(kept.length);
        pieces.indexes.push(index);
        pieces.texts.push(text);
      }
      kept.push(row);
      counts.push(texts.length);
    } catch (error) {
      failures.push(transformFailure(batch, row, error));
    }
  }
  const shape = { fields, field: from, keyParts, counts: Uint32Array.from(counts), pieces };
  const made = new PieceBatch(keepRows(batch, kept), shape);
  return { batch: made, filtered: 0, failures, pieces: shape.counts };
}

/** The pieces of a row's text; undefined for the text as it stands, where it is one piece. */
function piecesOf(
  batch: RowBatch,
  row: number,
  field: number,
  size: PieceSize,
): readonly (string | undefined)[] {
  // A token is at least a byte, so short texts need no tokenizer.
  if (unescapedLength(batch.printed(row, field)) <= size.most) return [undefined];
  const text = printValue(batch.value(row, field));
  const texts = Array.from(splitText(text, size), ({ start, end }) => text.slice(start, end));
  return texts.length === 1 ? [undefined] : texts;
}
