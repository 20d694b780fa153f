import type * as z from 'zod';
import { acceptInvitation } from '#app/invitation/accept.ts';
import type { SignedIn } from '#app/session/issue.ts';
import { signIn } from '#app/session/sign-in.ts';
import { signOut } from '#app/session/sign-out.ts';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Caller, Origin } from '#domain/caller.ts';
import { parsePassword, presentedPassword } from '#domain/password.ts';
import { parseEmail } from '#domain/principal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { Api } from './handler.ts';
import { parsedInput } from './input.ts';

/** Entrances that take a body: the forms of our pages. */
export type FormId = {
  [Id in keyof typeof ENTRANCES]: (typeof ENTRANCES)[Id] extends { body: z.ZodObject } ? Id : never;
}[keyof typeof ENTRANCES];

type Visitor = { readonly origin: Origin; readonly caller: Caller | undefined };
type Handlers = {
  readonly [Id in FormId]: (
    api: Api,
    input: z.output<(typeof ENTRANCES)[Id]['body']>,
    visitor: Visitor,
  ) => Promise<SignedIn | undefined>;
};

/** A session where one begins, nothing where one ends. */
const HANDLERS: Handlers = {
  signIn: (api, { email, password }, { origin }) =>
    signIn(api, api.site.tenant, { email: parseEmail(email), password: presentedPassword(password) }, origin),
  acceptInvitation: (api, { code, email, password }, { origin }) => {
    const given = { email: email === undefined ? undefined : parseEmail(email), password: parsePassword(password) };
    return acceptInvitation(api, api.site.tenant, { ...given, code: new Sensitive(code) }, origin);
  },
  signOut: async (api, _, { caller }) => {
    if (caller === undefined) throw new Error('nobody signs out who is not signed in');
    await signOut(api, caller);
    return undefined;
  },
};

/** Carries out one entrance on a body that nobody has looked at yet. */
export function enter(api: Api, id: FormId, body: unknown, visitor: Visitor): Promise<SignedIn | undefined> {
  const input = parsedInput({ body: ENTRANCES[id].body }, { body }, 'own');
  return (HANDLERS[id] as (api: Api, input: object, visitor: Visitor) => Promise<SignedIn | undefined>)(
    api,
    input,
    visitor,
  );
}
