import { describe, expect, it } from 'vitest';
import { Reconciliation } from '../../src/batch/reconciliation.ts';
import { unreadResults } from '../../src/batch/unread-results.ts';
import type { ChunkRecord, UnreadResults } from '../../src/ledger/ledger.ts';
import { storedChunk } from './chunk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';

const failure = {
  kind: 'failed',
  stage: 'request',
  code: 'server_error',
  message: 'An error.',
  retryable: true,
  ran: true,
  blame: 'provider',
  usage: null,
} as const;

interface Told {
  /** The ids of the lines that could be read. */
  readonly read?: readonly string[];
  /** The lines that could not. */
  readonly unread?: readonly string[];
  readonly chunk?: Partial<ChunkRecord>;
}

/** What a chunk of the rows a, b and c is held for. */
async function heldFor({ read = [], unread = [], chunk = {} }: Told): Promise<UnreadResults | null> {
  await using folder = await temporaryFolder();
  const stored = await storedChunk(folder.path, ['a', 'b', 'c'], chunk);
  using reconciliation = await Reconciliation.open(folder.path, [stored]);
  for (const customId of read) reconciliation.take(reconciliation.find(customId), { ...failure, customId });
  for (const line of unread) {
    reconciliation.unparsable += 1;
    reconciliation.noteUnjoined(Buffer.from(line), 'output.jsonl');
  }
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('no span');
  return unreadResults(reconciliation, span, 'expected.jsonl');
}

describe('rows that lack a result', () => {
  it('are held where a line could not be joined, of which the first is told, cut', async () => {
    const long = `é${'x'.repeat(400)}`;
    expect(await heldFor({ read: ['a'], unread: [long, 'y'] })).toEqual({
      rows: 2,
      lines: 2,
      first: `é${'x'.repeat(299)}`,
      path: 'output.jsonl',
      joined: 1,
      reported: null,
    });
  });

  it('are held where the provider counts more than was read', async () => {
    expect(await heldFor({ read: ['a'], chunk: { reported: 2 } })).toEqual({
      rows: 2,
      lines: 0,
      first: null,
      path: 'expected.jsonl',
      joined: 1,
      reported: 2,
    });
  });

  it('are held where lines that repeat others stand for those that are counted', async () => {
    expect(await heldFor({ read: ['a', 'a', 'a'], chunk: { reported: 3 } })).toMatchObject({
      rows: 2,
      joined: 1,
      reported: 3,
    });
  });

  it.each([
    ['counts as much as was read', { read: ['a'], chunk: { reported: 1 } }],
    ['counts less', { read: ['a', 'b'], chunk: { reported: 0 } }],
    ['does not count', { read: ['a'] }],
  ])('are free where every line was joined and the provider %s', async (_what, told) => {
    expect(await heldFor(told)).toBeNull();
  });

  it('are none where every row has one, whatever else the files hold', async () => {
    expect(await heldFor({ read: ['a', 'b', 'c'], unread: ['x'], chunk: { reported: 9 } })).toBeNull();
  });

  it('are looked for again only as far as they are held', async () => {
    const chunk = { state: 'held', rowStates: Uint8Array.of(1, 0, 3), reported: 3 } as const;
    expect(await heldFor({ chunk })).toMatchObject({ rows: 1 });
    expect(await heldFor({ read: ['c'], chunk })).toBeNull();
  });
});
