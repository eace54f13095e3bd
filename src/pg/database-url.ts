import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { didYouMean } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';

/** Where and how to connect, after the defaults of libpq have been applied. */
export interface DatabaseAddress {
  /** A host name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  /** The other parameters of the URL, by libpq's names. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Each parameter of a URL that has a meaning here, and the environment variable that is its default. */
const parameterVariables = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  dbname: 'PGDATABASE',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: undefined,
  sslnegotiation: 'PGSSLNEGOTIATION',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
} as const satisfies Record<string, string | undefined>;

/** Parameters that change nothing here, but stand in URLs that other tools wrote. */
const ignored = new Set([
  'uselibpqcompat',
  'client_encoding',
  'fallback_application_name',
  'channel_binding',
  'gssencmode',
  'target_session_attrs',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'load_balance_hosts',
  'pgbouncer',
]);

const shape =
  /^postgres(?:ql)?:\/\/(?:(?<userinfo>[^/?]*)@)?(?<hostport>[^/?]*)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/s;

/**
 * Reads a database URL as libpq does, with its defaults from the environment
 * (https://www.postgresql.org/docs/current/libpq-connect.html).
 *
 * @throws BatchlineError `bad_database_url`, which shows nothing of the URL's user information
 */
export function parseDatabaseUrl(url: string, environment: NodeJS.ProcessEnv = process.env): DatabaseAddress {
  const given = parametersOf(url);
  const parameters = new Map(given);
  for (const [name, variable] of Object.entries(parameterVariables)) {
    const value = variable === undefined ? undefined : environment[variable];
    if (value !== undefined && value !== '' && !parameters.has(name)) parameters.set(name, value);
  }
  const port = portOf(parameters.get('port') ?? '5432');
  const user = parameters.get('user') ?? userInfo().username;
  return {
    host: parameters.get('host') ?? defaultHost(port),
    port,
    user,
    database: parameters.get('dbname') ?? user,
    password: parameters.get('password'),
    parameters,
  };
}

function parametersOf(url: string): Map<string, string> {
  const groups = shape.exec(url.trim())?.groups;
  if (groups === undefined) fail('it does not begin with postgres://');
  const parameters = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') parameters.set(name, decode(value));
  };
  const [user, ...password] = (groups['userinfo'] ?? '').split(':');
  const { host, port } = splitHost(groups['hostport'] ?? '');
  set('user', user);
  set('password', password.join(':'));
  set('host', host);
  set('port', port);
  set('dbname', groups['database']);
  for (const [name, value] of queryOf(groups['query'] ?? '')) set(checkName(name), value);
  return parameters;
}

function splitHost(text: string): { host?: string | undefined; port?: string | undefined } {
  if (text.includes(',')) fail('it names several hosts, and only one is supported');
  const groups = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:]*))(?::(?<port>.*))?$/.exec(text)?.groups;
  if (groups === undefined) fail('its host is not readable; put an IPv6 address in [ ]');
  return { host: groups['v6'] ?? groups['host'], port: groups['port'] };
}

function* queryOf(query: string): Iterable<readonly [string, string]> {
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    if (at === -1) fail(`its parameter "${pair}" has no value`);
    yield [decode(pair.slice(0, at)), pair.slice(at + 1)];
  }
}

/** A misspelt `sslmode` must not pass for none at all. */
function checkName(name: string): string {
  const known = Object.keys(parameterVariables);
  if (!known.includes(name) && !ignored.has(name))
    fail(`it has no parameter "${name}". ${didYouMean(name, known)}`);
  return name;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail('it holds a % that is not the start of an escape; write %25 for a percent sign');
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : fail('its port is not a number from 1 to 65535');
}

/** libpq prefers the server's Unix socket; packages put it into one of two folders. */
function defaultHost(port: number): string {
  const folders = ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}

function fail(what: string): never {
  throw new BatchlineError('bad_database_url', `the database URL cannot be used: ${what}`, {
    hint: 'Write postgres://user:password@host:5432/database, with special characters percent-encoded; or embedded.',
  });
}
