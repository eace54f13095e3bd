import type { OpenedProvider } from '../../core/provider.ts';
import { ApiCalls } from '../http/api-calls.ts';
import { usualPatience } from '../http/patience.ts';
import type { Account } from './account.ts';
import { GeminiBatches } from './batches.ts';
import { checkAccount } from './check.ts';
import { checkModel } from './check-model.ts';
import { GeminiDirect } from './direct.ts';
import { type FilesOptions, GeminiFiles } from './files.ts';

/** Puts the sides of one account together; reaches nothing. */
export function openAccount(account: Account, given: Partial<FilesOptions> = {}): OpenedProvider {
  const options = { patience: usualPatience, warn: () => undefined, ...given };
  const { check: timeoutMs } = options.patience;
  const api = new ApiCalls(account, options.patience);
  return {
    account: account.fingerprint,
    check: (signal) => checkAccount(account, api, timeoutMs, signal),
    checkModel: (model, signal) => checkModel(account, api, { model, timeoutMs }, signal),
    direct: new GeminiDirect(api),
    batches: new GeminiBatches(api, new GeminiFiles(account, api, options)),
  };
}
