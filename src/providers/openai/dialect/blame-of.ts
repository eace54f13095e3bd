import type { LineFailure } from '../../../core/dialect.ts';

/** What a failed request says of itself. */
interface Told {
  readonly status: number | null;
  readonly code: string;
  /** The kind of error beside the code, where there is one. */
  readonly type: string;
  readonly message: string;
}

/** Codes and types of errors that are the account's, as far as they are known; others are told by their words. */
const accountCodes =
  /quota|billing|credit|balance|payment|spend|overdue|arrear|invalid_api_key|incorrect_api_key|(account|organization|project|key).*(deactivated|disabled|suspended|restricted|not_found|inactive)|access_terminated|authentication|unauthenticated|unauthori[sz]ed/i;

const modelCodes =
  /^(model_not_found|model_not_allowed|model_not_available|model_not_supported|unsupported_model|unknown_model|invalid_model|model_mismatch|deployment_?not_?found|model_decommissioned|model_terms_required)$/i;

/** That nothing is left to pay with, or that the account is closed for it. */
const unpaidWords =
  /insufficient[_ ](account[_ ])?(quota|credit|balance|funds)|(credit|account|prepaid|wallet|your) balance.{0,40}(insufficient|not enough|too low|overdue|exhausted|used up|depleted|negative)|overdue (balance|bill|invoice|payment)|in arrears|out of credits?|(billing|spend(ing)?) (hard )?limit|account.{0,40}(good standing|overdue)|(account|organi[sz]ation|project) (is|has been|was) (deactivated|disabled|suspended|restricted)/i;

const accountWords =
  /exceeded your current quota|(usage|credit) (hard )?limit|no credits?|(check|update|add) .{0,40}(billing|payment)|(invalid|incorrect|missing|expired|revoked) api key|api key.{0,40}(invalid|not valid|incorrect|missing|expired|revoked|disabled)/i;

const modelWords =
  /\b(the )?(model|deployment)\b.{0,120}\b(does not exist|doesn't exist|not found|do(es)? not have access|no access|not (been )?(allowed|permitted)|has been (deprecated|decommissioned|shut down)|is not available)/i;

/** What a 403 names that is not the row's. */
const accessWords = /\b(api[ _-]?key|key|project|permissions?|model|organi[sz]ation)\b/i;

/** Whose fault it is that a request was not answered (contract section 5). */
export function blameOf(told: Told, isRetryable: boolean): LineFailure['blame'] {
  const { status, code, type, message } = told;
  if (isAccounts(told)) return 'account';
  if (isRetryable) return 'provider';
  if (status === 403 && accessWords.test(`${code} ${type} ${message}`.replaceAll('_', ' '))) return 'account';
  return status === 403 || status === 404 ? 'unclear' : 'row';
}

function isAccounts({ status, code, type, message }: Told): boolean {
  if (status === 401 || status === 402) return true;
  if (modelCodes.test(code) || (isRefusal(status) && modelWords.test(message))) return true;
  // A rate limit speaks of quotas and billing plans too, and passes.
  if (status === 429 || status === 498)
    return (
      /insufficient(?!_?(?:capacity|resource))|billing|spend|credit|balance|overdue|arrear/i.test(code) ||
      isUsedUp(type, message)
    );
  return (
    isRefusal(status) &&
    (accountCodes.test(code) ||
      accountCodes.test(type) ||
      unpaidWords.test(message) ||
      accountWords.test(message))
  );
}

function isUsedUp(type: string, message: string): boolean {
  return (
    /insufficient_quota|billing|spend/i.test(type) ||
    /current quota, please check your plan/i.test(message) ||
    unpaidWords.test(message)
  );
}

/** A failure inside the provider, or one without a status, is told by its code alone. */
function isRefusal(status: number | null): boolean {
  return status === null || (status >= 400 && status < 500) || (status >= 200 && status < 300);
}
