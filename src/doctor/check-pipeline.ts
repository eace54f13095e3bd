import type { LoadedPipeline } from '../config/load.ts';
import type { Host } from '../core/host.ts';
import { needOf } from '../core/provider.ts';
import type { OpenedSource } from '../core/source.ts';
import { checkFiles } from '../job/table-rules.ts';
import { openProvider, openSink, openSource } from '../job/open-parts.ts';
import { followRows } from '../job/parts.ts';
import { BatchlineError } from '../core/errors.ts';
import { checkDatabaseClock, judgeClock } from './check-clock.ts';
import type { CheckList } from './check-list.ts';
import { hearHeaders } from './hear-headers.ts';

/** Source, sink and provider, by what a run does before it sends anything. */
export async function checkPipeline(list: CheckList, loaded: LoadedPipeline, host: Host): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const source = await list.attempt('source', async () => {
    const opened = resources.use(await openSource(loaded, host));
    await checkSource(list, loaded, opened, host);
    return opened;
  });
  if (source === undefined)
    list.add('sink', 'warn', 'not looked at: what it is to hold depends on the source');
  else await checkSink(list, loaded, source, host);
  await checkProvider(list, loaded, host);
  await checkDatabaseClock(list, loaded, host);
}

async function checkSource(
  list: CheckList,
  { pipeline }: LoadedPipeline,
  source: OpenedSource,
  { signals }: Host,
): Promise<void> {
  // Reading a row shows the rights.
  const fields = source.keyFields.map(({ name }) => name);
  for await (const _rows of source.read({ fields, limit: 1, signal: signals.abort })) break;
  const key = source.keyFields.map(({ name }) => name).join(', ');
  if (pipeline.source.type !== 'postgres' || source.keyIsUnique)
    return list.add('source', 'ok', `it is read, and its key is (${key})`);
  list.add(
    'source',
    'warn',
    `it is read, but no unique index is on its key (${key}): two rows of one key end a run`,
    'Make a unique index on the key, of columns that are never null.',
  );
}

async function checkSink(
  list: CheckList,
  loaded: LoadedPipeline,
  source: OpenedSource,
  host: Host,
): Promise<void> {
  const rows = await list.attempt('columns', () => followRows(loaded, source));
  if (rows === undefined) return list.add('sink', 'warn', 'not looked at before the columns are right');
  await list.attempt('sink', async () => {
    await using sink = await openSink(loaded, rows.schema, rows.columns, host);
    await checkFiles(source, sink);
    await sink.rehearse();
    list.add('sink', 'ok', `${sink.target} takes a made-up row`);
  });
}

/** What a provider says of the key alone, after it was reached. */
const keyCodes: ReadonlySet<string> = new Set(['provider_unauthorized', 'provider_forbidden']);

async function checkProvider(list: CheckList, loaded: LoadedPipeline, host: Host): Promise<void> {
  const { mode, request } = loaded.pipeline;
  using heard = hearHeaders();
  await using resources = new AsyncDisposableStack();
  const use = await list.attempt('provider', async () =>
    resources.use(await openProvider(loaded, host, false)),
  );
  if (use === undefined) return;
  try {
    await use.provider.check(host.signals.drain, needOf(mode));
    list.add('provider', 'ok', use.isEmulator ? 'the emulator answers' : 'it answers and takes the key');
  } catch (error) {
    list.fail(error instanceof BatchlineError && keyCodes.has(error.code) ? 'key' : 'provider', error);
    return judgeClock(list, 'provider', heard.date());
  }
  if (use.provider.checkModel !== undefined)
    await list.attempt('model', async () => {
      await use.provider.checkModel?.(request.model, host.signals.drain);
      list.add('model', 'ok', request.model);
    });
  const limits = heard.limits();
  if (limits !== null) list.add('limits', 'ok', limits);
  judgeClock(list, 'provider', heard.date());
}
