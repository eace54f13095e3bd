// Uploads the file named by the first argument to the server named by the second, and prints its own peak memory.
import { stat } from 'node:fs/promises';
import { never, openProvider } from './open.ts';

const [, , path = '', baseUrl = ''] = process.argv;
const provider = await openProvider({ base_url: baseUrl });
const { size } = await stat(path);
await provider.upload({ path, name: 'big.jsonl', bytes: size, expiresAfter: null }, never);
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
