import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { usePart } from '#support/parts.ts';
import { freePort } from '#support/postgres-cluster.ts';

/** It makes its own programs at its first start; beside other tests that takes minutes. */
const START_MS_MAX = 8 * 60 * 1000;
const POLL_MS = 250;
const ADMIN = { username: 'admin', password: 'admin-for-tests' };

/** `svc` may ask in our name; `plain` is another service of the same company; a person signs in by the first. */
const REALM = {
  realm: 'ci',
  enabled: true,
  clients: [
    {
      ...{ clientId: 'svc', secret: 's3cret', serviceAccountsEnabled: true, directAccessGrantsEnabled: true },
      protocolMappers: [
        {
          ...{ name: 'audience', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper' },
          config: { 'included.custom.audience': 'https://countersign.example', 'access.token.claim': 'true' },
        },
      ],
    },
    { clientId: 'plain', secret: 's3cret', serviceAccountsEnabled: true },
  ],
  users: [
    {
      ...{
        username: 'ann',
        email: 'ann@example.com',
        emailVerified: true,
        enabled: true,
        firstName: 'A',
        lastName: 'B',
      },
      credentials: [{ type: 'password', value: 'pw' }],
    },
  ],
};

export type Tokens = { readonly access_token: string; readonly refresh_token?: string; readonly id_token?: string };
export type Keycloak = {
  readonly issuer: string;
  readonly jwksUri: string;
  token(form: Readonly<Record<string, string>>): Promise<Tokens>;
  /** From then on it signs by a new one; the old one stays published. */
  addKey(): Promise<void>;
  stop(): Promise<void>;
};

/** Keycloak on this machine, with a realm and nothing on disk; it calls itself by the name that it would have elsewhere. */
export async function startKeycloak(): Promise<Keycloak> {
  const [port, management] = [await freePort(), await freePort()];
  const child = started(port, management);
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM'); // the script has become its Java
    await ended;
  };
  const origin = `http://127.0.0.1:${port}`;
  const tokensAt = (realm: string, form: Readonly<Record<string, string>>) =>
    json<Tokens>(`${origin}/realms/${realm}/protocol/openid-connect/token`, { body: new URLSearchParams(form) });
  const administer = async (path: string, body: object) => {
    const { access_token } = await tokensAt('master', { grant_type: 'password', client_id: 'admin-cli', ...ADMIN });
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
    await json(`${origin}/admin/realms${path}`, { headers, body: JSON.stringify(body) });
  };
  try {
    await untilReady(`${origin}/realms/master`, child);
    await administer('', REALM);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ issuer: 'https://idp.example/realms/ci', jwksUri: `${origin}/realms/ci/protocol/openid-connect/certs`, stop },
    token: (form) => tokensAt('ci', form),
    addKey: () => administer('/ci/components', NEWER_KEY),
  };
}

const NEWER_KEY = {
  ...{ name: 'newer', providerId: 'rsa-generated', providerType: 'org.keycloak.keys.KeyProvider' },
  config: { priority: ['200'], keySize: ['2048'], algorithm: ['RS256'], enabled: ['true'], active: ['true'] },
};

function started(port: number, management: number): ChildProcess {
  const { start } = usePart('keycloak');
  const [KC_BOOTSTRAP_ADMIN_USERNAME, KC_BOOTSTRAP_ADMIN_PASSWORD] = [ADMIN.username, ADMIN.password];
  const env = { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME, KC_BOOTSTRAP_ADMIN_PASSWORD, KC_DB: 'dev-mem' };
  const ports = ['--http-host=127.0.0.1', `--http-port=${port}`, `--http-management-port=${management}`];
  const args = ['start-dev', ...ports, '--hostname=https://idp.example'];
  const child = spawn(start, args, { env, stdio: 'ignore' });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const latest = performance.now() + START_MS_MAX;
  while (!(await isThere(url))) {
    if (child.exitCode !== null || performance.now() > latest) throw new Error('Keycloak did not start');
    await wait(POLL_MS);
  }
}

const isThere = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

async function json<Body>(
  url: string,
  request: { readonly headers?: Record<string, string>; readonly body: string | URLSearchParams },
) {
  const answer = await fetch(url, { method: 'POST', ...request });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Keycloak answers ${answer.status}: ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Body;
}
