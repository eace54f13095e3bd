import { rm } from 'node:fs/promises';
import { holdBatches } from '../support/held-batches.ts';
import type { Middleware } from '../support/proxy.ts';
import { scene, type Parts, type Scene } from './scene.ts';

/** Sends everything and loses the state folder; when that is noticed the batches have ended, and nothing is loaded. */
export async function lostScene(
  parts: Parts = {},
  middleware: Middleware = (_request, forward) => forward(),
): Promise<Scene> {
  const held = holdBatches();
  const setting = await scene(
    () => (request, forward) => held.middleware(request, () => middleware(request, forward)),
    parts,
  );
  await setting.project.summary(3, '--no-wait');
  await rm(setting.project.stateDir, { recursive: true });
  held.release();
  return setting;
}
