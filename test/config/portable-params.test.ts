import { expect, test } from 'vitest';
import { formatProblem } from '../../src/config/problem.ts';
import { broken, checkFile } from './check-file.ts';

function checked(params: string, { endpoint = 'chat', model = 'gpt-4o-mini', more = '' } = {}) {
  const { lines, warnings } = checkFile(
    broken(
      '  endpoint: chat\n  model: gpt-4o-mini\n',
      `  endpoint: ${endpoint}\n  model: ${model}\n  params: ${params}\n`,
    ) + more,
  );
  return { lines, warnings: warnings.map(formatProblem) };
}

const none = { lines: [], warnings: [] };

test.each(['o1', 'o3-mini', 'o4-mini-2025-04-16', 'gpt-5', 'gpt-5.1', 'gpt-5-mini', 'ft:gpt-5-mini:us::x'])(
  'max_tokens is warned of where %s refuses it',
  (model) => {
    expect(checked('{ max_tokens: 5 }', { model })).toEqual({
      lines: [],
      warnings: [
        `p.yaml:10:13  request.params.max_tokens  is refused by ${model}, which counts its thoughts too  (did you mean max_completion_tokens?)`,
      ],
    });
    expect(checked('{ max_completion_tokens: 5 }', { model })).toEqual(none);
    const more = 'provider: { base_url: "https://gateway.example/v1" }\n';
    expect(checked('{ max_tokens: 5 }', { model, more })).toEqual(none);
  },
);

test.each(['gpt-4o-mini', 'gpt-4.1', 'o200', 'gpt-5-chat-latest', 'olmo'])('and not of %s', (model) => {
  expect(checked('{ max_tokens: 5, stop: x, seed: 1, temperature: 0, top_p: 1 }', { model })).toEqual(none);
});

test('Responses take the ceiling by any of its names, but only once', () => {
  const endpoint = 'responses';
  for (const name of ['max_tokens', 'max_completion_tokens', 'max_output_tokens']) {
    expect(checked(`{ ${name}: 5 }`, { endpoint })).toEqual(none);
  }
  expect(checked('{ max_tokens: 5, max_output_tokens: 6 }', { endpoint }).lines).toEqual([
    'p.yaml:10:28  request.params.max_output_tokens  says the same as `max_tokens`, both being sent as max_output_tokens; take one out',
  ]);
});

test.each(['stop', 'seed'])('Responses know no %s, which is said along with what does', (name) => {
  expect(checked(`{ ${name}: 1 }`, { endpoint: 'responses' }).warnings).toEqual([
    `p.yaml:10:13  request.params.${name}  is no parameter of responses, so that each request may be refused for it; endpoint: chat has it`,
  ]);
});
