import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AskedLines, type AskedFiles } from '../../../src/send/direct/asked-lines.ts';

const { signal } = new AbortController();
let folder: string;
let files: AskedFiles;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-asked-'));
  files = { log: join(folder, 'log'), partial: join(folder, 'partial'), output: join(folder, 'output') };
});
afterEach(() => rm(folder, { recursive: true }));

const open = () =>
  AskedLines.open(
    files,
    (answer) => {
      const [, number] = /^\{"id":(\d+)\}$/.exec(answer.toString()) ?? [];
      return number === undefined ? null : Number(number);
    },
    signal,
  );

const answer = (line: number): string => `{"id":${line}}\n`;

test('the answers become the results, once all are there', async () => {
  await using asked = await open();
  for (const line of [1, 0]) {
    asked.sent(line);
    asked.answered(line, answer(line));
  }
  await asked.finish();
  expect(await readFile(files.output, 'utf8')).toBe('{"id":1}\n{"id":0}\n');
  // A process that died before it could tell goes on from there.
  await using later = await open();
  expect([later.has(0), later.has(1)]).toEqual([true, true]);
});

test('a later process knows what was answered, and counts what is sent again in doubt', async () => {
  {
    await using asked = await open();
    for (const line of [0, 1, 2, 3]) asked.sent(line);
    asked.answered(0, answer(0));
    asked.refused(1);
    asked.sent(1);
    asked.refused(1);
    expect(asked.inDoubt).toBe(0);
  }
  for (const doubt of [2, 4]) {
    await using asked = await open();
    expect([0, 1, 2, 3].map((line) => asked.has(line))).toEqual([true, false, false, false]);
    for (const line of [1, 2, 3]) asked.sent(line);
    asked.refused(1);
    expect(asked.inDoubt).toBe(doubt);
  }
  await using asked = await open();
  expect(asked.inDoubt).toBe(4);
});

test('an answer that was cut off does not count, one that only lacks its end does', async () => {
  {
    await using asked = await open();
    asked.answered(0, answer(0));
    asked.answered(1, answer(1));
  }
  await truncate(files.partial, answer(0).length + answer(1).length - 1);
  {
    await using asked = await open();
    expect([asked.has(0), asked.has(1)]).toEqual([true, true]);
  }
  await appendFile(files.partial, '{"id"');
  await using asked = await open();
  expect([asked.has(0), asked.has(1)]).toEqual([true, true]);
  asked.answered(2, answer(2));
  await asked.finish();
  expect(await readFile(files.output, 'utf8')).toBe([0, 1, 2].map(answer).join(''));
});

test('a log that was cut off spoils nothing that follows', async () => {
  await appendFile(files.log, '+1\n+');
  await using asked = await open();
  asked.sent(1);
  expect(asked.inDoubt).toBe(1);
});

test('a later process knows what was accepted, but not what was cut off, sent again or ended', async () => {
  {
    await using asked = await open();
    for (const line of [0, 1, 2, 3]) {
      asked.sent(line);
      asked.begun(line, `resp "${line}"`);
    }
    asked.answered(0, answer(0));
    asked.refused(1);
    asked.gone(2);
    asked.sent(2);
    expect(asked.inDoubt).toBe(1);
  }
  await appendFile(files.log, '+4\n=4 "resp');
  await using asked = await open();
  expect([...asked.accepted]).toEqual([[3, 'resp "3"']]);
  expect(asked.inDoubt).toBe(1);
  asked.sent(4);
  expect(asked.inDoubt).toBe(2);
});
