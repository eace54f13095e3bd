import { createProxy, jsonResponse, type ProxiedResponse, type Proxy } from '../support/proxy.ts';

/** A server between a client and an emulator that keeps of a batch nothing that tells whose it is. */
export interface NamelessServer extends Proxy {
  /** Carries the next create out and cuts its connection. */
  cutNextCreate(): void;
  /** Cuts the connection of the next create, which never comes to the provider. */
  loseNextCreate(): void;
  /** Shows no batch to have ended. */
  hold(): void;
  release(): void;
  /** Has no results of any batch. */
  hideResults(): void;
  showResults(): void;
}

/** @param target the emulator's address */
export async function createNamelessServer(target: string): Promise<NamelessServer> {
  let create: 'cut' | 'lost' | null = null;
  let holds = false;
  let hides = false;
  const take = (what: typeof create): boolean => {
    const hits = create === what;
    if (hits) create = null;
    return hits;
  };
  const proxy = await createProxy(target, async ({ method, path }, forward) => {
    const isCreate = method === 'POST' && path === '/batches';
    if (isCreate && take('lost')) throw new Error('lost');
    if (hides && path.endsWith('/content')) return jsonResponse(404, { error: { message: 'No such file.' } });
    const response = await forward();
    if (isCreate && take('cut')) throw new Error('cut');
    return path.startsWith('/batches') ? shown(response, holds) : response;
  });
  return {
    ...proxy,
    cutNextCreate: () => void (create = 'cut'),
    loseNextCreate: () => void (create = 'lost'),
    hold: () => void (holds = true),
    release: () => void (holds = false),
    hideResults: () => void (hides = true),
    showResults: () => void (hides = false),
  };
}

function shown(response: ProxiedResponse, holds: boolean): ProxiedResponse {
  const found = JSON.parse(response.body.toString()) as { readonly data?: readonly object[] };
  const without = (batch: object): object => ({
    ...batch,
    metadata: null,
    input_file_id: null,
    ...(holds ? { status: 'in_progress', output_file_id: null, error_file_id: null } : {}),
  });
  const body = found.data === undefined ? without(found) : { ...found, data: found.data.map(without) };
  return { ...response, body: Buffer.from(JSON.stringify(body)) };
}
