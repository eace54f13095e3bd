import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';
import { fencedBlocks } from '../providers/pages.ts';

/** The request of one line, as vLLM's `BatchRequestInput` reads it. */
interface Line {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: { readonly model: string; readonly messages: readonly { readonly content: string }[] };
}

const fine = Array.from({ length: 60 }, (_, index) => `fine ${index}`);
const words = ['too long', ...fine, 'broken', 'odd'];
const rows = words.map((body, id) => `${JSON.stringify({ id, body })}\n`).join('');

/** What `vllm run-batch` writes: one file in the input's order, without a line end after its last line. */
async function runBatch(input: string, output: string): Promise<void> {
  const lines = (await readFile(input, 'utf8')).trim().split('\n');
  const answered = lines.map((text, index) => {
    const line = JSON.parse(text) as Line;
    expect({ ...line, body: Object.keys(line.body) }).toMatchObject({
      method: 'POST',
      url: '/v1/chat/completions',
      body: expect.arrayContaining(['model', 'messages']),
    });
    return JSON.stringify({ id: `vllm-${index}`, custom_id: line.custom_id, ...answerTo(line) });
  });
  await writeFile(output, answered.join('\n'));
}

function answerTo({ body }: Line): object {
  const word = body.messages.at(-1)?.content ?? '';
  const failed = { status_code: 400, request_id: 'vllm-batch-1', body: null };
  const said = "This model's maximum context length is 10 tokens.";
  const details = { message: said, type: 'BadRequestError', param: null, code: 400 };
  if (word === 'too long') return { response: failed, error: { error: details } };
  if (word === 'odd') return { response: failed, error: { object: 'error', ...details } };
  if (word === 'broken') return { response: failed, error: 'Failed to render the chat template' };
  const message = { role: 'assistant', content: `${word}!`, refusal: null, tool_calls: [] };
  const usage = { prompt_tokens: 3, total_tokens: 5, completion_tokens: 2, prompt_tokens_details: null };
  return {
    response: {
      status_code: 200,
      request_id: 'vllm-batch-1',
      body: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: body.model,
        choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop', stop_reason: null }],
        usage,
        prompt_logprobs: null,
      },
    },
    error: null,
  };
}

test('the commands of the page carry a file through vllm run-batch and home', async () => {
  await using project = await PipelineProject.create();
  await project.write('tickets.yaml', fencedBlocks('vllm.md', 'yaml')[0] ?? '');
  await project.write('tickets.jsonl', rows);
  const commands = (fencedBlocks('vllm.md', 'sh')[0] ?? '').trim().split('\n');
  const [build = [], vllm = [], load = []] = commands.map((command) => command.split(' '));
  expect(await project.cli(...build.slice(2))).toMatchObject({ code: 0 });
  await runBatch(project.path(vllm[3] ?? ''), project.path(vllm[5] ?? ''));
  const loaded = await project.cli(...load.slice(2), '--json');
  expect(loaded).toMatchObject({ code: 0 });
  expect(JSON.parse(loaded.stdout)).toMatchObject({ rows: { requested: 63, ok: 60, failed: 3, pending: 0 } });
  const answers = (await project.read('answers.jsonl')).trim().split('\n');
  const texts = answers.map((line) => (JSON.parse(line) as { text: string }).text);
  expect(texts.sort()).toEqual(fine.map((word) => `${word}!`).sort());
  const { stdout } = await project.cli('errors', 'tickets.yaml', '--json');
  const errors = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { message: string });
  expect(errors.map(({ message }) => message).sort()).toEqual([
    'Failed to render the chat template',
    "This model's maximum context length is 10 tokens.",
    "This model's maximum context length is 10 tokens.",
  ]);
});
