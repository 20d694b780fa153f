import type { FastifyRequest } from 'fastify';
import { IDEMPOTENCY_KEY } from '#contract/idempotency-key.ts';
import { Refusal } from '#domain/refusal.ts';
import { presentedBy } from './authenticate.ts';
import type { Once } from './core.ts';

/** What an `Idempotency-Key` promises of this request: that another like it, by the same credential, is the same one. */
export function onceIn(request: FastifyRequest): Once | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) throw badKey();
  const credential = presentedBy(request);
  if (credential === undefined) throw new Error('whoever got here has shown a credential');
  return { key, credential, request: [request.method, request.url, request.body ?? {}] };
}

const badKey = (): Refusal =>
  new Refusal('invalid_request', 'An Idempotency-Key has 1 to 255 visible ASCII characters. A new UUID will do.', {
    problems: [{ field: 'Idempotency-Key', problem: 'must have 1 to 255 visible ASCII characters' }],
  });
