import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { asList, asMap } from '../core/json.ts';

/** What the headers of answers have said since it was opened. */
export interface HeardHeaders extends Disposable {
  /** How far the server's clock is ahead of this machine's, in milliseconds; null where it never said. */
  date(): number | null;
  /** Limits of the account; null where none were named. */
  limits(): string | null;
}

const channel = 'undici:request:headers';

/** Listens to every answer that `fetch` gets in this process, whoever asked. */
export function hearHeaders(): HeardHeaders {
  const headers = new Map<string, string>();
  let ahead: number | null = null;
  const hear = (message: unknown): void => {
    const raw = asList(asMap(asMap(message)?.['response'])?.['headers']).map(String);
    for (let at = 0; at + 1 < raw.length; at += 2)
      headers.set((raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '');
    const date = Date.parse(headers.get('date') ?? '');
    if (!Number.isNaN(date)) ahead = date - Date.now();
  };
  subscribe(channel, hear);
  return {
    date: () => ahead,
    limits() {
      const found = [...headers].filter(([name]) => /ratelimit-limit|ratelimit-.*-limit$/.test(name));
      return found.length === 0 ? null : found.map(([name, value]) => `${name}: ${value}`).join(', ');
    },
    [Symbol.dispose]: () => void unsubscribe(channel, hear),
  };
}
