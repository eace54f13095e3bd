import { acceptBatch, type BillingServices } from '../batch/billing.ts';
import type { BatchRunner } from '../batch/runner.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { ApiError } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import { newRecord } from '../routes/new-batch.ts';
import { sendFile } from '../routes/send-file.ts';
import { hasEnded, isLost, type BatchRecord } from '../state/batch-record.ts';
import { newId, nowSeconds } from '../state/ids.ts';
import { listedBatches } from '../state/listed-batches.ts';
import { anthropicForm, batchIds } from './batch-form.ts';
import { invalid } from './errors.ts';
import { receiveRequests } from './receive-requests.ts';
import { showMessageBatch } from './show-batch.ts';

export interface MessageBatchServices extends BillingServices {
  readonly runner: BatchRunner;
  readonly faults: FaultDesk;
}

const root = '/v1/messages/batches';

export function messageBatchRoutes(services: MessageBatchServices): readonly Route[] {
  const routes = new MessageBatchRoutes(services);
  return [
    {
      method: 'POST',
      path: root,
      call: 'create_batch',
      handle: async (exchange) => routes.create(exchange),
    },
    { method: 'GET', path: root, call: 'list_batches', handle: (exchange) => routes.list(exchange) },
    { method: 'GET', path: `${root}/{id}`, call: 'show_batch', handle: (exchange) => routes.show(exchange) },
    { method: 'DELETE', path: `${root}/{id}`, handle: async (exchange) => routes.delete(exchange) },
    {
      method: 'POST',
      path: `${root}/{id}/cancel`,
      call: 'cancel_batch',
      handle: (exchange) => routes.cancel(exchange),
    },
    {
      method: 'GET',
      path: `${root}/{id}/results`,
      call: 'download',
      handle: async (exchange) => routes.results(exchange),
    },
  ];
}

class MessageBatchRoutes {
  readonly #services: MessageBatchServices;

  constructor(services: MessageBatchServices) {
    this.#services = services;
  }

  /** Its requests are checked as they arrive, so that it is in progress from the start. */
  async create(exchange: Exchange): Promise<void> {
    const { faults, files, runner } = this.#services;
    const { bytes, requests = anthropicForm.mostRequests } = faults.fileLimits;
    const { fileId, count } = await receiveRequests(exchange.request, files, { bytes, requests });
    const batch: BatchRecord = {
      ...newRecord,
      id: newId(batchIds),
      endpoint: '/v1/messages',
      input_file_id: fileId,
      metadata: null,
      status: 'in_progress',
      request_counts: { total: count, completed: 0, failed: 0 },
      created_ms: Date.now(),
      in_progress_at: nowSeconds(),
      output_lifetime: null,
      plan: faults.planBatch(),
    };
    await acceptBatch(this.#services, batch, exchange.signal);
    runner.start(batch);
    this.#send(exchange, batch);
  }

  list(exchange: Exchange): void {
    const { query } = exchange;
    const limit = pageLimit(query.get('limit'));
    const page = {
      prefix: batchIds,
      after: query.get('after_id'),
      before: query.get('before_id'),
      limit: limit + 1,
    };
    const found = listedBatches(this.#services.batches, page, Date.now());
    if (found === undefined) throw invalid('after_id', 'no such message batch');
    const isBackwards = page.before !== null;
    const data = (isBackwards ? found.slice(-limit) : found.slice(0, limit)).map((batch) =>
      showMessageBatch(batch, origin(exchange)),
    );
    sendJson(exchange, 200, {
      data,
      has_more: found.length > limit,
      first_id: data.at(0)?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
    });
  }

  show(exchange: Exchange): void {
    this.#send(exchange, this.#find(exchange));
  }

  cancel(exchange: Exchange): void {
    const batch = this.#find(exchange);
    if (hasEnded(batch))
      throw new ApiError(400, `Batch ${batch.id} has ended and cannot be canceled any more.`);
    this.#send(exchange, this.#services.runner.cancel(batch));
  }

  async delete(exchange: Exchange): Promise<void> {
    const batch = this.#find(exchange);
    if (!hasEnded(batch))
      throw new ApiError(400, `Batch ${batch.id} is still being processed: cancel it first.`);
    const { batches, files } = this.#services;
    batches.delete(batch.id);
    if (batch.output_file_id !== null) {
      files.forget(batch.output_file_id);
      await files.deleteContent(batch.output_file_id);
    }
    sendJson(exchange, 200, { id: batch.id, type: 'message_batch_deleted' });
  }

  async results(exchange: Exchange): Promise<void> {
    const batch = this.#find(exchange);
    const { files, faults } = this.#services;
    const file = batch.output_file_id === null ? undefined : files.get(batch.output_file_id);
    if (file === undefined || faults.isHidden(file.id))
      throw new ApiError(404, `Batch ${batch.id} has no available results.`);
    await sendFile(exchange, files.path(file.id), file, { 'content-type': 'application/x-jsonl' });
  }

  #send(exchange: Exchange, batch: BatchRecord): void {
    sendJson(exchange, 200, showMessageBatch(batch, origin(exchange)));
  }

  #find(exchange: Exchange): BatchRecord {
    const id = param(exchange, 'id');
    const batch = id.startsWith(batchIds) ? this.#services.batches.get(id) : undefined;
    if (batch === undefined || isLost(batch, Date.now()))
      throw new ApiError(404, `Message batch ${id} not found.`);
    return batch;
  }
}

/** Whichever address the client has called. */
function origin({ request }: Exchange): string {
  return `http://${request.headers.host}`;
}

function pageLimit(text: string | null): number {
  const limit = text === null ? 20 : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw invalid('limit', 'Input should be an integer from 1 to 1000');
}
