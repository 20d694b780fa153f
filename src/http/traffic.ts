import type { FastifyRequest } from 'fastify';
import type { EntranceId } from '#contract/entrances.ts';
import type { OperationId } from '#contract/operations.ts';
import { Histogram } from '#domain/histogram.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When its headers were there, by the clock that only grows. */
    arrivedAtMs: number;
  }
  interface FastifyContextConfig {
    /** Where its answers are counted; a route without leads nowhere. */
    answers?: Answers;
  }
}

/** A row of our tables; `none` for whatever leads to none of them. Nothing here holds a word of a client's. */
export type Served = OperationId | EntranceId | 'none';

/** From what memory answers to what a client has given up on. */
const DURATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Told apart where nothing is served; a client can send any other. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** By the clock that only grows. */
type ElapsedMs = () => number;

const OK = 200;
const MS_PER_SECOND = 1000;

/**
 * The answers of one route, by status. Handlers count what they give, and whoever answers errors counts those: a hook for
 * all would cost every request far more than the counting does.
 */
export class Answers {
  readonly served: Served;
  readonly method: string;
  readonly byStatus = new Map<number, number>();
  /** From the headers of a request until its answer is handed over. */
  readonly seconds = new Histogram(DURATION_SECONDS);

  readonly #elapsedMs: ElapsedMs;

  constructor(served: Served, method: string, elapsedMs: ElapsedMs) {
    this.served = served;
    this.method = method;
    this.#elapsedMs = elapsedMs;
  }

  given(request: Pick<FastifyRequest, 'arrivedAtMs'>): void {
    this.add(OK, request);
  }

  add(status: number, { arrivedAtMs }: Pick<FastifyRequest, 'arrivedAtMs'>): void {
    this.count(status);
    this.seconds.add((this.#elapsedMs() - arrivedAtMs) / MS_PER_SECOND);
  }

  count(status: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1);
  }
}

/** All that was answered since the process began. */
export class Traffic {
  readonly #routes: Answers[] = [];
  readonly #nowhere = new Map<string, Answers>();
  readonly elapsedMs: ElapsedMs;

  constructor(elapsedMs: ElapsedMs) {
    this.elapsedMs = elapsedMs;
  }

  /** Where the answers of one route are counted, found once and not with each of them. */
  of(served: Served, method: string): Answers {
    const answers = new Answers(served, method, this.elapsedMs);
    this.#routes.push(answers);
    return answers;
  }

  /** What was refused or failed, wherever it led. */
  refused(request: FastifyRequest, status: number): void {
    const answers = request.routeOptions.config?.answers;
    if (answers === undefined) this.nowhere(request.method, status);
    else answers.add(status, request);
  }

  /** What led nowhere, or never became a request. */
  nowhere(method: string, status: number): void {
    const known = METHODS.has(method) ? method : 'other';
    const answers = this.#nowhere.get(known) ?? new Answers('none', known, this.elapsedMs);
    this.#nowhere.set(known, answers);
    answers.count(status);
  }

  /** Of every route, and of what led nowhere. */
  get all(): readonly Answers[] {
    return [...this.#routes, ...this.#nowhere.values()];
  }

  get routes(): readonly Answers[] {
    return this.#routes;
  }
}
