import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chatLines } from '../request/chat-lines.ts';
import { checkFile } from './check-file.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/structured-output.md'), 'utf8');
const rest = `source: { type: csv, path: tickets.csv, key: id }
sink: { type: csv, path: answers.csv }
`;

function blocks(language: string): readonly string[] {
  return Array.from(
    page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')),
    ([, text]) => text ?? '',
  );
}

test('the examples are right, and those that are not are answered as the page says', () => {
  const [sound, faulty, own] = blocks('yaml');
  expect(checkFile(`${sound}${rest}`).lines).toEqual([]);
  expect(checkFile(`${own}${rest}`).lines).toEqual([]);
  const said = checkFile(`${faulty}${rest}`).lines.map((line) => line.replace(/^p\.yaml/, 'pipeline.yaml'));
  expect(said.map((line) => `${line}\n`).join('')).toBe(blocks('text')[0]);
});

test('a row is asked again as the page shows', () => {
  const url = '/v1/chat/completions';
  const line = JSON.stringify({ custom_id: '1', method: 'POST', url, body: { messages: [] } });
  const asked = chatLines
    .reasking(Buffer.from(line), '{"tags": "urgent"}', '/tags must be array')
    .toString('utf8');
  const { body } = JSON.parse(asked) as { readonly body: { readonly messages: unknown } };
  expect(body.messages).toEqual(JSON.parse(blocks('json')[0] ?? ''));
});
