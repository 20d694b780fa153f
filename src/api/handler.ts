import type * as z from 'zod';
import type { Deps } from '#app/deps.ts';
import type { Once } from '#app/token/once.ts';
import type { Flat, Operation, Operations } from '#contract/operation.ts';
import type { Caller, Visitor } from '#domain/caller.ts';
import type { Tenant } from '#domain/tenant.ts';

/** Where this instance stands: never taken from what a client sends. */
export type Site = {
  /** The instance's own: the tenant that is reached under `origin`, and to which its operator's acts are written. */
  readonly tenant: Tenant;
  readonly version: string;
  /** Scheme, host and port that links begin with; known once the server listens. */
  origin(): string;
};
export type Api = Deps & { readonly site: Site };

/** One handler for each row of a table: forget one and it does not compile. */
export type Handlers<Table extends Operations> = {
  readonly [Id in keyof Table]: (
    api: Api,
    caller: CallerOf<Table[Id]>,
    input: z.output<Flat<Table[Id]['input']>>,
    /** Of a replayable row that was asked with an Idempotency-Key. */
    once?: Once,
  ) => Promise<z.output<Table[Id]['output']>>;
};

/** Where anybody may ask, only the address that they came to. */
type CallerOf<Row extends Operation> = Row['access'] extends 'public' ? Visitor : Caller;
