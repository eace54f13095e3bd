import type { ErrorBody } from '../http/api-error.ts';
import type { Random } from '../random.ts';

/** A line of an output or error file for a request that was answered, by the API's answer or its error. */
export function answeredLine(
  customId: string,
  status: number,
  body: object | ErrorBody,
  random: Random,
): string {
  const id = random.hex(32);
  const requestId = random.hex(32);
  return `{"id":"batch_req_${id}","custom_id":${JSON.stringify(customId)},"response":{"status_code":${status},"request_id":"${requestId}","body":${JSON.stringify(body)}},"error":null}\n`;
}

/** A line of the error file for a request that its batch's cancellation came before. */
export function cancelledLine(customId: string, random: Random): string {
  const error = {
    code: 'batch_cancelled',
    message: 'This request was not executed: its batch was cancelled.',
  };
  return `{"id":"batch_req_${random.hex(32)}","custom_id":${JSON.stringify(customId)},"response":null,"error":${JSON.stringify(error)}}\n`;
}
