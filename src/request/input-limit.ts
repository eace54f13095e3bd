import type { BodyPlan, ModelFacts } from '../core/dialect.ts';
import { type WireText, fromWire } from '../core/wire-text.ts';
import { exceedsTokens } from '../expr/tokens.ts';

/** Why a row cannot be sent. */
export interface RowProblem {
  readonly code: string;
  readonly message: string;
}

/** @param bytes of the rendered input, as UTF-8 */
export type InputLimit = (body: WireText, bytes: number) => RowProblem | null;

/**
 * Finds inputs that are too long for the embedding model; null where the model's limit is not known. Tokens are
 * counted, exactly, only where there are more bytes than tokens allowed: a token is at least a byte.
 */
export function inputLimit(model: string, facts: ModelFacts, pieces: BodyPlan['pieces']): InputLimit | null {
  const { longestInput, encoding } = facts;
  if (longestInput === null) return null;
  const at = pieces.findIndex((piece) => piece.kind === 'template');
  const before = constantLength(pieces.slice(0, at));
  const after = constantLength(pieces.slice(at + 1));
  return (body, bytes) => {
    if (bytes <= longestInput) return null;
    const input = JSON.parse(`"${fromWire(body.slice(before, body.length - after) as WireText)}"`) as string;
    if (!exceedsTokens(input, longestInput, encoding)) return null;
    const message = `the input has more than ${longestInput} tokens, the most that ${model} takes`;
    return { code: 'input_too_long', message };
  };
}

function constantLength(pieces: BodyPlan['pieces']): number {
  return pieces.reduce((sum, piece) => sum + ('text' in piece ? piece.text.length : 0), 0);
}
