// Creates a batch of the file named by the first argument at the server named by the second, and prints its own peak
// memory.
import { stat } from 'node:fs/promises';
import { chunkFile } from '../chunk-file.ts';
import { never, openProvider } from './open.ts';

const [, , path = '', baseUrl = ''] = process.argv;
const { batches } = await openProvider({ base_url: baseUrl });
const { size } = await stat(path);
await batches.create(chunkFile({ path, bytes: size }), null, never);
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
