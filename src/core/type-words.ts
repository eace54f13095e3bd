/** What a person calls a type that zod, or a JSON Schema, names. */
const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  int: 'whole number',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
  object: 'map of keys',
  record: 'map of keys',
};

export function typeNoun(type: string): string | undefined {
  return nouns[type];
}

/** The noun with its article. */
export function typeWord(type: string): string {
  if (type === 'string' || type === 'boolean') return nouns[type] ?? type;
  const noun = nouns[type];
  return noun === undefined ? type : `a ${noun}`;
}
