import { join } from 'node:path';
import { messageBatchRoutes } from './anthropic/batch-routes.ts';
import { messageRoutes } from './anthropic/message-routes.ts';
import { KnownModels } from './answers/known-models.ts';
import type { BatchContext } from './batch/batch-context.ts';
import { settleBill } from './batch/billing.ts';
import { BatchRunner } from './batch/runner.ts';
import { WorkLane } from './batch/work-lane.ts';
import { FaultDesk } from './faults/fault-desk.ts';
import type { FaultsInput } from './faults/faults.ts';
import { geminiBatchRoutes } from './gemini/batch-routes.ts';
import { contentRoutes } from './gemini/content-routes.ts';
import { geminiFileRoutes } from './gemini/file-routes.ts';
import type { Route } from './http/router.ts';
import { backgroundRoutes } from './routes/background-routes.ts';
import { batchRoutes } from './routes/batch-routes.ts';
import { faultRoutes } from './routes/fault-routes.ts';
import { fileRoutes } from './routes/file-routes.ts';
import type { RateLimits } from './routes/rate-limits.ts';
import { inferenceRoutes } from './routes/inference-routes.ts';
import { BackgroundStore } from './state/background-store.ts';
import { BatchStore } from './state/batch-store.ts';
import { Bill } from './state/bill.ts';
import { openDatabase } from './state/database.ts';
import { FileStore } from './state/file-store.ts';
import { makeFolder } from '../files/make-folder.ts';

export interface ServiceOptions {
  readonly latencyMs: number;
  readonly seed: number;
  readonly faults: FaultsInput | undefined;
  /** Models beside those that the providers have. */
  readonly models: readonly string[];
  /** What synchronous requests are held to. */
  readonly rates: RateLimits;
  /** Aborted by the service when it is disposed. */
  readonly stop: AbortController;
}

/** Everything behind the HTTP server: state, the batches that run, and the routes that lead to them. */
export class Service implements AsyncDisposable {
  readonly #context: BatchContext;
  readonly #runner: BatchRunner;
  readonly #stop: AbortController;
  readonly #rates: RateLimits;
  readonly #background: BackgroundStore;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    context: BatchContext,
    background: BackgroundStore,
    { stop, rates }: Pick<ServiceOptions, 'stop' | 'rates'>,
    resources: AsyncDisposableStack,
  ) {
    this.#rates = rates;
    this.#context = context;
    this.#background = background;
    this.#runner = new BatchRunner(context);
    this.#stop = stop;
    this.#resources = resources;
  }

  static async open(dataDir: string, options: ServiceOptions): Promise<Service> {
    await using opening = new AsyncDisposableStack();
    const folder = join(dataDir, 'files');
    await makeFolder(folder, 0o700);
    const database = opening.adopt(openDatabase(dataDir), (open) => open.close());
    const files = new FileStore(database, folder);
    const batches = new BatchStore(database);
    await files.sweep(new Set(batches.unfinished().map((batch) => batch.input_file_id)));
    const context: BatchContext = {
      batches,
      files,
      bill: opening.use(new Bill(join(dataDir, 'bill.jsonl'))),
      lane: new WorkLane(),
      faults: opening.use(await FaultDesk.open(dataDir, options.faults, options.seed)),
      models: new KnownModels(options.models),
      latencyMs: options.latencyMs,
      seed: options.seed,
      signal: options.stop.signal,
    };
    const background = new BackgroundStore(database, options.latencyMs);
    return new Service(context, background, options, opening.move());
  }

  get faults(): FaultDesk {
    return this.#context.faults;
  }

  routes(): readonly Route[] {
    const { files } = this.#context;
    const runner = this.#runner;
    return [
      ...fileRoutes(files, runner, this.#context.faults),
      ...batchRoutes({ ...this.#context, runner }),
      ...inferenceRoutes({ ...this.#context, rates: this.#rates, background: this.#background }),
      ...backgroundRoutes(this.#background),
      ...messageBatchRoutes({ ...this.#context, runner }),
      ...messageRoutes({ ...this.#context, rates: this.#rates }),
      ...geminiFileRoutes({ ...this.#context, runner }),
      ...geminiBatchRoutes({ ...this.#context, runner }),
      ...contentRoutes({ ...this.#context, rates: this.#rates }),
      ...faultRoutes(this.#context.faults),
    ];
  }

  /** Goes on with the batches that an earlier process left. */
  async resume(): Promise<void> {
    await settleBill(this.#context, this.#context.signal);
    this.#runner.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the emulator stops'));
    await this.#runner.stopped();
    await this.#resources.disposeAsync();
  }
}
