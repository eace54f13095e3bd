const longest = 160;

/**
 * A line of the file and under it a caret at the place. What may be a secret is not shown: where YAML cannot be read,
 * nothing tells which values are.
 */
export function excerptAt(source: string, offset: number): readonly string[] {
  const before = source.slice(0, offset).split('\n');
  const lines = source.split('\n');
  // The end of the file is no place that a person looks for: the line before it says more.
  const isEnd = before.length > 1 && source.slice(offset).trim() === '' && before.at(-1) === '';
  const index = isEnd ? lastWritten(before) : before.length - 1;
  const line = (lines[index] ?? '').replace(/\r$/, '');
  const column = isEnd ? line.length : (before.at(-1)?.length ?? 0);
  const from = column > longest - 20 ? column - 80 : 0;
  const shown = withoutSecrets(line, lines.slice(0, index)).slice(from, from + longest);
  const margin = ` ${index + 1} | `;
  const indent = shown.slice(0, column - from).replaceAll(/[^\t]/g, ' ');
  const caret = indent.padEnd(Math.min(column - from, shown.length)).replaceAll('\t', ' ');
  return [`${margin}${shown.replaceAll('\t', ' ')}`, `${' '.repeat(margin.length - 2)}| ${caret}^`];
}

function lastWritten(lines: readonly string[]): number {
  return Math.max(
    lines.findLastIndex((line) => line.trim() !== ''),
    0,
  );
}

const secretKey = /(?:api_?key|passw|secret|token\b|authorization|headers|url|credential)/i;

/** Hides all that stands behind a colon where the line's key, or one above it, may have a secret below it. */
function withoutSecrets(line: string, above: readonly string[]): string {
  const isSecret = secretKey.test(line) || keysAbove(line, above).some((key) => secretKey.test(key));
  // Of a key its name may be seen, of anything else nothing.
  const value = /^\s*(?:- )?[\w"'-]+:/.exec(line)?.[0].length ?? 0;
  const masked = isSecret ? line.slice(0, value) + line.slice(value).replaceAll(/\S/g, '*') : line;
  return masked.replaceAll(/\b(?:sk|gsk|pk|xai|AIza)[-_]?[\w-]{8,}|:\/\/[^\s@/]*@/g, (found) =>
    '*'.repeat(found.length),
  );
}

/** The lines that this one stands below, by their indentation. */
function keysAbove(line: string, above: readonly string[]): readonly string[] {
  const keys: string[] = [];
  let indent = indentOf(line);
  for (const each of above.toReversed()) {
    if (each.trim() === '' || indentOf(each) >= indent) continue;
    keys.push(each);
    indent = indentOf(each);
  }
  return keys;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
