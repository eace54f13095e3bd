// Empties dist/, so that a file that src/ no longer has is not published. Plain JavaScript, because `npm ci` runs it
// by whichever Node the machine has.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
