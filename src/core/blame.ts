/**
 * Whose fault a failure is: the row's own, so that sending it again as it is would be no use; the account's (credit,
 * spend limit, key, model), until somebody mends that; or the provider's, which passes. The last two say nothing of the
 * row.
 */
export type Blame = 'row' | 'account' | 'provider';
