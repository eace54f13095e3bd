import type { OpenedProvider } from '../../core/provider.ts';
import type { Account } from './account.ts';
import { ApiCalls } from './api-calls.ts';
import { OpenAiBatches } from './batches.ts';
import { checkAccount } from './check.ts';
import { checkModel } from './check-model.ts';
import { OpenAiFiles } from './files.ts';
import { type Patience, usualPatience } from './patience.ts';

/** Puts the sides of one account together; reaches nothing. */
export function openAccount(account: Account, patience: Partial<Patience> = {}): OpenedProvider {
  const waits = { ...usualPatience, ...patience };
  const api = new ApiCalls(account, waits.answer);
  return {
    account: account.fingerprint,
    check: (signal) => checkAccount(account, api, waits.check, signal),
    checkModel: (model, signal) => checkModel(account, api, { model, timeoutMs: waits.check }, signal),
    batches: new OpenAiBatches(api, new OpenAiFiles(account, api, waits), account.host),
  };
}
