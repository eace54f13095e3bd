import { describe, expect, it } from 'vitest';
import { useDeleted, database, create, ids, numbers } from './deleted-scene.ts';

useDeleted();

describe('deleted: delete', () => {
  it('deletes what is gone from the source, by the value of the key, and says how many', async () => {
    await using project = await create({}, { transforms: [{ type: 'filter', where: 'id != "5"' }] });
    await database.client.query("INSERT INTO answers VALUES (5, 'filtered out now')");
    await database.client.query("UPDATE notes SET id = '007' WHERE id = '7'");
    const { code, stdout, stderr } = await project.run();
    expect(code).toBe(0);
    expect(stderr).toContain('1 row deleted whose source row is gone');
    expect(stdout).toContain('Deleted from public.answers: 1 row');
    expect(await ids()).toEqual([...numbers(), null]);
    await database.client.query("DELETE FROM notes WHERE id IN ('2', '11')");
    expect((await project.run()).stdout).toContain('Nothing was sent');
    expect(await ids()).toEqual([...numbers(2, 11), null]);
  });

  it('leaves the target alone where more rows failed than may', async () => {
    await database.client.query("UPDATE notes SET body = '' WHERE id = '5'");
    await using project = await create();
    expect(await project.run()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was deleted'),
    });
    expect(await ids()).toEqual([...numbers(5), '100', null]);
    await project.summary(0, '--max-failed-rows', '1', '--new-run');
    expect(await ids()).toEqual([...numbers(5), null]);
  });
});
