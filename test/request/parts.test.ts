import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import type { MessagePart } from '../../src/core/message-part.ts';
import { FilesBelow } from '../../src/files/files-below.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createRenderer, requestFields } from '../../src/request/renderer.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { tinyFiles } from '../support/tiny-files.ts';
import { renderRows, requestLines, rowBatch, type RequestInput } from './renderer-support.ts';

let folder = '';
let files = new FilesBelow('');

beforeAll(async () => {
  const above = await mkdtemp(join(tmpdir(), 'parts-'));
  folder = join(above, 'pipelines');
  files = new FilesBelow(folder);
  await mkdir(join(folder, 'photos'), { recursive: true });
  for (const [type, bytes] of Object.entries(tinyFiles))
    await writeFile(join(folder, `photos/a.${type}`), bytes);
  await writeFile(join(folder, 'photos/no-extension'), tinyFiles.jpeg);
  await writeFile(join(folder, 'photos/text.png'), 'no image at all');
  await writeFile(join(folder, 'photos/empty.png'), '');
  await writeFile(join(folder, 'photos/large.png'), Buffer.concat([tinyFiles.png, Buffer.alloc(12_000_000)]));
  await writeFile(join(above, 'secret.png'), tinyFiles.png);
  await symlink(join(above, 'secret.png'), join(folder, 'photos/link.png'));
  await symlink(join(folder, 'photos/a.png'), join(folder, 'inner.png'));
  await symlink(above, join(folder, 'above'));
});

afterAll(() => rm(join(folder, '..'), { recursive: true }));

type Content = Exclude<NonNullable<RequestInput['messages']>[number]['content'], string>;

function withParts(content: Content): RequestInput {
  return { endpoint: 'chat', model: 'm', messages: [{ role: 'user', content }] };
}

function contentOf(request: RequestInput, row: Readonly<Record<string, string | null>>): unknown {
  const items = renderRows(request, [{ id: '1', ...row }], { files });
  if (items.failures.length > 0) throw new Error(items.failures[0]?.message);
  const [content] = requestLines(items).map(
    ({ body }) => body as { messages: readonly { content: unknown }[] },
  );
  return content?.messages.at(-1)?.content;
}

function failureOf(content: Content, at: string) {
  return renderRows(withParts(content), [{ id: '1', at }], { files }).failures[0];
}

const image: Content = [{ image: '{{ at }}' }];
const file: Content = [{ file: '{{ at }}' }];

describe('the parts of a message', () => {
  test('texts, images and files in order, each in the form of the endpoint', () => {
    const content: Content = [
      { text: 'Read "{{ at }}":' },
      { image: '{{ at }}' },
      { image: 'https://example.com/b.jpg?size=1' },
      { file: 'photos/a.pdf' },
    ];
    expect(contentOf(withParts(content), { at: 'photos/a.png' })).toEqual([
      { type: 'text', text: 'Read "photos/a.png":' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${tinyFiles.png.toString('base64')}` } },
      { type: 'image_url', image_url: { url: 'https://example.com/b.jpg?size=1' } },
      {
        type: 'file',
        file: {
          filename: 'a.pdf',
          file_data: `data:application/pdf;base64,${tinyFiles.pdf.toString('base64')}`,
        },
      },
    ]);
  });

  test('one that renders to nothing is left out, wherever it stands', () => {
    const content: Content = [
      { text: '{{ a }}' },
      { image: ' {{ b }}\n' },
      { text: 'x' },
      { file: '{{ b }}' },
      { text: '{{ a }}' },
    ];
    expect(contentOf(withParts(content), { a: '', b: null })).toEqual([{ type: 'text', text: 'x' }]);
  });

  test('a message of nothing but an image is no empty prompt; one without anything is', () => {
    expect(contentOf(withParts(image), { at: 'photos/a.gif' })).toHaveLength(1);
    expect(failureOf(image, '')?.code).toBe('empty_prompt');
    expect(failureOf([{ text: ' {{ at }} ' }], ' \n')?.code).toBe('empty_prompt');
  });

  test('count as prompt only where they are the user’s', () => {
    const request: RequestInput = {
      endpoint: 'chat',
      model: 'm',
      messages: [
        { role: 'system', content: [{ text: 'Rules' }] },
        { role: 'user', content: [{ text: '{{ at }}' }] },
      ],
    };
    const { failures, length } = renderRows(request, [
      { id: '1', at: '' },
      { id: '2', at: 'x' },
    ]);
    expect([failures[0]?.code, length]).toEqual(['empty_prompt', 1]);
  });

  test('texts alone count for the estimate, by the same rule as of a stored line', () => {
    const row = { id: '1', at: 'photos/a.png' };
    const content: Content = [{ text: 'ééé{{ at }}' }, { image: '{{ at }}' }];
    const { tokens } = renderRows(withParts(content), [row], { files });
    expect(tokens[0]).toBe(Math.ceil((6 + 12) / 4) + 8);
  });

  test('their templates’ fields are read, and have to be there', () => {
    const request = requestBlock.parse(
      withParts([{ text: '{{ a }}' }, { image: '{{ b }}' }, { file: '{{ c }}' }]),
    );
    expect(requestFields(openAiDialect, request)).toEqual(['a', 'b', 'c']);
    expect(() => renderRows(withParts(image), [{ id: '1', other: 'x' }])).toThrow(
      expect.objectContaining({ code: 'unknown_variable' }) as BatchlineError,
    );
  });
});

describe('an image', () => {
  test.each(['png', 'jpeg', 'gif', 'webp'] as const)(
    'is known by its bytes as %s, whatever its name',
    (type) => {
      expect(contentOf(withParts(image), { at: `photos/a.${type}` })).toEqual([
        {
          type: 'image_url',
          image_url: { url: `data:image/${type};base64,${tinyFiles[type].toString('base64')}` },
        },
      ]);
    },
  );

  test.each([
    ['base64', 'data:image/png;base64,QUJD', 'data:image/png;base64,QUJD'],
    ['base64 without padding, wrapped', 'DATA:image/JPG;base64,QUJ\n DRA', 'data:image/jpeg;base64,QUJDRA=='],
    ['escaped base64', 'data:image/gif;base64,QUI%3D', 'data:image/gif;base64,QUI='],
    ['bytes with escapes', 'data:image/webp;charset=x,A%00%ffB', 'data:image/webp;base64,QQD/Qg=='],
  ])('may be a data URL: %s', (_, at, url) => {
    expect(contentOf(withParts(image), { at })).toEqual([{ type: 'image_url', image_url: { url } }]);
  });

  test.each([
    ['there is none', 'photos/b.png', 'part_not_found', 'put it there'],
    ['a folder', 'photos', 'part_not_found', 'is a folder'],
    ['the folder itself', '.', 'part_not_found', 'is a folder'],
    ['below a file', 'photos/a.png/b', 'part_not_found', 'put it there'],
    ['above the folder', '../secret.png', 'part_outside', 'put the file there'],
    ['beside it by a detour', 'photos/../../secret.png', 'part_outside', 'put the file there'],
    ['an absolute path', '/etc/passwd', 'part_outside', 'put the file there'],
    ['a link to the outside', 'photos/link.png', 'part_outside', 'put the file there'],
    ['by a linked folder', 'above/secret.png', 'part_outside', 'put the file there'],
    ['a NUL', 'photos/a.png\0.txt', 'part_outside', 'put the file there'],
    ['a name that is too long', 'x'.repeat(300), 'part_unreadable', 'ENAMETOOLONG'],
    ['no image', 'photos/text.png', 'part_type', 'another type'],
    ['an empty one', 'photos/empty.png', 'part_type', 'another type'],
    ['a PDF', 'photos/a.pdf', 'part_type', 'application/pdf'],
    ['too large', 'photos/large.png', 'part_too_large', '12 MB'],
    ['another scheme', 's3://bucket/a.png', 'part_address', 's3://bucket/a.png'],
    ['a file address', 'file:///etc/passwd', 'part_address', 'a path'],
    ['no address', 'https://', 'part_address', 'an http(s) address'],
    ['a data URL of another type', 'data:image/bmp;base64,QUJD', 'part_type', 'image/bmp'],
    ['a data URL of none', 'data:,abc', 'part_type', 'text/plain'],
    ['a data URL that is none', 'data:image/png;base64', 'part_invalid', 'cannot be decoded'],
    ['broken base64', 'data:image/png;base64,QUJDR', 'part_invalid', 'cannot be decoded'],
    ['no base64', 'data:image/png;base64,Q*JD', 'part_invalid', 'cannot be decoded'],
    ['empty data', 'data:image/png;base64,', 'part_invalid', 'cannot be decoded'],
  ])('fails the row where it is wrong: %s', (_, at, code, words) => {
    const failure = failureOf(image, at);
    expect(failure).toMatchObject({ customId: '1', code, requestHash: null });
    expect(failure?.message).toMatch(/^rows\.csv:2: /);
    expect(failure?.message).toContain(words);
    expect(failure?.message.length).toBeLessThan(500);
  });

  test('may be named by a link that stays inside, and by an absolute path there', () => {
    for (const at of ['inner.png', join(folder, 'photos/a.png'), './photos/../photos/a.png']) {
      expect(contentOf(withParts(image), { at })).toHaveLength(1);
    }
  });
});

describe('a file', () => {
  test('is a PDF, by a path or a data URL', () => {
    expect(contentOf(withParts(file), { at: 'data:application/pdf;base64,QUJD' })).toEqual([
      { type: 'file', file: { filename: 'file.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
    ]);
  });

  test.each([
    ['photos/a.png', 'part_type'],
    ['https://example.com/a.pdf', 'part_address'],
  ])('and nothing else: %s', (at, code) => {
    expect(failureOf(file, at)?.code).toBe(code);
  });
});

test('Responses have forms of their own, of what was said and of what is told', () => {
  const request: RequestInput = {
    endpoint: 'responses',
    model: 'm',
    messages: [
      { role: 'assistant', content: [{ text: 'So?' }] },
      { role: 'user', content: [{ text: 'a' }, { image: '{{ at }}' }, { file: 'photos/a.pdf' }] },
    ],
  };
  const items = renderRows(request, [{ id: '1', at: 'https://example.com/a' }], { files });
  expect(requestLines(items)[0]?.body['input']).toEqual([
    { role: 'assistant', content: [{ type: 'output_text', text: 'So?' }] },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'https://example.com/a' },
        {
          type: 'input_file',
          filename: 'a.pdf',
          file_data: `data:application/pdf;base64,${tinyFiles.pdf.toString('base64')}`,
        },
      ],
    },
  ]);
});

test('a provider hears what an address says of its type, and may refuse it for the row', () => {
  const seen: MessagePart[] = [];
  const dialect: typeof openAiDialect = {
    ...openAiDialect,
    body: (request) => ({
      messages: 1,
      pieces: openAiDialect.body(request).pieces.map((piece) =>
        piece.kind === 'parts'
          ? {
              ...piece,
              write: (part) => {
                seen.push(part);
                if (part.kind === 'address' && part.mediaType === null) {
                  throw new BatchlineError('part_type', 'give a data URL');
                }
                return piece.write(part);
              },
            }
          : piece,
      ),
    }),
  };
  const rows = ['https://x.test/A.JPG?b.png', 'http://x.test/a', 'https://x.test/a.svg'].map((at, index) => ({
    id: String(index),
    at,
  }));
  const items = renderRows(withParts(image), rows, { dialect });
  expect(seen.map((part) => (part.kind === 'address' ? part.mediaType : part.kind))).toEqual([
    'image/jpeg',
    null,
    null,
  ]);
  expect(items.length).toBe(1);
  expect(items.failures.map(({ message }) => message)).toEqual([
    'rows.csv:3: give a data URL',
    'rows.csv:4: give a data URL',
  ]);
});

test('rows with large images are not all held at once', async () => {
  await writeFile(join(folder, 'big.png'), Buffer.concat([tinyFiles.png, Buffer.alloc(6_000_000)]));
  const rows = Array.from({ length: 13 }, (_, id) => ({
    id: String(id),
    at: id % 5 === 4 ? 'missing.png' : 'big.png',
  }));
  const batch = rowBatch(rows);
  const request = requestBlock.parse(withParts(image));
  const renderer = createRenderer(
    {
      request,
      files,
      dialect: openAiDialect,
      keyNames: ['id'],
      keyMode: 'auto',
      maxLineBytes: 190_000_000,
      wantsHash: false,
      carried: [],
    },
    batch.fields,
  );
  const stretches = [...renderer.render(batch)].map(({ customIds, failures, lines, rowsEnd }) => {
    expect(lines.length).toBeLessThan(48_000_000);
    return [customIds.join(' '), failures.map(({ customId }) => customId).join(' '), rowsEnd];
  });
  expect(stretches).toEqual([
    ['0 1 2 3', '', 4],
    ['5 6 7 8', '4', 9],
    ['10 11 12', '9', 13],
  ]);
});
