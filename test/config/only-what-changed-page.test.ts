import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkFile } from './check-file.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/only-what-changed.md'), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');

const others = {
  source: 'source: { type: postgres, url: embedded, table: tickets, key: id }\n',
  request: 'request: { endpoint: chat, model: gpt-4o-mini, prompt: "{{ subject }}" }\n',
  sink: 'sink: { type: postgres, url: embedded, table: ticket_tags, key: ticket_id }\n',
};

test('the page has examples', () => expect(examples).toHaveLength(2));

test.each(examples)('an example is sound: %s', (example) => {
  const rest = Object.entries(others).filter(([block]) => !example.startsWith(`${block}:`));
  const { lines } = checkFile(`${example}${rest.map(([, text]) => text).join('')}`, {
    DATABASE_URL: 'postgres://localhost/shop',
  });
  expect(lines).toEqual([]);
});
