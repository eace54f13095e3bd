import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { postNotice } from '../../../src/run/notify/post-notice.ts';
import { createWebhook } from '../../support/webhook.ts';

const { signal } = new AbortController();

test('goes through the proxy that the environment names', async () => {
  await using hook = await createWebhook();
  const asked: string[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    asked.push(url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const env = { HTTP_PROXY: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
  expect(await postNotice(hook.url, '{}', env, signal)).not.toBeNull();
  expect(asked).toEqual([new URL(hook.url).host, new URL(hook.url).host]);
  expect(await postNotice(hook.url, '{"a":1}', { ...env, NO_PROXY: '127.0.0.1' }, signal)).toBeNull();
  expect(hook.posts).toEqual([{ a: 1 }]);
  await new Promise((resolve) => void proxy.close(resolve));
});

test('says why where nobody is there', async () => {
  expect(await postNotice('http://127.0.0.1:9/x', '{}', {}, signal)).toMatch(
    /ECONNREFUSED|refused|bad port/i,
  );
});
