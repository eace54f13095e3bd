import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { SourceSchema } from '../ledger/ledger.ts';
import { absentBatches, absentSink } from './absent-parts.ts';
import { askProvider } from './ask-provider.ts';
import { itemKeyNames } from './key-names.ts';
import { openProvider, type ProviderUse } from './open-parts.ts';
import { prepareLoading, requestLinesOf, type Delivery, type LoadParts } from './parts.ts';
import { columnsOf, openResultColumns } from './result-columns.ts';
import { openPriceList } from '../cost/open-prices.ts';

export interface EndingOptions {
  /** How the run's target is called. */
  readonly target: string;
  /** Whether a provider that may come back is an error, since this is tried again later. */
  readonly isTriedAgain: boolean;
}

/**
 * Opens what a run is ended with, by the schema of the run. A sink that cannot be loaded into, and a provider that cannot
 * be reached, keep no run from its end: another part stands in for each, whose every call fails for the same reason.
 */
export async function prepareEnding(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  host: Host,
  options: EndingOptions,
): Promise<Delivery> {
  await using opening = new AsyncDisposableStack();
  const { sink, results, prices, requestLines, rehearse } = opening.use(
    await loadingOrAbsent(loaded, schema, host, options),
  );
  const { provider, isEmulator } = opening.use(await providerOrAbsent(loaded, host, options));
  const opened = opening.move();
  return {
    sink,
    results,
    prices,
    requestLines,
    provider,
    isEmulator,
    rehearse,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function loadingOrAbsent(
  loaded: LoadedPipeline,
  schema: SourceSchema,
  host: Host,
  { target }: EndingOptions,
): Promise<LoadParts> {
  try {
    await using opening = new AsyncDisposableStack();
    const parts = opening.use(await prepareLoading(loaded, schema, host));
    await parts.rehearse();
    await parts.sink.prepare();
    opening.move();
    return parts;
  } catch (error) {
    const sink = absentSink(target, absence(error, host));
    const { pipeline } = loaded;
    // Columns that were edited since may be what it failed by; no row is made of these.
    const plain = { ...pipeline, sink: { ...pipeline.sink, columns: undefined } };
    const columns = columnsOf(plain, schema.fields);
    return {
      sink,
      results: await openResultColumns(plain, columns, itemKeyNames(plain)),
      prices: await openPriceList(pipeline),
      requestLines: requestLinesOf(plain),
      rehearse: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

async function providerOrAbsent(
  loaded: LoadedPipeline,
  host: Host,
  { isTriedAgain }: EndingOptions,
): Promise<ProviderUse> {
  try {
    await using opening = new AsyncDisposableStack();
    const use = opening.use(await openProvider(loaded, host, false));
    await askProvider(host, 'check of the provider', () => use.provider.check(host.signals.drain));
    opening.move();
    return use;
  } catch (error) {
    const why = absence(error, host);
    if (why.retryable && isTriedAgain) throw error;
    const use = await openProvider(loaded, host, true);
    const { account, batches, direct } = use.provider;
    return {
      provider: {
        account,
        check: () => Promise.reject(why),
        batches: absentBatches(batches, why.asFinal()),
        // A run that is ended asks nothing more.
        direct,
      },
      isEmulator: use.isEmulator,
      [Symbol.asyncDispose]: () => use[Symbol.asyncDispose](),
    };
  }
}

/** Whoever stops the command, and whatever is a defect of ours, ends it as anywhere else. */
function absence(error: unknown, { signals }: Host): BatchlineError {
  signals.drain.throwIfAborted();
  if (error instanceof BatchlineError) return error;
  throw error;
}
