// Makes the built command executable, so that npx can run it in a clone. Plain JavaScript, because `npm ci` runs it by
// whichever Node the machine has.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
