import type { Redactor } from '../core/redact.ts';
import type { Environment } from './environment.ts';

/** Words that a field for secrets may hold without being one. */
const plainWords = new Set(['embedded', 'emulator', 'postgres']);

/** Hides a secret field's value, the values that were filled into it, and the password in it where it is a URL. */
export function hideSecret(redactor: Redactor, value: string, filledIn: readonly string[]): void {
  const url = parseUrl(value);
  if (url === undefined) {
    for (const each of [value, ...filledIn]) hideUnless(redactor, each, plainWords);
    hideUnless(redactor, /\bpassword\s*=\s*'?([^'\s]+)/.exec(value)?.[1] ?? '', plainWords);
    return;
  }
  const hasPassword = hideUrlPassword(redactor, value);
  if (hasPassword) redactor.add(value);
  const visible = visibleParts(url);
  for (const each of filledIn) if (each !== value || hasPassword) hideUnless(redactor, each, visible);
}

/** Hides the password of a URL that may stand anywhere in a text; says whether there was one. */
export function hideUrlPassword(redactor: Redactor, text: string): boolean {
  const url = parseUrl(text);
  const written = /^[^:/?#]+:\/\/[^/?#]*?:([^/?#]*)@/.exec(text)?.[1];
  const passwords = url === undefined ? [] : [written, url.password, ...queryPasswords(text)];
  const found = passwords.filter((each): each is string => each !== undefined && each !== '');
  const visible = url === undefined ? plainWords : visibleParts(url);
  for (const password of found) {
    redactor.add(`:${password}@`);
    hideUnless(redactor, password, visible);
    hideUnless(redactor, decode(password), visible);
  }
  return found.length > 0;
}

/** Hides a URL that is itself the key to what it names. */
export function hideUrl(redactor: Redactor, value: string): void {
  const { pathname, search } = parseUrl(value) ?? { pathname: '', search: '' };
  redactor.add(value);
  for (const part of [pathname + search, pathname]) if (part.length > 8) redactor.add(part);
}

/** Hides the environment's own keys and passwords, which a provider or a database driver may read by itself. */
export function hideEnvironment(redactor: Redactor, env: Environment): void {
  for (const [name, value] of Object.entries(env)) {
    const isSecret = /(?:API_?KEY|PASSWORD)$/.test(name) && value !== undefined;
    // A word like `test` protects nothing, and hiding it would blot out names and data.
    if (isSecret && value.length >= 8) hideUnless(redactor, value, plainWords);
  }
}

function hideUnless(redactor: Redactor, value: string, visible: ReadonlySet<string>): void {
  if (!visible.has(value)) redactor.add(value);
}

/**
 * What a URL shows anyway. Where the password is the same word (`postgres:postgres@localhost`), hiding it everywhere
 * would hide no more and make every message unreadable.
 */
function visibleParts(url: URL): ReadonlySet<string> {
  const scheme = url.protocol.slice(0, -1);
  const parts = [url.username, url.hostname, url.host, url.port, url.pathname.slice(1), scheme];
  return new Set([...plainWords, ...parts, ...parts.map(decode)]);
}

/** As written in the URL, not decoded. */
function queryPasswords(text: string): readonly string[] {
  const parameters = text.matchAll(/[?&][^=&#]*(?:password|key|token)[^=&#]*=([^&#]*)/gi);
  return [...parameters].map((match) => match[1] ?? '');
}

function parseUrl(text: string): URL | undefined {
  return text.includes('://') ? (URL.parse(text) ?? undefined) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
