import type { Random } from '../random.ts';
import type { BatchForm } from './batch-form.ts';

/** What became of a request that its batch's end came before. */
export const cancelledCode = 'batch_cancelled';
export const expiredCode = 'batch_expired';

/**
 * A line of an output or error file for a request that was answered, by the API's answer or its error.
 *
 * @param status 0 where the provider's own worker failed
 */
export function answeredLine(customId: string, status: number, body: unknown, random: Random): string {
  const id = random.hex(32);
  const requestId = status === 0 ? '' : random.hex(32);
  return `{"id":"batch_req_${id}","custom_id":${JSON.stringify(customId)},"response":{"status_code":${status},"request_id":"${requestId}","body":${JSON.stringify(body)}},"error":null}\n`;
}

/** A line of the error file for a request that its batch's cancellation came before. */
export function cancelledLine(form: BatchForm, customId: string, ids: Random): string {
  const message = 'This request was not executed: its batch was cancelled.';
  return form.unansweredLine(customId, cancelledCode, message, ids);
}

/** A line of the error file for a request that its batch's expiry came before. */
export function expiredLine(form: BatchForm, customId: string, ids: Random): string {
  const message = 'This request could not be executed before the completion window expired.';
  return form.unansweredLine(customId, expiredCode, message, ids);
}

/** A line of the error file for a request that has no response. */
export function unansweredLine(customId: string, code: string, message: string, random: Random): string {
  const error = { code, message };
  return `{"id":"batch_req_${random.hex(32)}","custom_id":${JSON.stringify(customId)},"response":null,"error":${JSON.stringify(error)}}\n`;
}
