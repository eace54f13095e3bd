import { BatchlineError, errorCode, errorMessage } from '../core/errors.ts';
import { tooManyConnections } from './too-many-connections.ts';

interface Explanation {
  readonly code: string;
  readonly retryable?: boolean;
  readonly hint?: string;
}

const reachHint = 'Check that the server runs, and the host and port in the URL.';
const tlsHint =
  'Point sslrootcert at the certificate authority, or use sslmode=require to encrypt without verifying.';

/** Errors of the network and of TLS, by Node's code. */
const network: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: { code: 'database_unreachable', retryable: true, hint: reachHint },
  EHOSTUNREACH: { code: 'database_unreachable', retryable: true, hint: reachHint },
  ENETUNREACH: { code: 'database_unreachable', retryable: true, hint: reachHint },
  ETIMEDOUT: { code: 'database_unreachable', retryable: true, hint: reachHint },
  ENOENT: {
    code: 'database_unreachable',
    hint: 'No server listens on that socket; check the host in the URL.',
  },
  ENOTFOUND: { code: 'unknown_host', hint: 'Check the host name in the URL.' },
  EAI_AGAIN: {
    code: 'unknown_host',
    retryable: true,
    hint: 'The name server did not answer; check the network.',
  },
  ECONNRESET: { code: 'connection_lost', retryable: true },
  EPIPE: { code: 'connection_lost', retryable: true },
  ERR_STREAM_PREMATURE_CLOSE: { code: 'connection_lost', retryable: true },
  DEPTH_ZERO_SELF_SIGNED_CERT: { code: 'untrusted_certificate', hint: tlsHint },
  SELF_SIGNED_CERT_IN_CHAIN: { code: 'untrusted_certificate', hint: tlsHint },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { code: 'untrusted_certificate', hint: tlsHint },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { code: 'untrusted_certificate', hint: tlsHint },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'untrusted_certificate',
    hint: 'The certificate is for another host; connect by the name in it, or use sslmode=verify-ca.',
  },
};

const loginHint = 'Check the user and the password in the URL (or PGPASSWORD).';

/** SQLSTATEs, by code or by class (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const sqlStates: Readonly<Record<string, Explanation>> = {
  '28P01': { code: 'login_failed', hint: loginHint },
  '28000': { code: 'login_failed', hint: loginHint },
  '3D000': { code: 'unknown_database', hint: "Check the database's name in the URL, or create it." },
  '42P01': { code: 'unknown_table' },
  '42703': { code: 'unknown_column' },
  '42501': {
    code: 'permission_denied',
    hint: 'Grant the right to the user that the URL names, or use another.',
  },
  '25006': { code: 'read_only_transaction', hint: 'A source only reads: use a query that changes nothing.' },
  '40001': { code: 'serialization_failure', retryable: true },
  '40P01': { code: 'deadlock', retryable: true },
  '55P03': { code: 'lock_timeout', retryable: true },
  '57014': {
    code: 'query_canceled',
    hint: 'If statement_timeout ended it, raise that for this user: ALTER ROLE ... SET statement_timeout.',
  },
  '57P01': { code: 'connection_lost', retryable: true },
  '57P02': { code: 'connection_lost', retryable: true },
  '57P03': { code: 'database_starting', retryable: true },
  '57P05': { code: 'connection_lost', retryable: true },
  '08': { code: 'connection_lost', retryable: true },
  '53100': {
    code: 'database_disk_full',
    retryable: true,
    hint: "Make room on the database server's disk.",
  },
  '53': { code: 'database_out_of_resources', retryable: true },
  '42': { code: 'sql_error' },
  '22': { code: 'bad_value' },
  '23': { code: 'constraint_violation' },
};

/** Failures that pg reports by message alone. */
const messages: readonly (readonly [RegExp, Explanation])[] = [
  [/^Connection terminated|not queryable/, { code: 'connection_lost', retryable: true }],
  [/timeout expired/, { code: 'database_unreachable', retryable: true, hint: reachHint }],
  [
    /does not support SSL/,
    {
      code: 'tls_refused',
      hint: 'The server has no TLS; remove sslmode from the URL or set sslmode=disable.',
    },
  ],
  [
    /invalid memory alloc request size|enlarge string buffer/,
    {
      code: 'row_too_large',
      hint: 'A row is above 1 GB as text, which the server cannot send. Leave it or its large column out: where: "octet_length(body) < 16000000", or `columns`.',
    },
  ],
  [/no password (was )?supplied|password must be a/, { code: 'login_failed', hint: loginHint }],
];

/**
 * Puts an error of the database or of the way to it into one clear line. The text holds what the server said, which
 * never includes a password, and nothing of the URL but `where`.
 *
 * @param where host, port and database, without secrets
 * @param doing what failed, as "cannot ..." goes on: `connect`, `read public.tickets`
 */
export function databaseError(error: unknown, where: string, doing: string): BatchlineError {
  if (error instanceof BatchlineError) return error;
  const { code, retryable = false, hint = textOf(error, 'hint') } = explain(error);
  return new BatchlineError(code, `cannot ${doing}: ${reason(error)}`, {
    retryable,
    hint,
    where,
    cause: error,
  });
}

function explain(error: unknown): Explanation {
  const tooMany = tooManyConnections(error);
  if (tooMany !== undefined) return { code: 'too_many_connections', retryable: true, hint: tooMany };
  const message = errorMessage(error);
  const byMessage = messages.find(([pattern]) => pattern.test(message))?.[1];
  return byCode(error) ?? byMessage ?? { code: 'database_error' };
}

function byCode(error: unknown): Explanation | undefined {
  const code = networkCode(error);
  return code === undefined ? undefined : (network[code] ?? sqlStates[code] ?? sqlStates[code.slice(0, 2)]);
}

/** A name with two addresses fails with an AggregateError, whose first error says why. */
function networkCode(error: unknown): string | undefined {
  return errorCode(error) ?? (error instanceof AggregateError ? errorCode(error.errors[0]) : undefined);
}

/** One line: the message, and the server's own detail where it has one. */
function reason(error: unknown): string {
  const detail = textOf(error, 'detail');
  const text = detail === undefined ? errorMessage(error) : `${errorMessage(error)} (${detail})`;
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function textOf(error: unknown, key: 'hint' | 'detail'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const text = (error as Partial<Record<typeof key, unknown>>)[key];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
