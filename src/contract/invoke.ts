import type * as z from 'zod';
import type { Flat } from './operation.ts';
import type { OPERATIONS, OperationId } from './operations.ts';

type Table = typeof OPERATIONS;

/** What an operation takes, all places as one, before it is parsed. */
export type Input<Id extends OperationId> = z.input<Flat<Table[Id]['input']>>;
export type Output<Id extends OperationId> = z.output<Table[Id]['output']>;

/** Anything that can carry operations out, here or across HTTP. */
export type Invoke = <Id extends OperationId>(id: Id, input: Input<Id>) => Promise<Output<Id>>;
