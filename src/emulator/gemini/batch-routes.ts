import type { KnownModels } from '../answers/known-models.ts';
import { acceptBatch, type BillingServices } from '../batch/billing.ts';
import type { BatchRunner } from '../batch/runner.ts';
import type { JsonMap } from '../../core/json.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { ApiError } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { hasEnded, isLost, type BatchRecord } from '../state/batch-record.ts';
import { listedBatches } from '../state/listed-batches.ts';
import { batchIds } from './batch-form.ts';
import { failedPrecondition, invalid } from './errors.ts';
import { fileNameOf } from './file-names.ts';
import { inlineIds, inlineResponses } from './inline-requests.ts';
import { requireModel, type GeminiMethod } from './models.ts';
import { readNewBatch } from './new-batch.ts';
import { pageOf } from './page.ts';
import { showOperation } from './show-batch.ts';

export interface GeminiBatchServices extends BillingServices {
  readonly models: KnownModels;
  readonly runner: BatchRunner;
  readonly faults: FaultDesk;
}

export function geminiBatchRoutes(services: GeminiBatchServices): readonly Route[] {
  const routes = new GeminiBatchRoutes(services);
  const root = '/v1beta/batches';
  const create = (verb: string, method: GeminiMethod): Route => ({
    method: 'POST',
    path: `/v1beta/models/{model}:${verb}`,
    call: 'create_batch',
    handle: async (exchange) => routes.create(exchange, method),
  });
  return [
    create('batchGenerateContent', 'generateContent'),
    create('asyncBatchEmbedContent', 'embedContent'),
    { method: 'GET', path: root, call: 'list_batches', handle: async (exchange) => routes.list(exchange) },
    {
      method: 'POST',
      path: `${root}/{id}:cancel`,
      call: 'cancel_batch',
      handle: (exchange) => routes.cancel(exchange),
    },
    {
      method: 'GET',
      path: `${root}/{id}`,
      call: 'show_batch',
      handle: async (exchange) => routes.show(exchange),
    },
    { method: 'DELETE', path: `${root}/{id}`, handle: (exchange) => routes.delete(exchange) },
  ];
}

class GeminiBatchRoutes {
  readonly #services: GeminiBatchServices;

  constructor(services: GeminiBatchServices) {
    this.#services = services;
  }

  async create(exchange: Exchange, method: GeminiMethod): Promise<void> {
    const { faults, files, models, runner } = this.#services;
    const body = await readJsonBody(exchange.request);
    const model = param(exchange, 'model');
    requireModel(model, method, models);
    const asked = await readNewBatch(body, model, method, files);
    const batch = { ...asked, plan: faults.planBatch() };
    await acceptBatch(this.#services, batch, exchange.signal);
    runner.start(batch);
    sendJson(exchange, 200, await this.#shown(batch));
  }

  async list(exchange: Exchange): Promise<void> {
    const { size, token } = pageOf(exchange.query, 10, 1000);
    const page = { prefix: batchIds, after: token, limit: size + 1 };
    const found = listedBatches(this.#services.batches, page, Date.now());
    if (found === undefined) throw invalid('The page token is invalid.');
    const shown = found.slice(0, size);
    sendJson(exchange, 200, {
      operations: await Promise.all(shown.map(async (batch) => this.#shown(batch))),
      ...(found.length > size ? { nextPageToken: shown.at(-1)?.id } : {}),
    });
  }

  async show(exchange: Exchange): Promise<void> {
    sendJson(exchange, 200, await this.#shown(this.#find(exchange)));
  }

  cancel(exchange: Exchange): void {
    const batch = this.#find(exchange);
    if (hasEnded(batch)) throw failedPrecondition(`The batch ${batch.id} has already ended.`);
    this.#services.runner.cancel(batch);
    sendJson(exchange, 200, {});
  }

  delete(exchange: Exchange): void {
    const batch = this.#find(exchange);
    if (!hasEnded(batch)) throw failedPrecondition(`The batch ${batch.id} has not ended: cancel it first.`);
    this.#services.batches.delete(batch.id);
    sendJson(exchange, 200, {});
  }

  async #shown(batch: BatchRecord): Promise<JsonMap> {
    return showOperation(batch, await this.#output(batch));
  }

  /** Results go where the requests came from: into a file, or into the operation. */
  async #output({ input_file_id: input, output_file_id: output }: BatchRecord): Promise<JsonMap | null> {
    if (output === null) return null;
    if (!input.startsWith(inlineIds)) return { responsesFile: fileNameOf(output) };
    const responses = await inlineResponses(this.#services.files.path(output));
    return { inlinedResponses: { inlinedResponses: responses } };
  }

  #find(exchange: Exchange): BatchRecord {
    const id = `${batchIds}${param(exchange, 'id')}`;
    const batch = this.#services.batches.get(id);
    if (batch === undefined || isLost(batch, Date.now()))
      throw new ApiError(404, `Requested entity was not found: ${id}`);
    return batch;
  }
}
