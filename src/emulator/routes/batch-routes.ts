import { acceptBatch, type BillingServices } from '../batch/billing.ts';
import type { BatchRunner } from '../batch/runner.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { refuseFields, showCreated } from '../faults/server-manners.ts';
import { ApiError, badRequest, notFound } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { hasEnded, isLost, showBatch, type BatchRecord } from '../state/batch-record.ts';
import { listedBatches } from '../state/listed-batches.ts';
import { batchIds, readNewBatch } from './new-batch.ts';
import { bareList, pageLimit, showPage } from './page.ts';
import { refusePending } from './pending-upload.ts';

export interface BatchServices extends BillingServices {
  readonly runner: BatchRunner;
  readonly faults: FaultDesk;
}

export function batchRoutes(services: BatchServices): readonly Route[] {
  const routes = new BatchRoutes(services);
  return [
    {
      method: 'POST',
      path: '/v1/batches',
      call: 'create_batch',
      handle: async (exchange) => routes.create(exchange),
    },
    { method: 'GET', path: '/v1/batches', call: 'list_batches', handle: (exchange) => routes.list(exchange) },
    {
      method: 'GET',
      path: '/v1/batches/{id}',
      call: 'show_batch',
      handle: (exchange) => routes.show(exchange),
    },
    {
      method: 'POST',
      path: '/v1/batches/{id}/cancel',
      call: 'cancel_batch',
      handle: (exchange) => routes.cancel(exchange),
    },
  ];
}

class BatchRoutes {
  readonly #services: BatchServices;

  constructor(services: BatchServices) {
    this.#services = services;
  }

  async create(exchange: Exchange): Promise<void> {
    const { faults, files } = this.#services;
    const body = await readJsonBody(exchange.request);
    if (faults.manners !== null) refuseFields(faults.manners, Object.keys(body));
    const asked = readNewBatch(body, files);
    refusePending(faults.manners, files.get(asked.input_file_id));
    const batch = { ...asked, plan: faults.planBatch() };
    await acceptBatch(this.#services, batch, exchange.signal);
    this.#services.runner.start(batch);
    const shown = showBatch(batch);
    sendJson(exchange, 200, faults.manners === null ? shown : showCreated(faults.manners, shown));
  }

  list(exchange: Exchange): void {
    const limit = pageLimit(exchange.query, 20, 100);
    const after = exchange.query.get('after');
    const page = { prefix: batchIds, after, limit: limit + 1 };
    const found = listedBatches(this.#services.batches, page, Date.now());
    if (found === undefined) throw badRequest(`No batch found with id '${after}'.`, 'after', null);
    const { manners } = this.#services.faults;
    const shown = showPage(found, limit, showBatch);
    if (manners?.oldest_first === true) shown.data.reverse();
    sendJson(exchange, 200, bareList(manners, shown));
  }

  show(exchange: Exchange): void {
    sendJson(exchange, 200, showBatch(this.#find(exchange)));
  }

  cancel(exchange: Exchange): void {
    const batch = this.#find(exchange);
    if (hasEnded(batch)) throw new ApiError(409, `Cannot cancel a batch with status '${batch.status}'.`);
    sendJson(exchange, 200, showBatch(this.#services.runner.cancel(batch)));
  }

  #find(exchange: Exchange): BatchRecord {
    const id = param(exchange, 'id');
    const batch = id.startsWith(batchIds) ? this.#services.batches.get(id) : undefined;
    if (batch === undefined || isLost(batch, Date.now())) throw notFound(`No batch found with id '${id}'.`);
    return batch;
  }
}
