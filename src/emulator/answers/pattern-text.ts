import type { Random } from '../random.ts';

/** A text that matches a regular expression; null where the expression is beyond this reader. */
export function textMatching(pattern: string, random: Random): string | null {
  try {
    const text = new PatternReader(pattern, random).read();
    return new RegExp(pattern, 'u').test(text) ? text : null;
  } catch {
    return null;
  }
}

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyz';
const classes: Readonly<Record<string, string | undefined>> = {
  d: digits,
  w: letters + digits,
  s: ' ',
  D: letters,
  W: '-',
  S: letters,
  t: '\t',
  n: '\n',
  r: '\r',
};
/** How often an unbounded repetition goes beyond its least. */
const extraRepeats = 3;

/** Reads literals, classes, groups, alternatives, repetitions and anchors, and writes a match as it reads. */
class PatternReader {
  readonly #pattern: string;
  readonly #random: Random;
  #at = 0;

  constructor(pattern: string, random: Random) {
    this.#pattern = pattern;
    this.#random = random;
  }

  read(): string {
    const write = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new Error('unbalanced');
    return write();
  }

  #alternatives(): () => string {
    const choices = [this.#sequence()];
    while (this.#skip('|')) choices.push(this.#sequence());
    return () => (choices[this.#random.below(choices.length)] ?? nothing)();
  }

  #sequence(): () => string {
    const parts: (() => string)[] = [];
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#peek())) parts.push(this.#repeated());
    return () => parts.map((write) => write()).join('');
  }

  #repeated(): () => string {
    const once = this.#atom();
    const [fewest, most] = this.#quantifier();
    this.#skip('?');
    return () => {
      const count = fewest + this.#random.below(most - fewest + 1);
      return Array.from({ length: count }, once).join('');
    };
  }

  #quantifier(): readonly [number, number] {
    if (this.#skip('?')) return [0, 1];
    if (this.#skip('*')) return [0, extraRepeats];
    if (this.#skip('+')) return [1, 1 + extraRepeats];
    const counted = /^\{(\d+)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at));
    if (counted === null) return [1, 1];
    this.#at += counted[0].length;
    const fewest = Number(counted[1]);
    if (counted[2] === '') return [fewest, fewest];
    return [fewest, counted[3] === '' ? fewest + extraRepeats : Number(counted[3])];
  }

  #atom(): () => string {
    const next = this.#next();
    if (next === '^' || next === '$') return nothing;
    if (next === '(') return this.#group();
    if (next === '[') return this.#oneOf(this.#set());
    if (next === '.') return this.#oneOf(letters);
    if (next === '\\') return this.#oneOf(this.#escape());
    return () => next;
  }

  #group(): () => string {
    if (this.#skip('?')) {
      // Named groups and non-capturing ones; what looks ahead or behind cannot be written from left to right.
      if (!this.#skip(':')) {
        const name = /^<[A-Za-z]\w*>/.exec(this.#pattern.slice(this.#at))?.[0];
        if (name === undefined) throw new Error('not supported');
        this.#at += name.length;
      }
    }
    const write = this.#alternatives();
    if (!this.#skip(')')) throw new Error('unbalanced');
    return write;
  }

  #set(): string {
    const isNegated = this.#skip('^');
    let members = '';
    while (!this.#skip(']')) {
      const from = this.#skip('\\') ? this.#escape() : this.#next();
      const isRange = this.#peek() === '-' && this.#pattern[this.#at + 1] !== ']' && from.length === 1;
      if (!isRange) members += from;
      else {
        this.#next();
        members += range(from, this.#next());
      }
    }
    return isNegated
      ? Array.from(letters + digits)
          .filter((letter) => !members.includes(letter))
          .join('')
      : members;
  }

  #escape(): string {
    const next = this.#next();
    if (/[bBpPuxkc0-9]/.test(next)) throw new Error('not supported');
    return classes[next] ?? next;
  }

  #oneOf(members: string): () => string {
    return () => members[this.#random.below(members.length)] ?? '';
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? '';
  }

  #next(): string {
    if (this.#at >= this.#pattern.length) throw new Error('unbalanced');
    this.#at += 1;
    return this.#pattern[this.#at - 1] ?? '';
  }

  #skip(expected: string): boolean {
    if (this.#peek() !== expected) return false;
    this.#at += 1;
    return true;
  }
}

function nothing(): string {
  return '';
}

function range(from: string, to: string): string {
  const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
  return Array.from({ length: Math.min(last - first + 1, 256) }, (_, offset) =>
    String.fromCharCode(first + offset),
  ).join('');
}
