import type { JsonMap } from '../../core/json.ts';
import type { Random } from '../random.ts';
import { textMatching } from './pattern-text.ts';
import { sentence, type Prompt } from './prompt.ts';

/** Where a string stands, which decides what it says. */
export interface StringPlace {
  readonly name: string;
  /** Its number, where it is an item of a list. */
  readonly index: number | null;
  readonly prompt: Prompt;
}

const proseNames =
  /summary|description|reason|rationale|explanation|analysis|text|comment|answer|content|body|message|note/i;

/** A string that fits the schema: its format or pattern, else words of the prompt, of the length asked for. */
export function stringWithin(schema: JsonMap, place: StringPlace, random: Random): string {
  const { format, pattern } = schema;
  const formatted = typeof format === 'string' ? formats[format]?.(random) : undefined;
  if (formatted !== undefined) return formatted;
  if (typeof pattern === 'string') {
    const matching = textMatching(pattern, random);
    if (matching !== null) return matching;
  }
  return fitLength(plainText(place), schema);
}

/** Formats whose values are made up whole. */
const formats: Readonly<Record<string, ((random: Random) => string) | undefined>> = {
  date: (random) => day(random),
  time: (random) => `${clock(random)}Z`,
  'date-time': (random) => `${day(random)}T${clock(random)}Z`,
  duration: (random) => `P${1 + random.below(30)}D`,
  email: (random) => `user${random.below(1000)}@example.com`,
  hostname: (random) => `host${random.below(1000)}.example.com`,
  ipv4: (random) => `192.0.2.${random.below(256)}`,
  ipv6: (random) => `2001:db8::${random.hex(4)}`,
  uuid: (random) => `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`,
  uri: (random) => `https://example.com/${random.hex(8)}`,
};

function day(random: Random): string {
  return `2025-${twoDigits(1 + random.below(12))}-${twoDigits(1 + random.below(28))}`;
}

function clock(random: Random): string {
  return `${twoDigits(random.below(24))}:${twoDigits(random.below(60))}:${twoDigits(random.below(60))}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function plainText({ name, index, prompt }: StringPlace): string {
  const { words } = prompt;
  if (index !== null) return wordAt(words, index);
  if (proseNames.test(name)) return sentence(prompt);
  return words.length === 0 ? 'synthetic' : words.slice(0, 2).join(' ');
}

/** The words one after the other; when there are no more, numbered. */
function wordAt(words: readonly string[], index: number): string {
  if (words.length === 0) return `topic-${index + 1}`;
  const round = Math.floor(index / words.length);
  const word = words[index % words.length] ?? '';
  return round === 0 ? word : `${word}-${round + 1}`;
}

/** Lengths in JSON Schema count characters, not UTF-16 code units. */
function fitLength(text: string, schema: JsonMap): string {
  const { minLength: fewest = 0, maxLength: most = Infinity } = schema;
  const characters = Array.from(text);
  if (typeof fewest === 'number' && characters.length < fewest) {
    return text + '.'.repeat(fewest - characters.length);
  }
  if (typeof most !== 'number' || characters.length <= most) return text;
  return characters.slice(0, most).join('');
}
