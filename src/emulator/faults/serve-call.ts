import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallName } from '../http/call-name.ts';
import { sendJson, type Exchange, type Handler } from '../http/exchange.ts';
import { defaultError } from './default-error.ts';
import type { CallFault, DownloadFault, HttpFault } from './http-faults.ts';

/** Serves a call with all that is to go wrong on its way: first what comes before its effect, then what comes after. */
export async function serveWithFaults(
  faults: readonly HttpFault[],
  call: CallName,
  exchange: Exchange,
  handle: Handler,
): Promise<void> {
  const calls = faults.filter((fault): fault is CallFault => 'effect' in fault);
  const download = faults.find((fault): fault is DownloadFault => !('effect' in fault));
  // A download changes nothing, so that nothing of it could be done already.
  const isLate = (fault: CallFault): boolean => fault.effect === 'done' && call !== 'download';
  if (
    await befall(
      calls.filter((fault) => !isLate(fault)),
      exchange,
    )
  )
    return;
  const late = calls.filter(isLate);
  const holdReply = (send: () => void): void => {
    befall(late, exchange).then(
      (isOver) => (isOver || exchange.response.destroyed ? undefined : send()),
      () => exchange.response.destroy(),
    );
  };
  await handle({
    ...exchange,
    ...(late.length === 0 ? {} : { holdReply }),
    ...(download === undefined ? {} : { downloadFault: download }),
  });
}

/** @returns whether the call is over */
async function befall(faults: readonly CallFault[], exchange: Exchange): Promise<boolean> {
  for (const fault of faults) {
    if (fault.fault === 'delay') await sleep(fault.for, undefined, { signal: exchange.signal });
    else {
      if (fault.fault === 'cut') exchange.response.destroy();
      else await refuse(fault, exchange);
      return true;
    }
  }
  return false;
}

async function refuse(fault: Extract<CallFault, { fault: 'status' }>, exchange: Exchange): Promise<void> {
  // A client that is still sending would find its connection closed and not look for an answer.
  if (!exchange.request.readableEnded) await finished(exchange.request.resume());
  if (fault.retry_after !== undefined) {
    exchange.response.setHeader('retry-after', Math.ceil(fault.retry_after / 1000));
    exchange.response.setHeader('retry-after-ms', fault.retry_after);
  }
  const { downloadFault: _, holdReply: __, ...plain } = exchange;
  const { api, response } = exchange;
  const error = defaultError(fault.status, fault.retry_after);
  sendJson(plain, fault.status, fault.body ?? api.errorBody(error, response));
}
