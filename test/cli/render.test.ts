import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Output } from '../../src/cli/context.ts';
import { createLineLog } from '../../src/cli/render/line-log.ts';
import { openView } from '../../src/cli/render/open-view.ts';
import { renderTable } from '../../src/cli/render/table.ts';
import type { ViewOptions } from '../../src/cli/render/view.ts';
import { bytes } from '../../src/cli/render/words.ts';
import type { PipelineEvent } from '../../src/core/events.ts';
import { Redactor } from '../../src/core/redact.ts';
import { tellingTo, toTold } from '../../src/core/telling.ts';

class Sink extends Writable {
  text = '';
  readonly isTTY: boolean;
  columns = 60;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const polled = (completed: number, status: 'in_progress' | 'finalizing' = 'in_progress'): PipelineEvent => ({
  type: 'BatchPolled',
  chunk: 1,
  batchId: 'batch_1',
  status,
  completed,
  failed: 0,
  total: 1000,
});

const story: readonly PipelineEvent[] = [
  { type: 'RunStarted', runId: 'r1', pipeline: 'tags', resumed: false, stateDir: '/s' },
  { type: 'RowsRead', records: 1200, requested: 1000 },
  { type: 'ReadingFinished', records: 1200 },
  { type: 'ChunkSealed', chunk: 1, requests: 1000, bytes: 1_250_000, tokens: 90_000 },
  { type: 'RoomAwaited', for: 'tokens', used: 1_234_000, limit: 2_000_000, files: 1 },
  { type: 'RoomAwaited', for: 'tokens', used: 1_234_001, limit: 2_000_000, files: 1 },
  { type: 'FileUploaded', chunk: 1, fileId: 'file-1', bytes: 1_250_000 },
  { type: 'BatchSubmitted', chunk: 1, batchId: 'batch_1', adopted: false },
  polled(0),
  polled(0),
  { type: 'Warned', message: 'the password hunter22\nis weak' },
  polled(600, 'finalizing'),
  { type: 'BatchEnded', chunk: 1, batchId: 'batch_1', status: 'completed' },
  { type: 'RowsLoaded', chunk: 1, rows: 990 },
  { type: 'ChunkLoaded', chunk: 1, ok: 990, failed: 10, pending: 0 },
  { type: 'RunEnded', runId: 'r1', status: 'completed_with_failures' },
];

function tell(isTTY: boolean, change: Partial<ViewOptions> = {}): string {
  const sink = new Sink(isTTY);
  const redactor = new Redactor();
  redactor.add('hunter22');
  const stderr: Output = sink;
  const view = openView({ stderr, env: {}, level: 'info', format: 'text', ...change });
  const listen = tellingTo((event) => view.show(event), redactor);
  for (const event of story) listen(event);
  view.close();
  return sink.text;
}

/** Expects the time in front of each line and takes it away. */
function withoutTimes(log: string): string {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /;
  const lines = log.split('\n');
  expect(lines.filter((line) => line !== '' && !time.test(line))).toEqual([]);
  return lines.map((line) => line.replace(time, '')).join('\n');
}

describe('where there is no terminal', () => {
  test('a plain line a change of state', () => {
    expect(withoutTimes(tell(false)).split('\n')).toEqual([
      'starting run r1 of tags (state in /s)',
      'read 1,200 rows, 1,000 requests',
      'read to the end: 1,200 rows',
      'file 1 sealed: 1,000 requests, 1.3 MB, about 90,000 tokens',
      'waiting for room: 1.2M of 2M tokens enqueued',
      'file 1 uploaded as file-1 (1.3 MB)',
      'file 1 submitted as batch batch_1',
      'batch batch_1 (file 1) in_progress, 0 of 1,000 requests',
      'warning: the password [secret]\\nis weak',
      'batch batch_1 (file 1) finalizing, 600 of 1,000 requests',
      'batch batch_1 (file 1) completed',
      'file 1: 990 more rows loaded',
      'file 1 done: 990 ok, 10 failed, 0 pending',
      'run r1 completed with failures',
      '',
    ]);
  });

  test('counts that rise are shown at most every ten seconds', () => {
    const sink = new Sink(false);
    let now = 0;
    const options: ViewOptions = {
      stderr: sink,
      env: {},
      level: 'info',
      format: 'text',
    };
    const log = createLineLog(options, () => now);
    for (let poll = 0; poll < 100; poll += 1) {
      log.show(toTold(polled(poll), 'r1', new Redactor()));
      now += 1000;
    }
    expect(sink.text.trim().split('\n')).toHaveLength(10);
    for (let poll = 0; poll < 100; poll += 1) {
      log.show(toTold(polled(99), 'r1', new Redactor()));
      now += 1000;
    }
    expect(sink.text.trim().split('\n')).toHaveLength(11);
  });

  test('--quiet leaves the warnings', () => {
    expect(withoutTimes(tell(false, { level: 'warn' }))).toBe('warning: the password [secret]\\nis weak\n');
    expect(withoutTimes(tell(true, { level: 'warn' }))).toBe('warning: the password [secret]\\nis weak\n');
    expect(tell(false, { level: 'error' })).toBe('');
  });

  test('--log-format json: an object an event', () => {
    const lines = tell(true, { format: 'json' }).trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.map((each) => each['type'])).toEqual(story.map(({ type }) => type));
    expect(objects[0]).toMatchObject({ level: 'info', runId: 'r1', resumed: false });
    expect(objects[10]).toMatchObject({ level: 'warn', message: 'the password [secret]\nis weak' });
  });
});

describe('on a terminal', () => {
  test('a block is drawn over itself, and no line of it can wrap', () => {
    const text = tell(true);
    const frames = text.split(/\u001b\[\d+A\u001b\[0J/).map(stripVTControlCharacters);
    expect(frames.length).toBeGreaterThan(1);
    const last = frames.at(-1)?.trimEnd().split('\n') ?? [];
    expect(last).toEqual([
      'read     1,200 rows, 1,000 requests in 1 file',
      'sealed   ████████████████████████ 100 % 1,000 requests',
      'uploaded ████████████████████████ 100 % 0 waiting',
      'answered ████████████████████████ 100 % 0 running',
      'fetched  ████████████████████████ 100 % 1 ended',
      'loaded   ████████████████████████  99 % 990 rows, 10 failed',
      expect.stringMatching(/^time {5}0:00, about 90,000 tokens/),
      'run r1 completed with failures',
    ]);
    for (const line of last.slice(0, 7)) expect(line.length).toBeLessThan(60);
  });

  test('as many lines are erased as were drawn', () => {
    for (const [frame, up] of [...tell(true).matchAll(/([\s\S]*?)\u001b\[(\d+)A\u001b\[0J/g)].map(
      (match) => [match[1] ?? '', Number(match[2])] as const,
    )) {
      const blockLines = stripVTControlCharacters(frame)
        .split('\n')
        .filter((line) => /^(read|sealed|uploaded|answered|fetched|loaded|time|waiting| {2})/.test(line));
      expect(blockLines).toHaveLength(up);
    }
  });

  test('in a window that became narrower the lines that it wrapped are erased too', () => {
    const sink = new Sink(true);
    const view = openView({ stderr: sink, env: {}, level: 'info', format: 'text' });
    const listen = tellingTo((event) => view.show(event), new Redactor());
    for (const event of story.slice(0, 8)) listen(event);
    listen({ type: 'Warned', message: 'one' });
    sink.text = '';
    sink.columns = 30;
    view.close();
    // Eight lines of more than 30 and fewer than 60 characters.
    expect(sink.text).toMatch(/^\r\u001b\[16A\u001b\[0J/);
  });

  test('NO_COLOR is honoured', () => {
    expect(tell(true)).toMatch(/\u001b\[\d+m/);
    expect(tell(true, { env: { NO_COLOR: '1' } })).not.toMatch(/\u001b\[\d+m/);
  });

  test('a dumb terminal gets lines', () => {
    expect(tell(true, { env: { TERM: 'dumb' } })).toBe(tell(false));
  });
});

describe('a table', () => {
  test('cuts the widest columns, shows control characters, and null as nothing', () => {
    const table = renderTable(
      ['id', 'text'],
      [
        ['1', 'a\n\u001b[31mb'],
        ['2', null],
        ['3', 'x'.repeat(500)],
      ],
      30,
    );
    expect(table.split('\n')).toEqual([
      'id  text',
      '--  --------------------------',
      '1   a\\n\\u001b[31mb',
      '2',
      `3   ${'x'.repeat(25)}…`,
    ]);
  });

  test('gives wide characters two columns', () => {
    const lines = renderTable(
      ['a', 'b'],
      [
        ['日本', '1'],
        ['abcd', '2'],
      ],
    ).split('\n');
    expect(lines.slice(2)).toEqual(['日本  1', 'abcd  2']);
  });

  test('is never wider than asked for, whatever the cells, as long as there is room', () => {
    const cell = fc.option(fc.string({ unit: 'grapheme-ascii', maxLength: 300 }), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 10 }), (rows) => {
        const lines = renderTable(['a', 'b', 'c'], rows, 50).split('\n');
        expect(lines).toHaveLength(rows.length + 2);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(50);
      }),
    );
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_250_000, '1.3 MB'],
  [20e9, '20.0 GB'],
])('%d bytes are %s', (value, expected) => {
  expect(bytes(value)).toBe(expected);
});
