// Uses the server of a state folder until it is told to stop: prints its URL, waits for a line, then disposes it.
// Arguments: the state folder, and `durable` where data must outlive the server's own death.
import { once } from 'node:events';
import { startEmbedded } from '../../src/pg/embedded.ts';

const server = await startEmbedded(process.argv[2] ?? '', { durable: process.argv[3] === 'durable' });
process.stdout.write(`${server.url}\n`);
await once(process.stdin, 'data');
await server[Symbol.asyncDispose]();
process.exit(0);
