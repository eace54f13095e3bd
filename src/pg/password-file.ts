import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from './database-url.ts';

/**
 * The password that libpq's password file holds for an address, or undefined
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html). As in libpq, a file that others may read is ignored.
 */
export async function passwordFromFile(address: DatabaseAddress): Promise<string | undefined> {
  const path = address.parameters.get('passfile') ?? defaultPath();
  const text = await readPrivate(path);
  const wanted = [hostInFile(address.host), String(address.port), address.database, address.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitLine(line);
    const matches = wanted.every((value, at) => fields[at] === '*' || fields[at] === value);
    if (matches && fields[4] !== undefined) return fields[4];
  }
  return undefined;
}

/** Colons separate the five fields; a backslash makes the next character an ordinary one. */
function splitLine(line: string): string[] {
  const fields = line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? [];
  return fields.slice(0, 5).map((field) => field.replace(/:$/, '').replaceAll(/\\(.)/g, '$1'));
}

function hostInFile(host: string): string {
  return host.startsWith('/') ? 'localhost' : host;
}

function defaultPath(): string {
  return process.platform === 'win32'
    ? join(process.env['APPDATA'] ?? homedir(), 'postgresql', 'pgpass.conf')
    : join(homedir(), '.pgpass');
}

async function readPrivate(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) return '';
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
