import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An error as the sources write it; what they fill in is `...`. */
export interface ErrorText {
  readonly code: string;
  /** Undefined where it is put together elsewhere. */
  readonly message: string | undefined;
  readonly hint: string | undefined;
  /** Where it does not follow from when the error comes. */
  readonly exitCode: string | undefined;
}

const src = join(import.meta.dirname, '..');

const making = 'new BatchlineError(';
const literal = /`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"[^"\n]*"/.source;

/** Every error that is made in `src/`. */
export function errorTexts(): readonly ErrorText[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((name) => name.endsWith('.ts') && !name.startsWith('reference/')).sort();
  return sources.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const calls = Array.from(text.matchAll(/new BatchlineError\(/g), ({ index }) =>
      argumentsFrom(text, index + making.length),
    );
    const named = calls.flatMap((parts) => namedIn(parts, text));
    const isPassedOn = calls.some(([code = '']) => !code.includes("'"));
    return isPassedOn ? [...named, ...passedOnIn(text)] : named;
  });
}

/** An error whose code is written where it is made. */
function namedIn(
  [code = '', message = '', options = '']: readonly string[],
  text: string,
): readonly ErrorText[] {
  return Array.from(code.matchAll(/'([a-z][a-z_]+)'/g), ([, name = '']) => ({
    code: name,
    message: plain(message),
    hint: hintIn(options, text),
    exitCode: /\bexitCode:\s*(\d+)/.exec(options)?.[1],
  }));
}

/** Codes of a file that chooses among several: all its names in snake case, with the texts that stand behind some. */
function passedOnIn(text: string): readonly ErrorText[] {
  const found = text.matchAll(/'([a-z]+(?:_[a-z]+)+)'/g);
  const codes = Array.from(found).filter(([, code = '']) => !columnNames.has(code));
  return codes.map(({ index, 1: code = '', 0: whole }) => {
    const after = text.slice(index + whole.length);
    const beside = new RegExp(`^,\\s*(?:retryable: true,\\s*)?(hint:\\s*(?:${literal}|\\w+))`).exec(
      after,
    )?.[1];
    const [, message = '', hint = ''] =
      new RegExp(`^,\\s*(?:\\w+,\\s*)?(${literal})(?:,\\s*(${literal}))?\\s*[,)]`).exec(after) ?? [];
    return {
      code,
      message: message.includes(' ') ? plain(message) : undefined,
      hint: hint.includes(' ') ? plain(hint) : hintIn(beside ?? '', text),
      exitCode: undefined,
    };
  });
}

/** Names in snake case that are no codes. */
const columnNames: ReadonlySet<string> = new Set(['request_hash']);

/** @param text the file, in which a hint may have a name */
function hintIn(options: string, text: string): string | undefined {
  const [, written = ''] = new RegExp(`\\bhint:\\s*(${literal}|\\w+)`).exec(options) ?? [];
  if (!/^\w+$/.test(written)) return plain(written);
  return plain(new RegExp(`const ${written} =\\s*(${literal});`).exec(text)?.[1] ?? '');
}

/** The arguments of a call, as they are written. */
function argumentsFrom(text: string, start: number): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let quote = '';
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote !== '') {
      if (sign === '\\') at += 1;
      else if (sign === quote) quote = '';
    } else if (`'"\``.includes(sign)) quote = sign;
    else if ('([{'.includes(sign)) depth += 1;
    else if (depth > 0 && ')]}'.includes(sign)) depth -= 1;
    else if (sign === ',' || sign === ')') {
      if (depth > 0) continue;
      found.push(text.slice(from, at).trim());
      from = at + 1;
      if (sign === ')') return found;
    }
  }
  return found;
}

/** The words of a literal; undefined where it is none. */
function plain(text: string): string | undefined {
  const quote = text.charAt(0);
  if (quote === '' || !`'"\``.includes(quote) || !text.endsWith(quote)) return undefined;
  const filled = text.slice(1, -1).replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '...');
  // A template within a template, of which only the beginning was found.
  if (filled.includes('${')) return undefined;
  return filled
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll(/\.{4,}/g, '...')
    .trim();
}
