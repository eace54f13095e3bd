import type { OpenedProvider } from '../../core/provider.ts';
import type { Account } from './account.ts';
import { ApiCalls } from '../http/api-calls.ts';
import { OpenAiBatches } from './batches.ts';
import { checkAccount } from './check.ts';
import { checkModel } from './check-model.ts';
import { type Compat, fullCompat } from './compat.ts';
import { OpenAiDirect } from './direct.ts';
import { OpenAiFiles } from './files.ts';
import { type Patience, usualPatience } from '../http/patience.ts';

export interface AccountOptions {
  readonly patience: Patience;
  readonly compat: Compat;
  readonly warn: (message: string) => void;
}

const usual: AccountOptions = { patience: usualPatience, compat: fullCompat, warn: () => undefined };

/** Puts the sides of one account together; reaches nothing. */
export function openAccount(account: Account, given: Partial<AccountOptions> = {}): OpenedProvider {
  const options = { ...usual, ...given };
  const api = new ApiCalls(account, options.patience);
  const files = new OpenAiFiles(account, api, options);
  return {
    account: account.fingerprint,
    check: (signal, need = 'batches') =>
      checkAccount(account, api, { need, timeoutMs: options.patience.check }, signal),
    checkModel: (model, signal) =>
      checkModel(account, api, { model, timeoutMs: options.patience.check }, signal),
    direct: new OpenAiDirect(api),
    batches: new OpenAiBatches(api, files, { host: account.host, compat: options.compat }),
  };
}
