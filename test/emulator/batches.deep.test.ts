import { describe, expect, test } from 'vitest';
import { chatBody, createBatch, jsonl, requestLine, results, startTestEmulator, waitFor } from './client.ts';

describe('a batch', () => {
  test('that is cancelled keeps what was answered and says of the rest that it was not', async () => {
    await using server = await startTestEmulator({ latencyMs: 20_000 });
    const lines = Array.from({ length: 400 }, (_, row) => requestLine(`r${row}`, chatBody(`row ${row}`)));
    const batch = await createBatch(server.client, jsonl(...lines));
    let seen = await waitFor(server.client, batch.id, 'in_progress');
    while ((seen.request_counts?.completed ?? 0) === 0) seen = await server.client.batches.retrieve(batch.id);
    const cancelling = await server.client.batches.cancel(batch.id);
    expect(cancelling.status).toBe('cancelling');
    const ended = await waitFor(server.client, batch.id);
    expect(ended.status).toBe('cancelled');
    const done = await results(server.client, ended.output_file_id);
    const rest = await results(server.client, ended.error_file_id);
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(400);
    expect(new Set([...done, ...rest].map((line) => line.custom_id)).size).toBe(400);
    for (const line of rest) {
      expect(line).toMatchObject({ response: null, error: { code: 'batch_cancelled' } });
    }
    expect(ended.request_counts).toEqual({ total: 400, completed: done.length, failed: 0 });
    await expect(server.client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 409 });
  });
});
