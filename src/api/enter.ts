import type * as z from 'zod';
import { acceptInvitation } from '#app/invitation/accept.ts';
import type { SignedIn } from '#app/session/issue.ts';
import { signIn } from '#app/session/sign-in.ts';
import { signOut } from '#app/session/sign-out.ts';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Caller, Origin, Visitor } from '#domain/caller.ts';
import { parsePassword, presentedPassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { Api } from './handler.ts';
import { parsedInput } from './input.ts';
import { visited } from './visited.ts';

/** Entrances that take a body: the forms of our pages. */
export type FormId = {
  [Id in keyof typeof ENTRANCES]: (typeof ENTRANCES)[Id] extends { body: z.ZodObject } ? Id : never;
}[keyof typeof ENTRANCES];

type Entering = Visitor & { readonly origin: Origin; readonly caller: Caller | undefined };
type Handlers = {
  readonly [Id in FormId]: (
    api: Api,
    input: z.output<(typeof ENTRANCES)[Id]['body']>,
    entering: Entering,
  ) => Promise<SignedIn | undefined>;
};

/** A session where one begins, nothing where one ends. */
const HANDLERS: Handlers = {
  signIn: async (api, { email, password }, entering) => {
    const { tenant } = await visited(api, entering);
    const presented = { email: parseEmail(email), password: presentedPassword(password) };
    return signIn(api, tenant, presented, entering.origin);
  },
  acceptInvitation: async (api, { code, email, password }, entering) => {
    const { tenant } = await visited(api, entering);
    const given = { email: email === undefined ? undefined : parseEmail(email), password: parsePassword(password) };
    return acceptInvitation(api, tenant, { ...given, code: new Sensitive(code) }, entering.origin);
  },
  signOut: async (api, _, { caller }) => {
    if (caller === undefined) throw new Error('nobody signs out who is not signed in');
    await signOut(api, caller);
    return undefined;
  },
};

/** Carries out one entrance on a body that nobody has looked at yet. */
export function enter(api: Api, id: FormId, body: unknown, entering: Entering): Promise<SignedIn | undefined> {
  const input = parsedInput({ body: ENTRANCES[id].body }, { body }, 'own');
  return (HANDLERS[id] as (api: Api, input: object, entering: Entering) => Promise<SignedIn | undefined>)(
    api,
    input,
    entering,
  );
}
