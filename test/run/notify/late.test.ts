import { expect, test } from 'vitest';
import { loadPipeline } from '../../../src/config/load.ts';
import type { PipelineEvent } from '../../../src/core/events.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { sendNotices, tellingLate } from '../../../src/run/notify/notices.ts';
import { createEmulator } from '../../support/emulator.ts';
import { createWebhook } from '../../support/webhook.ts';
import { told } from './notify-scene.ts';

test('that a run became late is told once, while it goes on', async () => {
  await using hook = await createWebhook();
  await using emulator = await createEmulator();
  await using project = await told(hook.url, emulator.url, {
    notify: { webhook: '${HOOK}', on: ['late'] },
  });
  const { run_id: runId } = await project.summary(1);
  const loaded = await loadPipeline(project.path('pipeline.yaml'), { env: { HOOK: hook.url } });
  await using ledger = await openLedger(project.stateDir);
  const signal = new AbortController().signal;
  const events: PipelineEvent[] = [];
  const host = {
    signals: { abort: signal, drain: signal },
    emit: (event: PipelineEvent) => void events.push(event),
  };
  const { emit } = tellingLate({ ledger, loaded, host }, runId);
  const late = { type: 'BecameLate', of: 'deadline', due: 0 } as const;
  emit(late);
  emit(late);
  await sendNotices({ ledger, loaded, host });
  expect(events).toEqual([late, late]);
  expect(hook.posts).toMatchObject([
    {
      status: 'late',
      run_id: runId,
      text: expect.stringContaining('mail is late, 2 of 3 rows ok') as string,
    },
  ]);
});
