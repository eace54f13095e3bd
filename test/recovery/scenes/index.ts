import type { Scene } from '../scene.ts';
import { fileScenes } from './files.ts';
import { retryScenes } from './retry.ts';
import { runScenes } from './run.ts';

/** Every command that is killed, and its world. */
export const scenes: readonly Scene[] = [...runScenes, ...fileScenes, ...retryScenes];
