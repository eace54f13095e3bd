import type { Host } from './components.ts';
import type { Delivery } from './prepared.ts';

/** Finds out whether the whole way will work, changing nothing: the sink's rehearsal and the provider's key. */
export async function rehearse(prepared: Delivery, host: Host): Promise<void> {
  await prepared.sink.rehearse();
  await prepared.provider.check(host.drain);
}
