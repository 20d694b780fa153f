import type { onResponseHookHandler } from 'fastify';
import type { EntranceId } from '#contract/entrances.ts';
import type { OperationId } from '#contract/operations.ts';
import { Histogram } from '#domain/histogram.ts';

/** A row of our tables; `none` for whatever leads to none of them. Nothing here holds a word of a client's. */
export type Served = OperationId | EntranceId | 'none';

/** From what memory answers to what a client has given up on. */
const DURATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Told apart where nothing is served; a client can send any other. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The answers of one route, by status: counting one costs no more than finding its status. */
export class Answers {
  readonly served: Served;
  readonly method: string;
  readonly byStatus = new Map<number, number>();
  /** From the request's headers to the last byte of the answer. */
  readonly seconds = new Histogram(DURATION_SECONDS);

  constructor(served: Served, method: string) {
    this.served = served;
    this.method = method;
  }

  add(status: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1);
  }
}

/** All that was answered since the process began. */
export class Traffic {
  readonly #routes: Answers[] = [];
  readonly #nowhere = new Map<string, Answers>();

  /** Where the answers of one route are counted, found once and not with each of them. */
  of(served: Served, method: string): Answers {
    const answers = new Answers(served, method);
    this.#routes.push(answers);
    return answers;
  }

  /** What led nowhere, or never became a request. */
  nowhere(method: string, status: number): void {
    const known = METHODS.has(method) ? method : 'other';
    const answers = this.#nowhere.get(known) ?? new Answers('none', known);
    this.#nowhere.set(known, answers);
    answers.add(status);
  }

  /** Of every route, and of what led nowhere. */
  get all(): readonly Answers[] {
    return [...this.#routes, ...this.#nowhere.values()];
  }

  get routes(): readonly Answers[] {
    return this.#routes;
  }
}

export const counting =
  (answers: Answers): onResponseHookHandler =>
  (_request, reply, done) => {
    answers.add(reply.statusCode);
    answers.seconds.add(reply.elapsedTime / 1000);
    done();
  };

export const countingNowhere =
  (traffic: Traffic): onResponseHookHandler =>
  ({ method }, { statusCode }, done) => {
    traffic.nowhere(method, statusCode);
    done();
  };

/** For all routes: what has none is counted nowhere else. */
export const countingUnserved =
  (traffic: Traffic): onResponseHookHandler =>
  ({ is404, method }, reply, done) => {
    if (is404) traffic.nowhere(method, reply.statusCode);
    done();
  };
