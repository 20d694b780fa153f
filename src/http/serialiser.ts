import { type FastifySerializerCompiler, fastify } from 'fastify';
import * as z from 'zod';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';

/*
 * Answers go out by a serialiser compiled from their row. To compile those of all rows takes longer than all else that
 * opening a server does, so each is compiled when it is first needed, once in a process.
 */

type Serialise = (answer: unknown) => string;

const compiled = new Map<OperationId, Serialise>();
let compile: FastifySerializerCompiler<unknown> | undefined;

/** To be called before a server takes requests: Fastify hands its own compiler over from an instance that is ready. */
export async function readySerialisers(): Promise<void> {
  if (compile !== undefined) return;
  const idle = fastify();
  idle.get('/', { schema: { response: { 200: {} } } }, () => ({}));
  await idle.ready();
  compile = idle.serializerCompiler;
}

export function serialiserOf(id: OperationId): Serialise {
  let own: Serialise | undefined;
  return (answer) => {
    own ??= compiledOnce(id);
    return own(answer);
  };
}

export function compiledOnce(id: OperationId): Serialise {
  const known = compiled.get(id);
  if (known !== undefined) return known;
  if (compile === undefined) throw new Error('readySerialisers() comes first');
  const schema = z.toJSONSchema(OPERATIONS[id].output, { target: 'draft-7' });
  const { method, path: url } = OPERATIONS[id];
  const made = compile({ schema, method, url, httpStatus: '200' });
  compiled.set(id, made);
  return made;
}
