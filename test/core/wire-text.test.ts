import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeJson, escapeWire, fromWire, toWire, unescapedLength } from '../../src/core/wire-text.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\u2028',
      '\u2029',
      '\u2030',
      'é',
      '𝄞',
      '\0',
      'a',
      '\u007f',
      '\u0080',
    ),
  }),
);

test('wire text holds any well-formed text', () => {
  fc.assert(
    fc.property(text, (plain) => {
      expect(fromWire(toWire(plain))).toBe(plain.toWellFormed());
      expect(toWire(plain)).toHaveLength(Buffer.byteLength(plain));
    }),
  );
});

test('escaped, it is the inside of a JSON string without a line end of any kind', () => {
  fc.assert(
    fc.property(text, (plain) => {
      const escaped = escapeJson(plain);
      expect(JSON.parse(`"${fromWire(escaped)}"`)).toBe(plain);
      expect(fromWire(escaped)).not.toMatch(/[\u2028\u2029\n\r]/);
    }),
  );
});

test('escaping wire text is escaping its text, and its size can be told from the escape', () => {
  fc.assert(
    fc.property(text, (anything) => {
      const plain = anything.toWellFormed();
      const escaped = escapeWire(toWire(plain));
      expect(escaped).toBe(escapeJson(plain));
      const separators = plain.match(/[\u2028\u2029]/g)?.length ?? 0;
      // A separator's escape counts as one byte instead of its three.
      expect(unescapedLength(escaped)).toBe(Buffer.byteLength(plain) - 2 * separators);
    }),
  );
});
