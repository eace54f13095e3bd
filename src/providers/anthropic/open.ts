import type { OpenedProvider } from '../../core/provider.ts';
import { ApiCalls } from '../http/api-calls.ts';
import { type Patience, usualPatience } from '../http/patience.ts';
import type { Account } from './account.ts';
import { AnthropicBatches } from './batches.ts';
import { checkAccount, checkModel } from './check.ts';
import { AnthropicDirect } from './direct.ts';
import { AnthropicResults } from './results.ts';

interface AccountOptions {
  readonly patience: Patience;
  readonly warn: (message: string) => void;
}

const usual: AccountOptions = { patience: usualPatience, warn: () => undefined };

/** Puts the sides of one account together; reaches nothing. */
export function openAccount(account: Account, given: Partial<AccountOptions> = {}): OpenedProvider {
  const { patience, warn } = { ...usual, ...given };
  const api = new ApiCalls(account, patience);
  const results = new AnthropicResults(account, api, warn);
  return {
    account: account.fingerprint,
    check: (signal) => checkAccount(account, api, patience.check, signal),
    checkModel: (model, signal) => checkModel(account, api, { model, timeoutMs: patience.check }, signal),
    direct: new AnthropicDirect(api),
    batches: new AnthropicBatches(account, api, results, patience),
  };
}
