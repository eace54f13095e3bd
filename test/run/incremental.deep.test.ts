import { describe, expect, it } from 'vitest';
import { providerAt } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import {
  useIncremental,
  rows,
  database,
  emulator,
  create,
  counts,
  answered,
  change,
} from './incremental-scene.ts';

useIncremental();

describe('a run of an incremental source', () => {
  it('looks an hour back for rows that were committed late', async () => {
    await using project = await create({ incremental: { cursor: 'updated_at' } });
    expect(await counts(project)).toMatchObject({ records: rows });
    await change('id = 3', '2026-01-02T11:30:00Z');
    await change('id = 4', '2026-01-02T11:19:00Z');
    expect(await counts(project)).toEqual({ records: rows - 1, skipped: rows - 2, ok: 1 });
  });

  it('reads the rows of a query', async () => {
    const query = 'SELECT id, body, updated_at FROM notes WHERE id > 10 -- the newer half';
    await using project = await create({ table: undefined, query });
    expect(await counts(project)).toMatchObject({ ok: 10 });
    await change('id IN (3, 12)');
    expect(await counts(project)).toEqual({ records: 1, skipped: 0, ok: 1 });
  });

  it('leaves nothing out after a trial of some rows', async () => {
    for (const flags of [
      ['--limit', '3'],
      ['--sample', '3'],
      ['--where', 'id <= 3'],
    ]) {
      await using project = await create({}, { name: flags.join('-').replaceAll(/\W+/g, '-').slice(2) });
      expect(await counts(project, ...flags)).toMatchObject({ records: 3 });
      expect(await counts(project)).toMatchObject({ records: rows });
      expect(await answered()).toHaveLength(rows);
    }
  });

  it('reads all again with --full-refresh, and goes on from there', async () => {
    await using project = await create();
    expect(await counts(project)).toMatchObject({ ok: rows });
    expect(await counts(project, '--full-refresh')).toEqual({ records: rows, skipped: 0, ok: rows });
    expect(await counts(project)).toMatchObject({ records: 0 });
  });

  it('begins anew where the rows go to another table', async () => {
    await using project = await create();
    expect(await counts(project, '--set', 'sink.table=trial')).toMatchObject({ ok: rows });
    expect(await counts(project)).toMatchObject({ records: rows, ok: rows });
  });

  it('is refused before anything is sent where the cursor is null', async () => {
    await database.client.query('UPDATE notes SET updated_at = NULL WHERE id = 5');
    await using project = await create();
    const before = (await emulator.bill()).length;
    const refused = await project.run();
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is null in the row id = 5') });
    expect(await emulator.bill()).toHaveLength(before);
  });

  it('goes on without --new-run where the target keeps no hash, and says what that costs', async () => {
    await database.client.query('CREATE TABLE answers (id bigint PRIMARY KEY, answer text)');
    await using project = await create({ incremental: { cursor: 'updated_at', lag: '90s' } });
    expect(await counts(project)).toMatchObject({ ok: rows });
    await change('id = 3');
    expect(await counts(project)).toEqual({ records: 3, skipped: 0, ok: 3 });
    expect(await project.run()).toMatchObject({ code: 0, stderr: expect.stringContaining('sent again') });
  });

  it('is refused where its answers would make its rows change, and could not be known again', async () => {
    await database.client.query('ALTER TABLE notes ADD answer text');
    await using project = await create({}, { sink: { table: 'notes', create: false, mode: 'update' } });
    expect(await project.run()).toMatchObject({ code: 2, stderr: expect.stringContaining('request_hash') });
    await database.client.query(`
      ALTER TABLE notes ADD request_hash text;
      CREATE OR REPLACE FUNCTION touch_note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.updated_at = now(); RETURN NEW; END $$;
      CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch_note()`);
    expect(await counts(project)).toMatchObject({ ok: rows });
    expect(await counts(project)).toEqual({ records: rows, skipped: rows, ok: 0 });
  });
});

describe('an incremental run that does not end', () => {
  it('goes on with its own window, which the next one begins behind', async () => {
    await using slow = await createHoldingEmulator();
    await using project = await create({}, { provider: providerAt(slow.url) });
    expect((await project.run('--no-wait')).code).toBe(3);
    slow.release();
    await change('id = 3');
    const resumed = await project.run();
    expect(resumed.stderr).toMatch(/^\S+Z resuming run .*, reading updated_at <= 2026-01-02 12:20:00\+00$/m);
    expect(await counts(project)).toEqual({ records: 1, skipped: 0, ok: 1 });
  });

  it('neither takes part in nor undoes what a newer one has dealt with', async () => {
    await using slow = await createHoldingEmulator();
    await using project = await create({}, { provider: providerAt(slow.url) });
    slow.release();
    expect(await counts(project)).toMatchObject({ ok: rows });
    await change('id = 3');
    slow.hold();
    expect((await project.run('--no-wait')).code).toBe(3);
    slow.release();
    await change('id = 4', '2026-01-02T14:00:00Z');
    expect(await counts(project, '--new-run')).toMatchObject({ records: 2 });
    expect(await project.cli('collect', 'pipeline.yaml')).toMatchObject({ code: 0 });
    // Its window is read again, since its answers may be older; what is the same is not sent.
    expect(await counts(project)).toEqual({ records: 1, skipped: 1, ok: 0 });
  });

  it('counts rows that failed as dealt with', async () => {
    await database.client.query("UPDATE notes SET body = '' WHERE id = 5");
    await using project = await create();
    expect((await project.summary(1)).rows).toMatchObject({ ok: rows - 1, failed: 1 });
    expect(await counts(project)).toMatchObject({ records: 0 });
  });
});
