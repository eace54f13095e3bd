import { jsonResponse, type Middleware } from '../support/proxy.ts';

/** Refuses the first so many batches as the provider's validation does. */
export function refusing(times: number, errors: readonly object[]): () => Middleware {
  return refusingFor(Array.from({ length: times }, () => errors));
}

/** Refuses the first batches, each for its own errors. */
export function refusingFor(reasons: readonly (readonly object[])[]): () => Middleware {
  const refused = new Map<string, readonly object[]>();
  return () =>
    async ({ method, path }, forward) => {
      const response = await forward();
      const reason = reasons[refused.size];
      if (method === 'POST' && path === '/batches' && reason !== undefined) {
        const { id } = JSON.parse(response.body.toString()) as { id: string };
        refused.set(`/batches/${id}`, reason);
      }
      const errors = refused.get(path);
      if (method !== 'GET' || errors === undefined) return response;
      const batch = JSON.parse(response.body.toString()) as object;
      const none = { output_file_id: null, error_file_id: null };
      return jsonResponse(200, {
        ...batch,
        ...none,
        status: 'failed',
        errors: { object: 'list', data: errors },
      });
    };
}
