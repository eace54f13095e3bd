import { keyText } from '../core/key.ts';
import type { WireText } from '../core/wire-text.ts';
import type { KeyCheck } from './key-check.ts';

/** Lets records in by their source key, each once: its pieces share the verdict. */
export class RecordAdmission {
  readonly #check: KeyCheck | null;
  readonly #keyParts: number;
  #record = 0;
  #isAdmitted = true;

  /**
   * @param check null where the source itself rules out two rows of one key
   * @param keyParts how many parts the source's key has
   */
  constructor(check: KeyCheck | null, keyParts: number) {
    this.#check = check;
    this.#keyParts = keyParts;
  }

  /**
   * Takes a record in; its items are to come one behind the other.
   *
   * @param key of one of its items, which begins with the source's
   * @returns false where it is to be skipped, since an earlier record has its key
   */
  admit(record: number, key: readonly WireText[], position: string): boolean {
    if (this.#check === null) return true;
    if (record !== this.#record) {
      this.#record = record;
      this.#isAdmitted = this.#check.admit(keyText(key.slice(0, this.#keyParts)), position);
    }
    return this.#isAdmitted;
  }

  /** Makes room after a batch of rows. */
  async settle(): Promise<void> {
    await this.#check?.settle();
  }

  /** @throws BatchlineError `duplicate_key` where two records of one key were taken in */
  async verdict(): Promise<void> {
    await this.#check?.verdict();
  }
}
