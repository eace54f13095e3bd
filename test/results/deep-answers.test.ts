import { expect, test } from 'vitest';
import { mostLevels } from '../../src/core/nesting.ts';
import { createAnswerRepair } from '../../src/results/answer-repair.ts';
import { createAnswerReader } from '../../src/results/answer-reader.ts';
import { createOutputValidator } from '../../src/results/output-validator.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { chatBody, reader, readLine, resultLine } from './result-lines.ts';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const tooDeep = {
  kind: 'failed',
  customId: 'r-1',
  stage: 'answer',
  code: 'nested_too_deep',
  retryable: false,
};
const tree = {
  type: 'array',
  items: { $ref: '#' },
};

test.each([mostLevels + 1, 5000, 100_000])('an answer of %i levels fails alone', async (levels) => {
  const line = resultLine(chatBody(nested(levels)));
  expect(readLine(reader('chat', ['json']), line)).toMatchObject(tooDeep);
  const repair = await createAnswerRepair();
  const repairing = createAnswerReader({
    dialect: openAiDialect,
    endpoint: 'chat',
    needs: new Set(['json']),
    repair,
  });
  const broken = resultLine(chatBody(nested(levels).replace('[]', '[1,]')));
  expect(readLine(repairing, broken)).toMatchObject({ kind: 'failed', stage: 'answer' });
});

test('an answer as deep as may be is checked by a schema that is as deep', async () => {
  const validate = await createOutputValidator(tree);
  const line = resultLine(chatBody(nested(mostLevels).replace('[]', '[[]]').slice(1, -1)));
  expect(readLine(reader('chat', ['json'], validate), line)).toMatchObject({ kind: 'ok' });
});

test.each(['text', 'body'] as const)(
  "a result line that is nested too deep is its row's, of which %s is needed",
  (need) => {
    const line = JSON.stringify(resultLine(chatBody('x', { extra: 'DEEP' }))).replace('"DEEP"', nested(3000));
    expect(readLine(reader('chat', [need]), line)).toMatchObject(tooDeep);
    const error = JSON.stringify({ custom_id: 'r-1', response: null, error: 'DEEP' });
    const map = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
    expect(readLine(reader('chat', [need]), error.replace('"DEEP"', map))).toMatchObject(tooDeep);
    expect(readLine(reader('chat', [need]), nested(3000))).toMatchObject({ kind: 'unparsable' });
  },
);

test("a line of which only the ends are held is its row's, wherever the id stands", () => {
  const { readCut } = {
    readCut: (text: string) => reader('chat', ['text']).readCut(Buffer.from(text), 20e6),
  };
  const large = { kind: 'failed', customId: 'r-1', stage: 'answer', code: 'answer_too_large', ran: true };
  expect(readCut('{"custom_id":"r-1","response":{"body":"xx')).toMatchObject(large);
  expect(
    readCut('{"response":{"body":"said: \\"custom_id\\":\\"r-2\\" xx"},"custom_id": "r-1"}'),
  ).toMatchObject(large);
  expect(readCut('{"response":{"body":"said: \\"custom_id\\":\\"r-2\\" xx"}}')).toMatchObject({
    kind: 'unparsable',
  });
});
