import pg from 'pg';
import { Refusal } from '#domain/refusal.ts';
import { LostRace } from '../sql/lost-race.ts';
import { outage } from '../sql/outage.ts';

/** Of SQLSTATE codes that mean "not now", not "wrong", by how they begin: in the operator's words. */
const OUTAGES: readonly (readonly [string, string])[] = [
  ['08', 'the connection to it is lost'],
  ['25006', 'it takes no writes: it is a standby, or read-only'],
  ['25P03', 'a transaction waited too long, and was ended'],
  ['26000', 'what was prepared is gone: behind a pooler, set COUNTERSIGN_DATABASE_POOLED=true'],
  ['28', 'it does not let us in: see user and password'],
  ['40003', 'whether a transaction was committed is not known'],
  ['42P05', 'what was prepared was there already: behind a pooler, set COUNTERSIGN_DATABASE_POOLED=true'],
  ['3D000', 'there is no database of this name'],
  ['53100', 'its disk is full'],
  ['53200', 'it has not enough memory'],
  ['53300', 'it takes no more connections'],
  ['53', 'it has not enough of something'],
  ['55P03', 'a lock was not to be had in time'],
  ['57014', 'it took too long to answer'],
  ['57P', 'it is being stopped or started'],
  ['58', 'reading or writing its files failed'],
  ['XX', 'its files are damaged: restore it from a backup'],
];

/** Somebody else was first: by a lock, by serialization, by a unique key, or by removing what the row was to refer to. */
const LOST = new Set(['40001', '40P01', '23505', '23503']);

/** No answer of anybody's: refusals, and bugs. */
const OURS = [Refusal, TypeError, RangeError];

/** Of an error that the server has answered; the system has codes as well, some of them as long. */
const stateOf = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined);

/** Whether the server has not answered: then nothing more can be said on that connection. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Refusal && error.cause instanceof Error && stateOf(error.cause) === undefined;

/** A driver's error as the store's: an outage, a race that was lost, or itself, which is a bug of ours. */
export function named(error: unknown): unknown {
  if (!(error instanceof Error) || OURS.some((kind) => error instanceof kind)) return error;
  const code = stateOf(error);
  if (code === undefined) return outage(`it cannot be reached (${error.message})`, error);
  if (LOST.has(code)) return new LostRace({ cause: error });
  const why = OUTAGES.find(([begins]) => code.startsWith(begins))?.[1];
  return why === undefined ? error : outage(why, error);
}
