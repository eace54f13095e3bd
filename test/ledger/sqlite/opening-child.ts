/** Opens the ledger in each of the folders that are named on standard input, and says how that went. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-ledger.ts';

const [parent = ''] = process.argv.slice(2);
for await (const name of createInterface({ input: process.stdin })) {
  try {
    await using ledger = await openSqliteLedger(join(parent, name));
    await ledger.runs();
    console.log('ok');
  } catch (error) {
    console.log(String(error));
  }
}
