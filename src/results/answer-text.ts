import { asMap } from '../core/json.ts';
import { replyReaders } from '../providers/openai/dialect/reply.ts';

/** What the model said in a line of an output file; null where it said nothing. */
export function answerText(line: Buffer): string | null {
  const body = asMap(asMap(asMap(parse(line))?.['response'])?.['body']);
  if (body === undefined) return null;
  const isChat = 'choices' in body;
  return replyReaders[isChat ? '/v1/chat/completions' : '/v1/responses'](body).text;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return null;
  }
}
