import { parseMaxFailedRows } from '../config/failed-rows.ts';
import { InvalidValue, type OptionSpec } from './command-spec.ts';

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidValue('must be a whole number above 0');
}

export function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidValue('must be a port, from 0 to 65535');
}

export function failedRows(text: string): unknown {
  const value = parseMaxFailedRows(text);
  if (value !== undefined) return value;
  throw new InvalidValue('must be a number of rows or a percentage like 1%');
}

export const limit: OptionSpec = {
  flags: '--limit <n>',
  description: 'read at most so many rows',
  parse: positiveInteger,
};

const where: OptionSpec = {
  flags: '--where <condition>',
  description: "read only these rows; a condition in the source's own language",
};

/** As many numbers are held in memory while a sample is drawn. */
const mostSampled = 1_000_000;

function sampleSize(text: string): number {
  const value = positiveInteger(text);
  if (value <= mostSampled) return value;
  throw new InvalidValue(`must be at most ${mostSampled}`);
}

function seedNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidValue('must be a whole number, 0 or above');
}

export const json: OptionSpec = { flags: '--json', description: 'print JSON' };

export const configuration: readonly OptionSpec[] = [
  {
    flags: '--target <name>',
    description: "take the values of one of the file's `targets` in place of its own",
  },
  {
    flags: '--set <path=value>',
    description: 'override a value of the file, as in source.path=other.csv; may be repeated',
    repeatable: true,
  },
  { flags: '--env-file <path>', description: 'read environment variables from this file too' },
];

export const output: readonly OptionSpec[] = [
  { flags: '--quiet', description: 'show warnings and errors only' },
  {
    flags: '--log-level <level>',
    description: 'how much to show',
    values: ['debug', 'info', 'warn', 'error'],
    defaultValue: 'info',
  },
  {
    flags: '--log-format <format>',
    description: 'how to show it',
    values: ['text', 'json'],
    defaultValue: 'text',
  },
];

export const noBreaker: OptionSpec = {
  flags: '--no-breaker',
  description: 'go on although most of the first answers fail with one code',
};

export const state: OptionSpec = {
  flags: '--state <dir>',
  description: 'the state folder',
  defaultValue: '.pipeline',
};

/** Which rows of the source are read. */
export const selection: readonly OptionSpec[] = [
  limit,
  {
    flags: '--sample <n>',
    description: 'read so many rows, drawn at random from the whole source',
    parse: sampleSize,
  },
  {
    flags: '--seed <s>',
    description: 'which random rows: the same again for the same number; default: 0',
    parse: seedNumber,
  },
  where,
];
