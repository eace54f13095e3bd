import { globSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { copyText, readLetters } from './mail.ts';

/** Made-up results of one kind of request. */
export interface AnswerKind {
  /** The `body` of the response, as JSON. */
  body(id: number): string;
  /** The row that ends up in the sink, ready-made for COPY. */
  copyRow(id: number): string | Buffer;
  readonly copyHeader: Buffer;
  readonly copyTrailer: Buffer;
}

/** What is answered in the order in which a provider might: shuffled, within blocks of this many lines. */
const shuffledOver = 1000;
/** Prime to the block's size, so that each line of a block is taken once. */
const stride = 7;

/**
 * Writes an output file for each of a build's request files, and the same rows ready-made for COPY, in the same order.
 */
export async function writeAnswers(
  buildFolder: string,
  resultsFolder: string,
  copyFile: string,
  kind: AnswerKind,
): Promise<void> {
  await using copy = await open(copyFile, 'w');
  await copy.write(kind.copyHeader);
  for (const name of globSync('rows-*.jsonl', { cwd: buildFolder }).sort()) {
    await using results = await open(join(resultsFolder, name.replace('rows', 'output')), 'w');
    for await (const ids of idBlocks(join(buildFolder, name))) await writeBlock(results, copy, ids, kind);
  }
  await copy.write(kind.copyTrailer);
}

async function* idBlocks(path: string): AsyncGenerator<readonly number[]> {
  await using file = await open(path);
  let ids: number[] = [];
  for await (const line of file.readLines({ encoding: 'utf8' })) {
    ids.push(Number((JSON.parse(line) as [string])[0]));
    if (ids.length < shuffledOver) continue;
    yield ids;
    ids = [];
  }
  if (ids.length > 0) yield ids;
}

async function writeBlock(
  results: FileHandle,
  copy: FileHandle,
  ids: readonly number[],
  kind: AnswerKind,
): Promise<void> {
  const order = ids.length === shuffledOver ? ids.map((_, at) => ids[(at * stride) % ids.length] ?? 0) : ids;
  await results.write(order.map((id) => resultLine(id, kind.body(id))).join(''));
  const rows = order.map((id) => kind.copyRow(id));
  await copy.write(Buffer.concat(rows.map((row) => (typeof row === 'string' ? Buffer.from(row) : row))));
}

function resultLine(id: number, body: string): string {
  const digits = String(id).padStart(12, '0');
  const response = `{"status_code": 200, "request_id": "req_${digits}", "body": ${body}}`;
  return `{"id": "batch_req_${digits}", "custom_id": "${id}", "response": ${response}, "error": null}\n`;
}

const none = Buffer.alloc(0);
const answerLength = 250;

/** Chat completions of about 250 bytes of text, each another one. */
export function chatAnswers(): AnswerKind {
  const letters = readLetters();
  const answer = (id: number): string =>
    `${id}: ${letters[id % letters.length]?.body.slice(0, answerLength).toWellFormed() ?? ''}`;
  return {
    body: (id) => chatBody(id, answer(id)),
    copyRow: (id) => `${id}\t${copyText(answer(id))}\t${chatModel}\n`,
    copyHeader: none,
    copyTrailer: none,
  };
}

const chatModel = 'gpt-4o-mini-2024-07-18';

function chatBody(id: number, text: string): string {
  const message = `{"role": "assistant", "content": ${JSON.stringify(text)}, "refusal": null, "annotations": []}`;
  const choice = `{"index": 0, "message": ${message}, "logprobs": null, "finish_reason": "stop"}`;
  const usage = `{"prompt_tokens": ${150 + (id % 50)}, "completion_tokens": ${40 + (id % 30)}, "total_tokens": ${190 + (id % 50) + (id % 30)}, "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}}`;
  return `{"id": "chatcmpl-${id}", "object": "chat.completion", "created": 1767225600, "model": "${chatModel}", "choices": [${choice}], "usage": ${usage}, "service_tier": "default", "system_fingerprint": "fp_560af6e559"}`;
}

const dimensions = 1536;
const embeddingModel = 'text-embedding-3-small';
const vectorsInPool = 64;

/** Embeddings of 1536 dimensions in base64, each another one. */
export function embeddingAnswers(): AnswerKind {
  const pool = Array.from({ length: vectorsInPool }, (_, seed) => randomVector(seed + 1));
  const vector = (id: number): Float32Array => {
    const copy = Float32Array.from(pool[id % pool.length] ?? []);
    copy[0] = (id % 9973) / 9973;
    return copy;
  };
  return {
    body: (id) => embeddingBody(Buffer.from(vector(id).buffer).toString('base64')),
    copyRow: (id) => binaryRow(id, vector(id)),
    // Signature, flags, length of the header's extension: https://www.postgresql.org/docs/current/sql-copy.html
    copyHeader: Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]),
    copyTrailer: Buffer.from([0xff, 0xff]),
  };
}

function embeddingBody(base64: string): string {
  return `{"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": "${base64}"}], "model": "${embeddingModel}", "usage": {"prompt_tokens": 140, "total_tokens": 140}}`;
}

/** Numbers between -1 and 1 that look like chance and are the same on every run. */
function randomVector(seed: number): Float32Array {
  let state = seed * 2_654_435_761;
  return Float32Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const float4 = 700;
/** Number of dimensions, has-nulls flag, element type, then length and lower bound of the one dimension. */
const arrayHead = [1, 0, float4, dimensions, 1];

/** id bigint, embedding real[], model text. */
function binaryRow(id: number, vector: Float32Array): Buffer {
  const model = Buffer.from(embeddingModel);
  const arrayBytes = arrayHead.length * 4 + dimensions * 8;
  const row = Buffer.allocUnsafe(2 + 4 + 8 + 4 + arrayBytes + 4 + model.length);
  let at = row.writeInt16BE(3, 0);
  at = row.writeBigInt64BE(BigInt(id), row.writeInt32BE(8, at));
  at = row.writeInt32BE(arrayBytes, at);
  for (const word of arrayHead) at = row.writeInt32BE(word, at);
  for (const element of vector) at = row.writeFloatBE(element, row.writeInt32BE(4, at));
  model.copy(row, row.writeInt32BE(model.length, at));
  return row;
}
