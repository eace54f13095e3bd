import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Kills the emulator that a run has started for a data folder, as a power cut would; by its process id alone. */
export async function killSpawnedEmulator(dataDir: string): Promise<void> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  const own = stdout.split('\n').filter((line) => line.includes(JSON.stringify(dataDir)));
  for (const line of own) {
    const pid = Number.parseInt(line, 10);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself in the meantime.
    }
  }
}
