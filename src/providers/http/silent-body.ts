/** No byte of an answer came for too long; its code is the one that fetch has for it. */
class SilentBodyError extends Error {
  override readonly name = 'SilentBodyError';
  readonly code = 'UND_ERR_BODY_TIMEOUT';
}

/**
 * A body that fails when no byte of it comes for so long. fetch itself would wait for five minutes, and with timers of
 * its own turned off, which an upload needs, without end.
 *
 * @param abort breaks the request off. Cancelling the body instead would leave undici to fail on its own where a byte
 *   comes at that moment, which nobody could catch.
 */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  abort: (reason: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await inTime(reader.read(), silenceMs, abort);
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      cancel: abort,
    },
    { highWaterMark: 0 },
  );
}

async function inTime<T>(read: Promise<T>, silenceMs: number, abort: (reason: unknown) => void): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new SilentBodyError(`no byte came for ${Math.round(silenceMs / 1000)} s`);
    reject(error);
    abort(error);
  }, silenceMs);
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
