import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { providerAt } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { useDeleted, database, create, ids, numbers } from './deleted-scene.ts';

useDeleted();

describe('deleted: delete', () => {
  it('is refused for part of the source, unless the rows go elsewhere, where nothing is deleted', async () => {
    await using project = await create();
    for (const flags of [
      ['--limit', '3'],
      ['--sample', '3'],
      ['--where', "id < '3'"],
    ]) {
      const refused = await project.run(...flags);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(flags[0] ?? '') });
    }
    await database.client.query('CREATE TABLE trial AS TABLE answers; ALTER TABLE trial ADD UNIQUE (id)');
    await project.summary(0, '--limit', '3', '--set', 'sink.table=trial');
    expect(await ids('trial')).toContain('100');
    expect(await ids()).toEqual(['100', null]);
  });

  it('needs --yes where the source is empty', async () => {
    await database.client.query('DELETE FROM notes');
    await using project = await create();
    expect(await project.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('--yes') });
    expect(await project.status()).toMatchObject({ status: 'refused' });
    expect(await ids()).toEqual(['100', null]);
    await database.client.query("INSERT INTO notes VALUES ('1', 'come back')");
    expect((await project.summary()).rows).toMatchObject({ records: 1, ok: 1 });
    expect(await ids()).toEqual(['1', null]);
    await database.client.query('DELETE FROM notes');
    expect((await project.run()).code).toBe(4);
    await project.summary(0, '--yes');
    expect(await ids()).toEqual([null]);
  });

  it('needs --yes where the source was emptied while answers were awaited', async () => {
    await using slow = await createHoldingEmulator();
    await using project = await create({}, { provider: providerAt(slow.url) });
    expect((await project.run('--no-wait')).code).toBe(3);
    slow.release();
    await database.client.query('DELETE FROM notes');
    expect(await project.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('--yes') });
    expect(await ids()).toEqual([...numbers(), '100', null]);
    await database.client.query("INSERT INTO notes VALUES ('3', 'come back')");
    expect((await project.run()).code).toBe(0);
    expect(await ids()).toEqual(['3', null]);
  });

  it('deletes nothing by the keys of a source that was edited since', async () => {
    await using slow = await createHoldingEmulator();
    await using project = await create({}, { provider: providerAt(slow.url) });
    expect((await project.run('--no-wait')).code).toBe(3);
    slow.release();
    await database.client.query(
      "CREATE TABLE others (id text PRIMARY KEY, body text); INSERT INTO others VALUES ('1', '')",
    );
    const text = await readFile(project.path('pipeline.yaml'), 'utf8');
    await project.write('pipeline.yaml', text.replace('"notes"', '"others"'));
    let collected = await project.cli('collect', 'pipeline.yaml');
    while (collected.code === 3) collected = await project.cli('collect', 'pipeline.yaml');
    expect(collected).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing was deleted') });
    expect(await ids()).toEqual([...numbers(), '100', null]);
  });

  it('deletes nothing where records of the source cannot be read', async () => {
    await using project = await create(
      { key: { id: 'bigint' } },
      {
        source: { type: 'csv', path: 'notes.csv', key: 'id', on_bad_record: 'skip' },
      },
    );
    await writeFile(project.path('notes.csv'), 'id,body\n1,one\n2,two,many\n3,three\n');
    expect(await project.run()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('could not be read'),
    });
    expect(await ids()).toEqual(['1', '3', '100', null]);
    await writeFile(project.path('notes.csv'), 'id,body\n1,one\n3,three\n');
    expect((await project.run()).code).toBe(0);
    expect(await ids()).toEqual(['1', '3', null]);
  });

  it('is refused where the user may not delete, and where the table is the source itself', async () => {
    await database.client.query('ALTER TABLE notes ADD answer text, ADD request_hash text');
    await using itself = await create({ table: 'notes' });
    expect(await itself.run()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('both source and sink'),
    });
    const role = `loader_${process.pid}`;
    await database.client.query(`
      CREATE ROLE ${role} LOGIN; GRANT SELECT ON notes TO ${role};
      GRANT SELECT, INSERT, UPDATE ON answers TO ${role}`);
    try {
      const url = new URL(database.url);
      url.username = role;
      await using project = await create({ url: url.href });
      expect(await project.run()).toMatchObject({ code: 2, stderr: expect.stringContaining('GRANT DELETE') });
    } finally {
      await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

it('an empty source does not replace a file without --yes', async () => {
  await database.client.query('DELETE FROM notes');
  await using project = await create(
    {},
    { sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } } },
  );
  await writeFile(project.path('answers.csv'), 'old\n');
  expect(await project.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('--yes') });
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe('old\n');
  expect((await project.run('--yes')).code).toBe(0);
  expect(await readFile(project.path('answers.csv'), 'utf8')).toBe('id,answer\n');
});
