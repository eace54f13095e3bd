import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import type { DatabaseAddress } from './database-url.ts';

/** How one attempt to connect encrypts: not at all, or by these options. */
export type Encryption = false | ConnectionOptions;

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof modes)[number];

/**
 * The ways to encrypt that `sslmode` allows, in the order in which libpq tries them
 * (https://www.postgresql.org/docs/current/libpq-ssl.html): without `sslmode` a server that has no TLS is spoken to
 * in the clear, `require` encrypts without verifying unless a root certificate is given, `verify-ca` and
 * `verify-full` need one.
 *
 * @throws BatchlineError `bad_database_url` for an unknown mode, `unreadable_certificate` for a file
 */
export function encryptionAttempts({ host, parameters }: DatabaseAddress): readonly Encryption[] {
  const mode = modeOf(parameters);
  if (mode === 'disable' || host.startsWith('/')) return [false];
  const encrypted = { ...clientCertificate(parameters), ...verification(mode, parameters) };
  if (mode === 'allow') return [false, encrypted];
  return mode === 'prefer' ? [encrypted, false] : [encrypted];
}

function modeOf(parameters: ReadonlyMap<string, string>): SslMode {
  // `system` means public authorities, which prove nothing unless the host's name is checked too.
  const fallback = parameters.get('sslrootcert') === 'system' ? 'verify-full' : 'prefer';
  const text = parameters.get('sslmode') ?? fallback;
  const mode = modes.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new BatchlineError('bad_database_url', `sslmode "${text}" is not known`, {
    hint: `Use one of ${modes.join(', ')}.`,
  });
}

function verification(mode: SslMode, parameters: ReadonlyMap<string, string>): ConnectionOptions {
  const ca = rootCertificate(parameters);
  if (mode === 'verify-full') return { ca: ca ?? missingRoot(mode), rejectUnauthorized: true };
  const verifies = mode === 'verify-ca' || (mode === 'require' && ca !== undefined);
  if (!verifies) return { rejectUnauthorized: false };
  return { ca: ca ?? missingRoot(mode), rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

function rootCertificate(parameters: ReadonlyMap<string, string>): string | string[] | undefined {
  const given = parameters.get('sslrootcert');
  if (given === 'system') return [...rootCertificates];
  return fileOf(given, 'root.crt');
}

function clientCertificate(parameters: ReadonlyMap<string, string>): ConnectionOptions {
  const cert = fileOf(parameters.get('sslcert'), 'postgresql.crt');
  if (cert === undefined) return {};
  const key = fileOf(parameters.get('sslkey'), 'postgresql.key');
  const passphrase = parameters.get('sslpassword');
  return { cert, ...(key === undefined ? {} : { key }), ...(passphrase === undefined ? {} : { passphrase }) };
}

/** The content of a file that was named, or else of libpq's own file where there is one. */
function fileOf(given: string | undefined, ownName: string): string | undefined {
  const own = join(homedir(), '.postgresql', ownName);
  if (given === undefined && !existsSync(own)) return undefined;
  const path = given ?? own;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BatchlineError('unreadable_certificate', `cannot read ${path}: ${errorMessage(error)}`, {
      hint: 'Check sslrootcert, sslcert and sslkey in the database URL.',
      cause: error,
    });
  }
}

function missingRoot(mode: SslMode): never {
  throw new BatchlineError('unreadable_certificate', `sslmode=${mode} needs a root certificate`, {
    hint: "Add sslrootcert=/path/to/ca.pem to the database URL, or sslrootcert=system for a public authority's.",
  });
}
