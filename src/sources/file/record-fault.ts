import { BatchlineError } from '../../core/errors.ts';

export interface RecordFaultOptions {
  readonly code?: string;
  readonly hint: string;
  /** Whether the record can be passed over: the one after it can be found. */
  readonly isRecoverable: boolean;
}

/** What is wrong with a record, before the file's name is known. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
  readonly code: string;
  /** The line on which the record begins. */
  readonly line: number;
  readonly hint: string;
  readonly isRecoverable: boolean;

  constructor(message: string, line: number, options: RecordFaultOptions) {
    super(message);
    this.line = line;
    this.code = options.code ?? 'bad_record';
    this.hint = options.hint;
    this.isRecoverable = options.isRecoverable;
  }

  in(file: string): BatchlineError {
    return new BatchlineError(this.code, this.message, { where: `${file}:${this.line}`, hint: this.hint });
  }
}

/** What a parser holds at most to find a record's end: what grows to this is no record. */
export const maxRecordBytes = 64_000_000;
