import { expect, test } from 'vitest';
import { BatchlineError } from '../../../src/core/errors.ts';
import { fakeServer, sendJson, type Answer } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

/** What the look says of `gpt-4o-mnii`; null where it says nothing against it. */
async function saidOf(answer: Answer): Promise<string | null> {
  await using server = await fakeServer(answer);
  const provider = await openProvider({ base_url: server.url, api_key: 'k' });
  const said = await provider.checkModel?.('gpt-4o-mnii', never).catch((error: unknown) => error);
  if (said === undefined) return null;
  if (!(said instanceof BatchlineError) || said.code !== 'model_not_found' || said.exitCode !== 2) throw said;
  return said.hint ?? '';
}

const unknown = { error: { message: 'The model does not exist', code: 'model_not_found' } };
const listing = (...ids: readonly string[]) => ({ data: ids.map((id) => ({ id })) });

/** A server that answers the look with this, and the listing with that. */
function models(status: number, shown: unknown, listed: unknown = null): Answer {
  return (request, response) => {
    const isListing = request.url === '/v1/models';
    if (isListing && listed === null) sendJson(response, { detail: 'Not Found' }, 404);
    else sendJson(response, isListing ? listed : shown, isListing ? 200 : status);
  };
}

test('a model that the server denies', async () => {
  expect(await saidOf(models(404, unknown))).toBe('Correct request.model.');
  expect(await saidOf(models(404, unknown, listing('gpt-4o-mini', 'o3')))).toBe(
    'Correct request.model. Did you mean "gpt-4o-mini"?',
  );
  const message = 'model gpt-4o-mnii not found, try pulling it first';
  expect(await saidOf(models(404, { error: { message } }, listing('llama3')))).toBe(
    'Correct request.model. There are: llama3.',
  );
});

test.each<[string, Answer]>([
  ['shows the model', models(200, { id: 'gpt-4o-mnii' })],
  ['does not know the call', models(404, { detail: 'Not Found' }, listing('other'))],
  ['does not allow the call', models(405, { error: { message: 'Method Not Allowed' } })],
  [
    'does not let the key make the call',
    models(403, { error: { message: 'Missing scopes: api.model.read' } }),
  ],
  ['is busy', models(429, { error: { message: 'Too many requests' } })],
  ['is broken', models(500, {})],
  ['lists what it does not show', models(404, unknown, listing('gpt-4o-mnii'))],
  ['answers with a web page', (_, response) => void response.end('<html>model gpt-4o-mnii</html>')],
  ['hangs up', (request) => void request.socket.destroy()],
])('a server that %s says nothing against a model', async (_name, answer) => {
  expect(await saidOf(answer)).toBeNull();
});
