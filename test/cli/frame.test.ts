import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchesOn, frameLines, type FrameState, type Screen } from '../../src/cli/render/frame.ts';
import { cutToWidth, textWidth } from '../../src/cli/render/text-width.ts';

const now = 100_000_000;
const plain = (_: unknown, text: string) => text;

const start: FrameState = {
  isRead: false,
  records: 1200,
  total: 1000,
  sealed: 0,
  uploaded: 0,
  answered: 0,
  downloaded: 0,
  loaded: 0,
  failed: 0,
  files: { waiting: 0, running: 0, ended: 0 },
  batches: [],
  notes: [],
  time: '0:01',
};

const batches = Array.from({ length: 200 }, (_, index) => ({
  name: index === 1 ? '批次-每晚标签' : `batch_${index}`,
  since: index === 2 ? null : now - (20_000 - 97 * index) * 1000,
  done: 37 * index,
  requests: 50_000,
}));

const many: FrameState = {
  ...start,
  isRead: true,
  records: 12_000_000,
  total: 11_500_000,
  sealed: 11_500_000,
  uploaded: 10_100_000,
  answered: 412_000,
  downloaded: 100_000,
  loaded: 50_000,
  files: { waiting: 28, running: 200, ended: 2 },
  batches,
  time: '5:33:20, 20 rows/s, about 153:00:00 left, next look in 0:43, about 90,000,000 tokens',
};

const states: Readonly<Record<string, FrameState>> = {
  start,
  'many-batches': many,
  retries: {
    ...many,
    failed: 312,
    files: { waiting: 1, running: 2, ended: 228 },
    batches: batches.slice(0, 2),
    notes: ['waiting for room: 1.2M of 2M tokens enqueued'],
  },
  standard: {
    ...start,
    isRead: true,
    sealed: 1000,
    uploaded: 1000,
    answered: 480,
    files: { waiting: 0, running: 2, ended: 0 },
    batches: [
      { name: 'file 1', since: null, done: 480, requests: 800 },
      { name: 'file 2', since: null, done: 0, requests: 200 },
    ],
    time: '0:31, 15 rows/s, about 0:35 left',
  },
  late: { ...many, notes: ['late: the deadline 2026-11-29T06:00:00Z has passed'] },
  finished: {
    ...start,
    isRead: true,
    sealed: 1000,
    uploaded: 1000,
    answered: 1000,
    downloaded: 1000,
    loaded: 990,
    failed: 10,
    files: { waiting: 0, running: 0, ended: 1 },
    time: '3:05',
  },
};

const screens: readonly Screen[] = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
];

const cases = screens.flatMap((screen) => Object.keys(states).map((name) => [name, screen] as const));

test.each(cases)('%s on %o', async (name, screen) => {
  const state = states[name] ?? start;
  const lines = frameLines(
    { ...state, batches: state.batches.slice(0, batchesOn(screen)) },
    screen,
    now,
    plain,
  );
  const text = `${lines.join('\n')}\n`;
  await expect(text).toMatchFileSnapshot(`frames/${name}-${screen.columns}x${screen.rows}.txt`);
});

test('never more lines than the terminal has, nor wider than it is', () => {
  const sizes = fc.record({
    columns: fc.integer({ min: 1, max: 250 }),
    rows: fc.integer({ min: 1, max: 80 }),
  });
  const names = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(states)), sizes, names, (state, screen, note) => {
      const lines = frameLines({ ...state, notes: [...state.notes, note] }, screen, now, plain);
      expect(lines.length).toBeLessThan(Math.max(2, screen.rows));
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(Math.max(1, screen.columns - 1));
    }),
  );
});

test.each([
  ['abc', 3],
  ['批次', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['한글', 4],
  ['\u001b[31mred\u001b[39m', 3],
])('%j takes %d columns', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test('a wide character that would be cut in half is left out', () => {
  expect(cutToWidth('批次批次', 6)).toBe('批次…');
  expect(cutToWidth('批次批次', 7)).toBe('批次批…');
  expect(cutToWidth('批次', 4)).toBe('批次');
});
