import { expect, test } from 'vitest';
import { longestRow } from '../../src/core/longest-row.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createRenderer } from '../../src/request/renderer.ts';
import { noFiles, renderAtOnce, rowBatch } from './renderer-support.ts';

function rendererOf(prompt: string) {
  const { fields } = rowBatch([{ id: '1', body: '' }]);
  const request = requestBlock.parse({ endpoint: 'chat', model: 'm', prompt });
  return createRenderer(
    {
      request,
      dialect: openAiDialect,
      keyNames: ['id'],
      keyMode: 'auto',
      maxLineBytes: 200_000_000,
      wantsHash: true,
      carried: [],
      files: noFiles,
    },
    fields,
  );
}

test('a large line is no reason to hold room for thousands more', () => {
  const renderer = rendererOf('{{ body }}');
  renderAtOnce(renderer, rowBatch([{ id: '1', body: 'x'.repeat(9_000_000) }]));
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id: String(id), body: 'x' }));
  const { lines, length } = renderAtOnce(renderer, rowBatch(rows));
  expect(length).toBe(5000);
  expect(lines.buffer.byteLength).toBeLessThanOrEqual(longestRow);
});

test.each([
  ['of plain fields', '{{ body }}'.repeat(600), 'line_too_long'],
  ['by Liquid', '{% assign twice = body | append: body %}' + '{{ twice }}'.repeat(30), 'row_too_large'],
])('a request that is too large, made %s, fails before it is put together', (_name, prompt, code) => {
  const { failures, length } = renderAtOnce(
    rendererOf(prompt),
    rowBatch([
      { id: '1', body: 'x'.repeat(1_000_000) },
      { id: '2', body: 'y' },
    ]),
  );
  expect(length).toBe(1);
  expect(failures).toMatchObject([{ customId: '1', code }]);
});
