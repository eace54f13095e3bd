/**
 * What the text form of values depends on, in printing or in reading, set for one transaction: all such parameters that a
 * user may set, but for the search path, which the pipeline's own SQL needs. It is part of the transaction and not of the
 * session, since PgBouncer's transaction mode gives the next transaction another session; nor is it sent as start-up
 * parameters, which PgBouncer may refuse.
 */
const transactionSettings = [
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO, YMD'",
  "SET LOCAL IntervalStyle = 'postgres'",
  "SET LOCAL bytea_output = 'hex'",
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL xmloption = 'content'",
  "SET LOCAL xmlbinary = 'base64'",
  'SET LOCAL standard_conforming_strings = on',
  'SET LOCAL array_nulls = on',
  'SET LOCAL quote_all_identifiers = off',
  "SET LOCAL lc_monetary = 'C'",
  "SET LOCAL timezone_abbreviations = 'Default'",
].join('; ');

/** Begins a transaction that cannot change anything, with those settings; to be sent as one simple query. */
export const beginReadOnly = `BEGIN TRANSACTION READ ONLY; ${transactionSettings}`;

/** The same for writing to what is seen as it was when the first statement ran. */
export const beginSnapshot = `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE; ${transactionSettings}`;

/** Begins a transaction for writing, with those settings; to be sent as one simple query. */
export const beginReadWrite = `BEGIN TRANSACTION READ WRITE; ${transactionSettings}`;
