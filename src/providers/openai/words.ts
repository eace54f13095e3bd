import type { ProviderWords } from '../http/provider-error.ts';
import { compatHint } from './compat.ts';
import { wantOfRoom } from './want-of-room.ts';

/** How messages name OpenAI's API, and how its refusals are read. */
export const openAiWords: ProviderWords = {
  api: 'OpenAI API',
  keyVariable: 'OPENAI_API_KEY',
  address: 'it usually ends in /v1',
  paths: '/files and /batches',
  wantOfRoom,
  hint: compatHint,
};
