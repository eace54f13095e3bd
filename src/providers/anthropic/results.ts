import { asMap } from '../../core/json.ts';
import type { CallInfo } from '../http/api-calls.ts';
import { readBody, saveBody } from '../http/download.ts';
import { LineCounts } from '../http/line-counts.ts';
import type { Account, AnthropicCalls } from './account.ts';
import { requestCounts } from './remote-batch.ts';

/** The results of batches, a line for each request, in no order. */
export class AnthropicResults {
  readonly #account: Account;
  readonly #api: AnthropicCalls;
  readonly #lines: LineCounts;

  constructor(account: Account, api: AnthropicCalls, warn: (message: string) => void) {
    this.#account = account;
    this.#api = api;
    this.#lines = new LineCounts(warn);
  }

  /** @param part where the batch says its results are */
  async download(batchId: string, part: string, path: string, signal: AbortSignal): Promise<void> {
    const what = nameOf(batchId);
    const lines = await this.#linesOf(batchId, signal);
    const { body, size } = this.#lines.of(await this.#open(batchId, part, signal), {
      what,
      lines,
      warning: (found, expected) =>
        `The results of batch ${batchId} have ${found} lines, not ${expected} as the provider says; they were taken.`,
    });
    await saveBody(body, { path, what, size, signal });
  }

  /** What is there, as it comes, of which no more is asked for than is read. */
  async *read(batchId: string, part: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const body = await this.#open(batchId, part, signal);
    yield* readBody(body, { what: nameOf(batchId), signal });
  }

  async #open(batchId: string, part: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#api.open(callOf(batchId), signal, (client, request) =>
      client.get(this.#addressOf(batchId, part), { ...request, headers: { accept: 'application/binary' } }),
    );
    return response.body ?? new Blob([]).stream();
  }

  /** Where the batch says, as long as that is where the key belongs; a gateway passes the provider's own address on. */
  #addressOf(batchId: string, part: string): string {
    const isOwn = URL.parse(part)?.origin === this.#account.origin;
    return isOwn ? part : `/v1/messages/batches/${encodeURIComponent(batchId)}/results`;
  }

  /** A line for each request, whatever became of it; null where the batch does not say of how many. */
  async #linesOf(batchId: string, signal: AbortSignal): Promise<number | null> {
    const batch = await this.#api.ask(callOf(batchId), signal, {}, (client, request) =>
      client.messages.batches.retrieve(batchId, {}, request),
    );
    const counts = requestCounts(asMap(batch)?.['request_counts']);
    return counts === null ? null : totalLines(counts);
  }
}

function totalLines({
  succeeded,
  errored,
  canceled,
  expired,
}: NonNullable<ReturnType<typeof requestCounts>>): number {
  return succeeded + errored + canceled + expired;
}

function nameOf(batchId: string): string {
  return `the results of batch ${batchId}`;
}

function callOf(batchId: string): CallInfo {
  return { doing: `downloading ${nameOf(batchId)}`, notFound: 'file' };
}
