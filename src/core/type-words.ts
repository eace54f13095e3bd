/** What a person calls a type that zod names. */
const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

export function typeWord(expected: string): string {
  return words[expected] ?? expected;
}
