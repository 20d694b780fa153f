import type { Once } from '#app/token/once.ts';
import type { Operation, Untrusted } from '#contract/operation.ts';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';
import type { Caller, Visitor } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Api } from './handler.ts';
import { HANDLERS } from './handlers.ts';
import { parsedInput } from './input.ts';

/** A row's handler as it is called: the table's own types have checked each. */
type Handler = (api: Api, caller: Caller | Visitor, input: object, once?: Once) => Promise<unknown>;

/** Carries out one operation on input that nobody has looked at yet. A visitor may ask what anybody may. */
export async function call(
  api: Api,
  caller: Caller | Visitor,
  id: OperationId,
  untrusted: Untrusted,
  once?: Once,
): Promise<unknown> {
  const operation: Operation = OPERATIONS[id];
  if (operation.access !== 'public' && !('principal' in caller)) throw new Error(`${id} is not called by nobody`);
  const { bodiless } = operation;
  const given = untrusted.body === undefined && bodiless !== undefined ? { ...untrusted, body: bodiless } : untrusted;
  const input = parsedInput(operation.input, given, operation.surface);
  try {
    return await (HANDLERS[id] as Handler)(api, caller, input, once);
  } catch (error) {
    throw inTheRowsWords(operation, error);
  }
}

/** Where existence is hidden, a denial and an absence leave here as one and the same refusal. */
function inTheRowsWords(operation: Operation, error: unknown): unknown {
  if (operation.access === 'public' || !(error instanceof Refusal)) return error;
  if (error.isExact && operation.existence === 'tell') return error;
  const { denial, absence } = { denial: undefined, absence: undefined, ...operation };
  if (error.code === 'forbidden' && operation.existence === 'tell') return inWords('forbidden', denial, error);
  if (error.code === 'forbidden' || error.code === 'not_found') return inWords('not_found', absence, error);
  return error;
}

const inWords = (code: 'forbidden' | 'not_found', words: string | undefined, cause: Refusal): Refusal =>
  words === undefined ? cause : new Refusal(code, words, { cause });
