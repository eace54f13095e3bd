import { isScalar, parseDocument } from 'yaml';

/**
 * Reads a text as one YAML scalar: `5` is a number, `true` a boolean, `'5'` and everything else text. What YAML would
 * take for a map, a list, a comment or an error is text as it stands: `#` and `: ` are common in passwords.
 */
export function readScalar(text: string): unknown {
  const document = parseDocument(text, { version: '1.2', logLevel: 'silent' });
  const scalar: unknown = document.contents;
  if (document.errors.length > 0 || !isScalar(scalar)) return text;
  const isWhole = scalar.range?.[0] === 0 && scalar.range[1] === text.length;
  if (!isWhole || scalar.anchor !== undefined || scalar.tag !== undefined) return text;
  return scalar.type === 'PLAIN' || scalar.type?.startsWith('QUOTE') === true ? scalar.value : text;
}
