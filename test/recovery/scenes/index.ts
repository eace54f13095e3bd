import type { Scene } from '../scene.ts';
import { anthropicScenes } from './anthropic.ts';
import { buildScenes } from './build.ts';
import { cancelScenes } from './cancel.ts';
import { changeScenes } from './changes.ts';
import { collectScenes } from './collect.ts';
import { dedupeScenes } from './dedupe.ts';
import { fileScenes } from './files.ts';
import { gcScenes } from './gc.ts';
import { inDoubtScenes } from './in-doubt.ts';
import { loadScenes } from './load.ts';
import { recoverScenes } from './recover.ts';
import { retryScenes } from './retry.ts';
import { runScenes } from './run.ts';
import { splitScenes } from './split.ts';
import { standardScenes } from './standard.ts';
import { tokenLimitScenes } from './token-limit.ts';

/** Every command that is killed, and its world. */
export const scenes: readonly Scene[] = [
  ...runScenes,
  ...fileScenes,
  ...dedupeScenes,
  ...changeScenes,
  ...collectScenes,
  ...cancelScenes,
  ...retryScenes,
  ...loadScenes,
  ...recoverScenes,
  ...gcScenes,
  ...buildScenes,
  ...standardScenes,
  ...inDoubtScenes,
  ...anthropicScenes,
  ...tokenLimitScenes,
  ...splitScenes,
];
