import { text } from 'node:stream/consumers';
import { BatchlineError } from '../../core/errors.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { badRequest } from '../http/api-error.ts';
import { sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';

/** Faults can be looked at, set and taken away while the emulator runs. */
export function faultRoutes(desk: FaultDesk): readonly Route[] {
  const path = '/emulator/faults';
  const show = (exchange: Exchange): void => sendJson(exchange, 200, desk.show());
  return [
    { method: 'GET', path, open: true, handle: show },
    {
      method: 'PUT',
      path,
      open: true,
      handle: async (exchange) => {
        await setFaults(desk, await text(exchange.request));
        show(exchange);
      },
    },
    {
      method: 'DELETE',
      path,
      open: true,
      handle: async (exchange) => {
        await desk.set({});
        show(exchange);
      },
    },
  ];
}

/** @throws ApiError 400 with all that is wrong with the faults */
async function setFaults(desk: FaultDesk, written: string): Promise<void> {
  const { parseFaults } = await import('../faults/read-faults.ts');
  try {
    await desk.set(parseFaults(written, 'faults'));
  } catch (error) {
    if (!(error instanceof BatchlineError)) throw error;
    throw badRequest(error.message, null, error.code);
  }
}
