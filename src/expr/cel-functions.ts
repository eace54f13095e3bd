import { nearestName } from '../core/did-you-mean.ts';
import { functionNames } from './cel-environment.ts';

/** What CEL calls functions that other languages have under another name. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['len', 'size'],
  ['length', 'size'],
  ['count', 'size'],
  ['char_length', 'size'],
  ['lower', 'lowerAscii'],
  ['tolower', 'lowerAscii'],
  ['tolowercase', 'lowerAscii'],
  ['upper', 'upperAscii'],
  ['toupper', 'upperAscii'],
  ['touppercase', 'upperAscii'],
  ['includes', 'contains'],
  ['strip', 'trim'],
  ['substr', 'substring'],
  ['slice', 'substring'],
  ['str', 'string'],
  ['text', 'string'],
  ['tostring', 'string'],
  ['float', 'double'],
  ['integer', 'int'],
  ['any', 'exists'],
  ['some', 'exists'],
  ['every', 'all'],
  ['date', 'timestamp'],
  ['match', 'matches'],
  ['regex', 'matches'],
]);

/** The function that was probably meant by one that there is not. */
export function functionLike(name: string): string | undefined {
  return otherNames.get(name.toLowerCase()) ?? nearestName(name, functionNames());
}
