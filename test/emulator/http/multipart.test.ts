import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { multipartBoundary, parseMultipart } from '../../../src/emulator/http/multipart.ts';

interface Part {
  readonly name: string;
  readonly filename: string | null;
  readonly data: Buffer;
}

const boundary = 'b-7';

function encode(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, data }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    filename === null ? '\r\n\r\n' : `; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n`,
    data,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (let index = 0; from < bytes.length; index += 1) {
    const to = from + (sizes[index % sizes.length] ?? 1);
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function parse(chunks: AsyncIterable<Uint8Array>): Promise<Part[]> {
  const parts: Part[] = [];
  let data: Buffer[] = [];
  let head: { name: string; filename: string | null } | null = null;
  for await (const event of parseMultipart(chunks, boundary)) {
    if (event.type === 'part') [head, data] = [event, []];
    else if (event.type === 'data') data.push(Buffer.from(event.bytes));
    else if (head !== null)
      parts.push({ name: head.name, filename: head.filename, data: Buffer.concat(data) });
  }
  return parts;
}

// Data that is full of what a delimiter begins with.
const trickyData = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '--', `\r\n--b-`, `--${boundary.slice(0, 2)}`, 'x', '\0', 'é'))
  .map((pieces) => Buffer.from(pieces.join('')))
  .filter((data) => !data.includes(`\r\n--${boundary}`) && !data.toString().startsWith(`--${boundary}`));

test('parts come out as they were put in, however the body is cut into chunks', async () => {
  const part = fc.record({
    name: fc.constantFrom('file', 'purpose', 'expires_after[anchor]'),
    filename: fc.option(fc.constantFrom('x.jsonl', 'naïve; name=y.jsonl'), { nil: null }),
    data: trickyData,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), sizes, async (parts, sizes) => {
      expect(await parse(inPieces(encode(parts), sizes))).toEqual(parts);
    }),
    { numRuns: 500 },
  );
});

describe('a malformed form is refused', () => {
  const whole = encode([{ name: 'file', filename: 'x.jsonl', data: Buffer.from('data') }]);
  test('wherever it breaks off', async () => {
    for (let length = 0; length < whole.length - 4; length += 1) {
      await expect(parse(inPieces(whole.subarray(0, length), [7]))).rejects.toMatchObject({ status: 400 });
    }
  });

  test('without a name, after a boundary without a line end, and with an endless head', async () => {
    for (const body of [
      `--${boundary}\r\nContent-Type: x\r\n\r\nx\r\n--${boundary}--`,
      `--${boundary}xx\r\n\r\n`,
      `--${boundary}\r\n${'x: y\r\n'.repeat(10_000)}`,
    ]) {
      await expect(parse(inPieces(Buffer.from(body), [1000]))).rejects.toMatchObject({ status: 400 });
    }
  });

  test('without a boundary', () => {
    expect(multipartBoundary('multipart/form-data; boundary="a b"')).toBe('a b');
    expect(multipartBoundary('Multipart/Form-Data; charset=x; boundary=abc')).toBe('abc');
    for (const type of [undefined, 'application/json', 'multipart/form-data']) {
      expect(() => multipartBoundary(type)).toThrow('boundary');
    }
  });
});
