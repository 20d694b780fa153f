import { outage } from '../sql/outage.ts';

/** Result codes that mean "not now", not "wrong", in the operator's words. */
const OUTAGES: Readonly<Record<number, string>> = {
  5: 'it is locked by another process',
  6: 'it is locked by another process',
  7: 'there is not enough memory',
  8: 'it, or its folder, is read-only',
  10: 'reading or writing its files failed',
  11: 'its file is damaged: restore it from a backup',
  13: 'the disk is full',
  14: 'its file cannot be opened',
};

/** Of extended result codes, the last byte is the code itself. */
const codeOf = (cause: unknown): number => ((cause as { errcode?: number }).errcode ?? 0) & 0xff;

/** Whatever the engine could not do for the moment, as an outage. */
export function outageAware<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    const closed = (cause as { code?: string }).code === 'ERR_INVALID_STATE';
    const why = closed ? 'it is closed' : OUTAGES[codeOf(cause)];
    if (why === undefined) throw cause;
    throw outage(why, cause);
  }
}
