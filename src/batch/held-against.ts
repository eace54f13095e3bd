import { longestRow } from '../core/longest-row.ts';
import { isNamedAs } from '../core/model-name.ts';
import { lineBlocks } from '../files/line-reader.ts';
import type { RequestLines } from '../request/request-lines.ts';
import type { SentRequests } from './sent-requests.ts';

/** What the results of a batch have in common with the requests of a file. */
export interface Likeness {
  /** All lines that were read. */
  readonly lines: number;
  /** Ids of the file that stand in them. */
  readonly ids: number;
  /** Lines of other ids, or that are no results. */
  readonly others: { readonly strangers: number; readonly unread: number };
  /** Answers to ids of the file. */
  readonly answers: number;
  /** Those that do not name the model that was asked. */
  readonly otherModel: number;
  /** Those whose prompt had about as many tokens as the request in the file is estimated to have. */
  readonly alike: number;
}

export interface Comparison {
  readonly sent: SentRequests;
  readonly lines: RequestLines;
  /** As requests name it. */
  readonly model: string;
  /** What an estimated token has come to so far. */
  readonly tokensPerEstimate: number;
}

/** How far a prompt may be from its estimate, either way. */
const factor = 2;

/** Holds results against the requests of a file, a line at a time. @param parts each the bytes of a result file */
export async function holdAgainst(
  { sent, lines, model, tokensPerEstimate }: Comparison,
  parts: Iterable<AsyncIterable<Buffer>>,
): Promise<Likeness> {
  const seen = new Uint8Array(sent.count);
  const found = { lines: 0, ids: 0, strangers: 0, unread: 0, answers: 0, otherModel: 0, alike: 0 };
  const take = (line: Buffer): void => {
    found.lines += 1;
    const said = lines.saidIn(line);
    if (said === null) {
      found.unread += 1;
      return;
    }
    const place = sent.placeOf(said.customId);
    if (place === -1) {
      found.strangers += 1;
      return;
    }
    found.ids += 1 - (seen[place] ?? 0);
    seen[place] = 1;
    if (said.reply === null) return;
    found.answers += 1;
    if (!isNamedAs(model, said.reply.model)) found.otherModel += 1;
    if (isAlike(said.reply.usage.input_tokens, sent.tokensAt(place) * tokensPerEstimate)) found.alike += 1;
  };
  for (const part of parts) {
    for await (const { buffer, count, starts, ends, cutFrom } of lineBlocks(part, longestRow)) {
      for (let line = 0; line < count; line += 1) {
        // Of a line that is above the longest, only either end is at hand.
        take(cutFrom === null ? buffer.subarray(starts[line] ?? 0, ends[line] ?? 0) : Buffer.alloc(0));
      }
    }
  }
  const { strangers, unread, ...rest } = found;
  return { ...rest, others: { strangers, unread } };
}

function isAlike(tokens: number | null, estimate: number): boolean {
  return tokens !== null && tokens * factor >= estimate && tokens <= estimate * factor;
}
