import { expect, test } from 'vitest';
import { startTestEmulator } from './client.ts';

test('an upload is refused for its size', async () => {
  await using server = await startTestEmulator();
  const piece = Buffer.alloc(1_000_000, 'x');
  const large = new File(
    Array.from({ length: 201 }, () => piece),
    'x.jsonl',
  );
  await expect(server.client.files.create({ purpose: 'batch', file: large })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('File is too large.'),
  });
});
