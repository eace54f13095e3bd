import type { BatchForm } from '../batch/batch-form.ts';
import type { JsonMap } from '../../core/json.ts';
import type { Random } from '../random.ts';
import { defaultError } from './default-error.ts';
import { changeOf } from './answer-change.ts';
import type { RowFault, RowFaultOf } from './row-faults.ts';

/** A row as it was answered. */
export interface AnsweredRow {
  readonly customId: string;
  readonly status: number;
  readonly body: object;
}

/** What goes into the two result files: lines, or nothing. */
export interface ResultText {
  readonly output: string;
  readonly errors: string;
}

/** Whether a row counts as failed because of a fault. */
export function failsRow(fault: RowFault | undefined): boolean {
  return fault?.fault === 'status' || fault?.fault === 'error';
}

/** The result lines of a row that a fault has hit. */
export function faultyResult(form: BatchForm, fault: RowFault, row: AnsweredRow, ids: Random): ResultText {
  const { customId } = row;
  const usual = (): string => form.answeredLine(customId, row.status, row.body, ids);
  switch (fault.fault) {
    case 'status':
      return { output: '', errors: failedLine(form, fault, customId, ids) };
    case 'error':
      return {
        output: '',
        errors: form.unansweredLine(customId, fault.code, fault.message ?? fault.code, ids),
      };
    case 'missing':
      return { output: '', errors: '' };
    case 'duplicate':
      return duplicated(form, fault, row, usual(), ids);
    case 'stranger': {
      const stranger = fault.custom_id ?? `stranger-${ids.hex(16)}`;
      return inFile(row, usual() + form.answeredLine(stranger, row.status, row.body, ids));
    }
    case 'unparsable':
      return inFile(row, `${fault.line ?? half(usual())}\n`);
    case 'answer':
    case 'misfit':
    case 'refusal':
    case 'length':
    case 'content_filter':
    case 'nul':
    case 'lone_surrogate': {
      const change = row.status === 200 ? changeOf(fault) : undefined;
      const body = change === undefined ? row.body : form.changeAnswer(row.body as JsonMap, change);
      return inFile(row, form.answeredLine(customId, row.status, body, ids));
    }
  }
}

function inFile(row: AnsweredRow, text: string): ResultText {
  return row.status === 200 ? { output: text, errors: '' } : { output: '', errors: text };
}

function failedLine(form: BatchForm, fault: RowFaultOf<'status'>, customId: string, ids: Random): string {
  const body = fault.body ?? form.errorBody(defaultError(fault.status));
  return form.answeredLine(customId, fault.status, body, ids);
}

function duplicated(
  form: BatchForm,
  fault: RowFaultOf<'duplicate'>,
  row: AnsweredRow,
  line: string,
  ids: Random,
): ResultText {
  if (fault.second === 'failure') {
    const failure = form.answeredLine(row.customId, 500, form.errorBody(defaultError(500)), ids);
    return row.status === 200 ? { output: line, errors: failure } : { output: '', errors: line + failure };
  }
  if (fault.second === 'same' || row.status !== 200) return inFile(row, line + line);
  const other = form.changeAnswer(row.body as JsonMap, { text: () => 'Another answer.' });
  return inFile(row, line + form.answeredLine(row.customId, 200, other, ids));
}

function half(line: string): string {
  return line.slice(0, Math.floor(line.length / 2));
}
