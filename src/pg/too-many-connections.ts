import { errorCode, errorMessage } from '../core/errors.ts';
import { quoteIdentifier } from './identifier.ts';

const pooler =
  "Raise the pooler's limit (PgBouncer: max_client_conn, max_user_client_connections, max_db_client_connections).";

/** What lets more connections in, by the words of whoever refused one: the server, or a pooler before it. */
const remedies: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^too many connections for role "(.*)"$/, (name) => limitOf('ROLE', name)],
  [/^too many connections for database "(.*)"$/, (name) => limitOf('DATABASE', name)],
  [
    /too many clients already|remaining connection slots/,
    () => 'Raise max_connections, or put a pooler before it.',
  ],
  [/no more connections allowed|max_\w*client_conn|max client\w* .*reached/i, () => pooler],
  [
    /query_wait_timeout/,
    () => "Raise the pooler's connections to the server (PgBouncer: default_pool_size).",
  ],
];

const need =
  'A run needs one connection to read, or as many as `source.partitions`, and at the same time one to load: two where source and sink are one server, and a third where there is one.';

function limitOf(what: 'ROLE' | 'DATABASE', name: string): string {
  return `ALTER ${what} ${quoteIdentifier(name)} CONNECTION LIMIT 3, or more.`;
}

/** What to do where a connection was refused because there are too many; undefined for any other error. */
export function tooManyConnections(error: unknown): string | undefined {
  const message = errorMessage(error);
  for (const [words, remedy] of remedies) {
    const [match, name = ''] = words.exec(message) ?? [];
    if (match !== undefined) return `${need} ${remedy(name)} Or end other sessions.`;
  }
  // In a server's other languages.
  return errorCode(error) === '53300' ? `${need} Raise the limit, or end other sessions.` : undefined;
}
