import type { RequestBlock } from '../core/request-block.ts';
import { type WireText, fromWire } from '../core/wire-text.ts';
import { exceedsTokens } from '../expr/tokens.ts';
import type { BodyPlan } from '../providers/openai/dialect/body.ts';

/** Why a row cannot be sent. */
export interface RowProblem {
  readonly code: string;
  readonly message: string;
}

/** @param bytes of the rendered input, as UTF-8 */
export type InputLimit = (body: WireText, bytes: number) => RowProblem | null;

/** Tokens an input: https://platform.openai.com/docs/api-reference/embeddings/create */
const maxInputTokens = 8192;

/**
 * Finds inputs that are too long for the embedding model; null where the model's limit is not known. Tokens are
 * counted, exactly, only where there are more bytes than tokens allowed: a token is at least a byte.
 */
export function inputLimit(request: RequestBlock, plan: BodyPlan): InputLimit | null {
  if (request.endpoint !== '/v1/embeddings' || !request.model.startsWith('text-embedding-')) return null;
  const at = plan.pieces.findIndex((piece) => piece.kind === 'template');
  const before = constantLength(plan.pieces.slice(0, at));
  const after = constantLength(plan.pieces.slice(at + 1));
  return (body, bytes) => {
    if (bytes <= maxInputTokens) return null;
    const input = JSON.parse(`"${fromWire(body.slice(before, body.length - after) as WireText)}"`) as string;
    if (!exceedsTokens(input, maxInputTokens, 'cl100k_base')) return null;
    const message = `the input has more than ${maxInputTokens} tokens, the most that ${request.model} takes`;
    return { code: 'input_too_long', message };
  };
}

function constantLength(pieces: BodyPlan['pieces']): number {
  return pieces.reduce((sum, piece) => sum + (piece.kind === 'json' ? piece.text.length : 0), 0);
}
