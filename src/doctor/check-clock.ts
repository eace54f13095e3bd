import type { LoadedPipeline } from '../config/load.ts';
import type { Host } from '../core/host.ts';
import { connect } from '../pg/connect.ts';
import type { CheckList } from './check-list.ts';

const minute = 60_000;
const warnAfter = 3 * minute;
/** Nearly an hour: the date of a header is cut to seconds, and its way takes a while. */
const failAfter = 55 * minute;

/** @param ahead how far the other clock is ahead of ours, in milliseconds; null where nobody knows */
export function judgeClock(list: CheckList, whose: string, ahead: number | null): void {
  if (ahead === null) return;
  const off = Math.abs(ahead);
  if (off < warnAfter) return list.add('clock', 'ok', `agrees with the ${whose}'s`);
  const minutes = Math.round(off / minute);
  list.add(
    'clock',
    off < failAfter ? 'warn' : 'fail',
    `this machine's clock is ${minutes} minutes ${ahead > 0 ? 'behind' : 'ahead of'} the ${whose}'s`,
    'Set the clock by a time server (timedatectl set-ntp true); deadlines and batch ages are told by it.',
  );
}

/** Those databases that can be reached; whether they can is told elsewhere. */
export async function checkDatabaseClock(list: CheckList, loaded: LoadedPipeline, host: Host): Promise<void> {
  const { source, sink } = loaded.pipeline;
  const urls = new Set([source, sink].filter(({ type }) => type === 'postgres').map((block) => block['url']));
  for (const url of urls) {
    const ahead = await clockOf(String(url), loaded.stateDir, host.signals.abort).catch(() => null);
    judgeClock(list, 'database', ahead);
  }
}

async function clockOf(url: string, stateDir: string, signal: AbortSignal): Promise<number | null> {
  await using connection = await connect(url, { stateDir, role: 'source', signal });
  const { rows } = await connection.client.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  return rows[0] === undefined ? null : rows[0].ms - Date.now();
}
