/**
 * Loaded before the program (`node --import`), this counts every crossing of a door to what outlives the process: the
 * file system, SQLite, HTTP and Postgres. At the crossing that BATCHLINE_KILL_AT names, from 1, the process kills
 * itself as a power cut would; with BATCHLINE_KILL_DOOR only crossings whose name begins so count. BATCHLINE_DOORS_LOG
 * names a file that gets the crossings' names, a line each.
 *
 * Reads are left out where they leave nothing behind; of a question to the provider the first answer counts, so that
 * the number of crossings does not depend on how often a batch was looked at.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { Client } from 'pg';

const killAt = Number(process.env['BATCHLINE_KILL_AT'] ?? 0);
const killDoor = process.env['BATCHLINE_KILL_DOOR'] ?? '';
const log = process.env['BATCHLINE_DOORS_LOG'];
const crossings: string[] = [];
let counted = 0;

function writeLog(): void {
  if (log !== undefined) writeFileSync(log, crossings.map((name) => `${name}\n`).join(''));
}

function cross(name: string): void {
  crossings.push(name);
  if (!name.startsWith(killDoor)) return;
  counted += 1;
  if (counted !== killAt) return;
  writeLog();
  process.kill(process.pid, 'SIGKILL');
}

process.on('exit', writeLog);

/** Crosses a door before each call for which `name` has a name. */
function before<Name extends string>(
  target: Record<Name, unknown>,
  method: Name,
  name: (self: unknown, args: readonly unknown[]) => string | null,
): void {
  const original = target[method] as (this: unknown, ...args: unknown[]) => unknown;
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const crossing = name(this, args);
    if (crossing !== null) cross(crossing);
    return original.apply(this, args);
  };
  Object.defineProperty(target, method, { value: wrapped, writable: true, configurable: true });
}

/** The last part of a path, without what differs from run to run. */
function fileName(path: unknown): string {
  return (
    String(path)
      .split('/')
      .at(-1)
      ?.replaceAll(/\d{8}-\d{6}-[0-9a-f]{6}/g, 'RUN') ?? ''
  );
}

/** The beginning of the first statement that does something. */
function firstWords(script: string): string {
  const statements = script.split(';').map((statement) => statement.trim());
  const first = statements.find((statement) => !/^(begin|set)\b/i.test(statement)) ?? statements[0] ?? '';
  return first.split(/\s+/).slice(0, 3).join(' ');
}

const isRead = (sql: string): boolean =>
  /^\s*(select|show|set|pragma|begin transaction read only|copy \()/i.test(sql);

function opensForWriting(flags: unknown): boolean {
  return typeof flags === 'string' && flags !== 'r';
}

async function watchFiles(): Promise<void> {
  before(fs, 'open', (_, [path, flags]) => (opensForWriting(flags) ? `file open ${fileName(path)}` : null));
  before(fs, 'rename', (_, [, path]) => `file rename ${fileName(path)}`);
  before(fs, 'rm', (_, [path]) => `file rm ${fileName(path)}`);
  before(fs, 'truncate', (_, [path]) => `file truncate ${fileName(path)}`);
  syncBuiltinESMExports();
  await using sample = await fs.open('/dev/null', 'r');
  const handle = Object.getPrototypeOf(sample) as Pick<
    FileHandle,
    'sync' | 'truncate' | 'write' | 'writeFile'
  >;
  for (const method of ['sync', 'truncate', 'write', 'writeFile'] as const)
    before(handle, method, () => `file ${method}`);
}

/** The log of events is left out: no command acts upon it, so that a death before or after an event is one and the same. */
const isEvent = (sql: string): boolean => sql.startsWith('INSERT INTO events');

function statementName(sql: string): string | null {
  return isRead(sql) || isEvent(sql) ? null : `sqlite ${firstWords(sql)}`;
}

function watchSqlite(): void {
  before(DatabaseSync.prototype, 'exec', (_, [sql]) => statementName(String(sql)));
  // What a statement that writes gives back is asked for by `all`.
  for (const method of ['run', 'all'] as const)
    before(StatementSync.prototype, method, (self) => statementName((self as StatementSync).sourceSQL));
}

interface HttpRequest {
  readonly method: string;
  readonly path: string;
}

function callOf({ method, path }: HttpRequest): string {
  const { pathname } = new URL(path, 'http://server');
  return `http ${method} ${pathname.replaceAll(/(file|batch)[-_]\w+/g, '$1')}`;
}

/** Of every request, by fetch or without it (https://undici.nodejs.org/#/docs/api/DiagnosticsChannel). */
function watchHttp(): void {
  const asked = new Set<string>();
  subscribe('undici:request:create', (message) => {
    const { request } = message as { readonly request: HttpRequest };
    if (request.method !== 'GET') cross(`${callOf(request)} sent`);
  });
  subscribe('undici:request:headers', (message) => {
    const { request } = message as { readonly request: HttpRequest };
    if (request.method !== 'GET' || !asked.has(request.path)) cross(`${callOf(request)} answered`);
    asked.add(request.path);
  });
}

type QueryConfig = string | { readonly text: string } | null;

/** A client's queries run one after the other, so the answer that comes belongs to the oldest. */
function watchPostgres(): void {
  const running = new WeakMap<object, string[]>();
  const prototype = Client.prototype as unknown as Record<'query' | '_handleReadyForQuery', unknown>;
  before(prototype, 'query', (self, [config]) => {
    const asked = config as QueryConfig;
    const sql = typeof asked === 'string' ? asked : (asked?.text ?? '');
    const client = self as object;
    running.set(client, [...(running.get(client) ?? []), sql]);
    return isRead(sql) ? null : `postgres ${firstWords(sql)} sent`;
  });
  before(prototype, '_handleReadyForQuery', (self) => {
    const sql = running.get(self as object)?.shift();
    return sql === undefined || isRead(sql) ? null : `postgres ${firstWords(sql)} answered`;
  });
}

await watchFiles();
watchSqlite();
watchHttp();
watchPostgres();
