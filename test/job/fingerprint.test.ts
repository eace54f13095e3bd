import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../src/config/dialect-of.ts';
import type { WireText } from '../../src/core/wire-text.ts';
import { fingerprint, howToUndo, jobOf } from '../../src/job/fingerprint.ts';
import { RequestHash } from '../../src/request/request-hash.ts';
import { checkFile } from '../config/check-file.ts';

const chat = `endpoint: chat
  model: gpt-4o-mini
  system: Tag it.
  prompt: "{{ subject }}"
  params: { seed: 1 }`;

/** As they were in version 0.1.0: a run could not be continued, and every row would be sent again, if one changed. */
const known: readonly (readonly [string, string, string, string])[] = [
  [
    chat,
    '/v1/chat/completions',
    '833a3e4f1ddbfa91334d15a4c5dcc905e289670373dfc1a53f55adda77666d73',
    'f3e43f4e725df1edefff44c9d55f806e7fd78b75e8c25cd126429363813a06e1',
  ],
  [
    chat.replace('chat', '/v1/chat/completions'),
    '/v1/chat/completions',
    '833a3e4f1ddbfa91334d15a4c5dcc905e289670373dfc1a53f55adda77666d73',
    'f3e43f4e725df1edefff44c9d55f806e7fd78b75e8c25cd126429363813a06e1',
  ],
  [
    'endpoint: responses\n  model: gpt-4o-mini\n  prompt: "{{ subject }}"',
    '/v1/responses',
    '33b64add1537bccaf3c058f4827bb5b909b51d9408b82114dfb7f43954a28d24',
    '46d10d3ba83600c87e2b0cedb9a19b5e4388dd1b341f1b783ab083affb4416dd',
  ],
  [
    'endpoint: /v1/embeddings\n  model: text-embedding-3-small\n  input: "{{ subject }}"',
    '/v1/embeddings',
    '2ffe25657329fb6bf856c75dbb9bfece70698bc8bdd754aeef2a8040dfe9c454',
    '5a988f4d90c6396f1da9fff87a476d820abd69b275aac2b05e1739f22a061585',
  ],
];

test.each(known)(
  'the fingerprint and the hash of a request stay the same: %s',
  (request, path, print, hash) => {
    const { pipeline } = checkFile(
      `source: { type: csv, path: t.csv, key: id }\nrequest:\n  ${request}\nsink: { type: csv, path: a.csv }\n`,
    );
    if (pipeline === undefined) throw new Error('the pipeline is faulty');
    const found = fingerprint(pipeline, {}, {}, {});
    expect(found.parts['request.endpoint']).toBe(JSON.stringify(path));
    expect(found.hash).toBe(print);
    const requestHash = new RequestHash(dialectOf(pipeline).path(pipeline.request));
    expect(requestHash.ofText('{"model":"m"}' as WireText)).toBe(hash);
  },
);

test.each([
  [{ 'request.prompt': '1' }, 'Undo the edit'],
  [{ 'flags.limit': '20' }, 'Type the flags that it was started with'],
  [{ 'source files.a.csv': '7' }, 'Put the source file back as it was'],
  [
    { 'transform files.a.ts': '7', 'flags.where': '"x"' },
    "Type the flags that it was started with and undo the edit of the module's file",
  ],
  [
    { 'flags.limit': '20', 'request.model': '1' },
    'Undo the edit and type the flags that it was started with',
  ],
])('what to do about %j', (parts, expected) => {
  expect(howToUndo({}, parts as Readonly<Record<string, string>>)).toBe(expected);
  expect(howToUndo(parts as Readonly<Record<string, string>>, {})).toBe(expected);
});

function jobIn(text: string, name = 'tags'): string {
  const { pipeline } = checkFile(text);
  if (pipeline === undefined) throw new Error('the pipeline is faulty');
  return jobOf({ name, pipeline, baseDir: '/p', stateDir: '/p/.pipeline' });
}

describe('the job', () => {
  const file = `source: { type: postgres, url: "postgres://me:secret@host/db", table: notes, key: id }
request: { endpoint: chat, model: gpt-4o-mini, prompt: "{{ body }}" }
sink: { type: postgres, url: "postgres://me:secret@host/db", table: answers }
`;

  test.each([
    ['a password', 'secret', 'other'],
    ['the key', 'key: id', 'key: [id]'],
    ['the mode of loading', 'table: answers', 'table: answers, mode: insert'],
    ['the word for an endpoint', 'endpoint: chat', 'endpoint: /v1/chat/completions'],
  ])('stays the same with %s', (_what, before, after) => {
    expect(jobIn(file)).toMatch(/^[0-9a-f]{16}$/);
    expect(jobIn(file.replaceAll(before, after))).toBe(jobIn(file));
  });

  test.each([
    ['table', 'table: notes', 'table: others'],
    ['host', '@host', '@other'],
    ['prompt', '{{ body }}', 'Tag {{ body }}'],
    ['model', 'gpt-4o-mini', 'gpt-4o'],
    ['target', 'table: answers', 'table: elsewhere'],
  ])('is another with another %s', (_what, before, after) => {
    expect(jobIn(file.replaceAll(before, after))).not.toBe(jobIn(file));
  });

  test('is another with another name', () => {
    expect(jobIn(file, 'other')).not.toBe(jobIn(file));
  });
});
