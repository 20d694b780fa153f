import type * as z from 'zod';
import type { Action } from '#domain/permission.ts';

/** Where in a request a value stands. Each is taken from its own place only, so what belongs in a body never works in a URL. */
export const PLACES = ['path', 'query', 'header', 'body'] as const;
export type Place = (typeof PLACES)[number];

/**
 * A row's input by place; a place that is left out takes nothing. No name stands in two of them. Headers are those that
 * the row names: every request has others.
 */
export type Parts = { readonly [P in Place]?: z.ZodObject };
/** What has arrived, by place; nobody has looked at it yet. */
export type Untrusted = { readonly [P in Place]?: unknown };

/**
 * What an operation does to the world, whatever its method: some of the wire's GETs issue tokens.
 * `mints` changes something too, and gives out a new credential.
 */
export type Effect = 'reads' | 'changes' | 'mints';

/** One row of the public surface. Routes, documents, agents' tools and the authorization matrix are read from it. */
export type Operation = Asked & {
  /** `wire` speaks the public product's words and ignores what it does not know; `own` refuses it. */
  readonly surface: 'wire' | 'own';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${'api' | '.well-known'}/${string}`;
  readonly effect: Effect;
  /** True only where the answer carries plaintext: never logged, never an agent's tool. */
  readonly reveals: boolean;
  /** Takes an `Idempotency-Key`: for ten minutes the same request with the same key has the same answer, value and all. */
  readonly replayable?: true;
  /** How it answers whoever asks, where it is there only to say no. */
  readonly refused?: 'forbidden' | 'not_found' | 'unprocessable';
  /** The part of its answer whose `version` its ETag says, for a later If-Match. */
  readonly tagged?: string;
  /** What a request without any body asks for, where an empty one is a mistake. */
  readonly bodiless?: object;
  /** Answers for the tenant whose address it is asked at; elsewhere with `misdirected`. */
  readonly addressed?: true;
  readonly summary: string;
  readonly input: Parts;
  readonly output: z.ZodType;
};

/**
 * Who may ask. `public` answers without a credential. Otherwise a token or a session is needed, and `action` is the
 * permission it takes; `self` is about the caller alone and takes no more than a good credential.
 */
type Asked =
  | { readonly access: 'public'; readonly action: 'none' }
  | ({ readonly access: 'caller'; readonly action: Action | 'self' } & Existence);

/**
 * What a caller learns of what they may not touch. `hide`: a denial and an absence are the same answer, `absence`.
 * `tell`: a denial is a 403, whether or not the thing exists. Texts that are left out are the general ones.
 */
type Existence =
  | { readonly existence: 'tell'; readonly denial?: string; readonly absence?: string }
  | { readonly existence: 'hide'; readonly absence: string };

export type Operations = Readonly<Record<string, Operation>>;

type ShapeAt<P extends Parts, At extends Place> = P extends { readonly [K in At]: z.ZodObject<infer Shape> }
  ? Shape
  : unknown;

/** All places as one flat object, which is how callers and handlers know an input. */
export type Flat<P extends Parts> = z.ZodObject<
  ShapeAt<P, 'path'> & ShapeAt<P, 'query'> & ShapeAt<P, 'header'> & ShapeAt<P, 'body'> & {}
>;
