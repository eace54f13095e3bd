import { acceptBatch, type BillingServices } from '../batch/billing.ts';
import type { BatchRunner } from '../batch/runner.ts';
import { ApiError, badRequest, notFound } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { hasEnded, showBatch, type BatchRecord } from '../state/batch-record.ts';
import { readNewBatch } from './new-batch.ts';
import { pageLimit, showPage } from './page.ts';

export interface BatchServices extends BillingServices {
  readonly runner: BatchRunner;
}

export function batchRoutes(services: BatchServices): readonly Route[] {
  const routes = new BatchRoutes(services);
  return [
    { method: 'POST', path: '/v1/batches', handle: async (exchange) => routes.create(exchange) },
    { method: 'GET', path: '/v1/batches', handle: (exchange) => routes.list(exchange) },
    { method: 'GET', path: '/v1/batches/{id}', handle: (exchange) => routes.show(exchange) },
    { method: 'POST', path: '/v1/batches/{id}/cancel', handle: (exchange) => routes.cancel(exchange) },
  ];
}

class BatchRoutes {
  readonly #services: BatchServices;

  constructor(services: BatchServices) {
    this.#services = services;
  }

  async create(exchange: Exchange): Promise<void> {
    const batch = readNewBatch(await readJsonBody(exchange.request), this.#services.files);
    await acceptBatch(this.#services, batch, exchange.signal);
    this.#services.runner.start(batch);
    sendJson(exchange, 200, showBatch(batch));
  }

  list(exchange: Exchange): void {
    const limit = pageLimit(exchange.query, 20, 100);
    const after = exchange.query.get('after');
    const found = this.#services.batches.list(after, limit + 1);
    if (found === undefined) throw badRequest(`No batch found with id '${after}'.`, 'after', null);
    sendJson(exchange, 200, showPage(found, limit, showBatch));
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
    const batch = this.#services.batches.get(id);
    if (batch === undefined) throw notFound(`No batch found with id '${id}'.`);
    return batch;
  }
}
