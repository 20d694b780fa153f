import { join } from 'node:path';
import { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { bootstrapToken, type Served, serving, unattended } from '#support/process.ts';
import { JSON_TYPE, type Sent } from '#support/world.ts';

export type Instance = Served & { readonly token: Sensitive };

/** The program itself, after an unattended first start, and the token of its administrator. */
export async function instance({ data = join(temporaryFolder(), 'data'), env = {} } = {}): Promise<Instance> {
  const first = unattended(data);
  const served = await serving(data, { ...first, env: { ...first.env, ...env } });
  return { ...served, token: bootstrapToken(data) };
}

/** The answer's JSON, where it is good. */
async function asked({ send, token }: Instance, sent: Sent): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await send({ token, headers: JSON_TYPE, ...sent });
  if (status !== 200) throw new Error(`${sent.method} ${sent.path} answered ${status}: ${text}`);
  return JSON.parse(text);
}

type Wishes = { readonly tokenType?: 'opaque' | 'jwt'; readonly expirationDate?: string };

/** A new token of the administrator's. */
export async function newToken(to: Instance, name: string, wishes: Wishes = {}): Promise<Sensitive> {
  const path = '/api/svc/v1/personal-access-tokens';
  const { token } = await asked(to, { method: 'POST', path, body: JSON.stringify({ name, ...wishes }) });
  return new Sensitive(String(token));
}

export async function revoke(to: Instance, token: Sensitive): Promise<void> {
  const whoami = await asked(to, { method: 'GET', path: '/api/svc/v1/personal-access-tokens' });
  const rows = whoami.data as readonly { id: string; metadata: { preview: string } }[];
  const row = rows.find(({ metadata }) => token.reveal().endsWith(metadata.preview.slice(-4)));
  await asked(to, { method: 'DELETE', path: `/api/svc/v1/personal-access-tokens/${row?.id}` });
}

/** The link by which a new user of this address sets a password. */
export async function invitationOf(to: Instance, email: string): Promise<string> {
  const users = '/api/svc/v1/users';
  await asked(to, { method: 'POST', path: `${users}/register`, body: JSON.stringify({ email }) });
  const body = JSON.stringify({ email, acceptInviteClientUrl: to.origin });
  const { link } = await asked(to, { method: 'POST', path: `${users}/invite`, body });
  return String(link);
}

/** The first token of a new user, who has accepted their invitation as a browser does. */
export async function memberToken(to: Instance, email: string): Promise<Sensitive> {
  const code = new URL(await invitationOf(to, email)).hash.slice(1);
  const browser = { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' };
  const body = JSON.stringify({ code, password: 'a password of a member' });
  const { headers } = await to.send({ method: 'POST', path: '/auth/accept-invitation', headers: browser, body });
  const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
  const path = '/api/svc/v1/personal-access-tokens';
  const sent = { method: 'POST', path, token: undefined, body: JSON.stringify({ name: 'first' }) };
  const { token } = await asked(to, { ...sent, headers: { ...browser, cookie } });
  return new Sensitive(String(token));
}

let members = 0;

/** The same server to a new user, who has nothing yet but their first token: many tests can share one. */
export async function memberOf(to: Instance): Promise<Instance> {
  members += 1;
  return { ...to, token: await memberToken(to, `member-${members}@example.com`) };
}
