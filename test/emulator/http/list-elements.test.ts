import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ListElements, ListError } from '../../../src/emulator/http/list-elements.ts';

interface Body {
  readonly other: unknown;
  readonly requests: readonly unknown[];
}

/** What is read of a text that arrives in pieces of some bytes. */
function read(text: string, pieceBytes: number, mostBytes = 10_000) {
  const list = new ListElements('requests', { mostBytes });
  const bytes = Buffer.from(text);
  const elements: unknown[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    elements.push(...list.add(bytes.subarray(at, at + pieceBytes)));
  return { elements, around: list.end() };
}

test('the objects of the list come out whole, wherever the text is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())),
      fc.jsonValue(),
      fc.integer({ min: 1, max: 20 }),
      (requests, other, pieceBytes) => {
        // As JSON has them: without -0.
        const given = JSON.parse(JSON.stringify({ other, requests })) as Body;
        const { elements, around } = read(JSON.stringify(given), pieceBytes);
        expect(elements).toEqual(given.requests);
        expect(around).toEqual({ other: given.other, requests: given.requests.map(() => 0) });
      },
    ),
  );
});

test('lists of other names, and objects in their place, are left where they are', () => {
  const { elements, around } = read('{"a":[{"requests":[{}]}],"requests" : [ {"x":"]}\\""} , 7 ]}', 3);
  expect(elements).toEqual([{ x: ']}"' }]);
  expect(around).toEqual({ a: [{ requests: [{}] }], requests: [0, 7] });
});

test.each([
  [`{"requests":[{"x":"${'y'.repeat(300)}"}]}`, 'too_large'],
  [`{"requests":[],"x":"${'y'.repeat(300)}"}`, 'too_large'],
  ['{"requests":[{"x":}]}', 'malformed'],
  ['{"requests":[{"x":1}', 'malformed'],
])('%s is refused as %s', (text, kind) => {
  expect(() => read(text, 7, 100)).toThrow(expect.objectContaining({ name: ListError.name, kind }));
});
