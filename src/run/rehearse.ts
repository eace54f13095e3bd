import type { Host } from '../core/host.ts';
import type { Delivery } from '../job/parts.ts';

/** Finds out whether the whole way will work, changing nothing: the sink's rehearsal and the provider's key. */
export async function rehearse(prepared: Delivery, host: Host): Promise<void> {
  await prepared.sink.rehearse();
  await prepared.provider.check(host.signals.drain);
}
