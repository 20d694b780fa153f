import { once } from 'node:events';
import { request as requestPlainly } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { rivalInWords } from '#app/tenant/at.ts';
import type { Address } from '#config/address.ts';
import type { Config } from '#config/read-config.ts';
import { alikeTo } from '#domain/host.ts';
import { certificateIn, endingOf, namelessFor } from '../certificate.ts';
import { hostOf, tlsFilesIn } from '../network.ts';
import { isEverywhere, originOf, siteOrigin } from '../origin.ts';
import { addressRefusal } from '../system-refusal.ts';
import { readTls } from '../tls.ts';
import type { Check } from './check.ts';
import { type Finding, failed, ok, skipped, Unseen, warning } from './finding.ts';

const ANSWER_MS_MAX = 2_000;

const address: Check = {
  name: 'address',
  async run({ config, servers }) {
    const { healths, silent } = await servers();
    if (silent.length > 0) throw new Unseen('a server does not say where it listens (see server)');
    const wanted = originOf(config.listen, config.tlsCertFile === undefined ? 'http' : 'https');
    const own = healths.map(({ listens }) => listens);
    if (own.includes(wanted)) return answering(wanted);
    const elsewhere =
      own.length === 0 ? '' : ` A server on this folder listens on ${own.join(' and ')}, by other settings.`;
    if (config.listen.port === 0) return ok(`Any free port of ${config.listen.host} will do.${elsewhere}`);
    await refuseTaken(config.listen);
    return ok(`${wanted} is free.${elsewhere}`);
  },
};

const publicUrl: Check = {
  name: 'public-url',
  async run({ config, tables }) {
    const own = siteOrigin(config.publicUrl, config.listen, config.tlsCertFile === undefined ? 'http' : 'https');
    const found = await (await tables()).tenantsAt(alikeTo(own));
    const rival = found.find(({ name }) => name !== config.tenant);
    return rival === undefined ? ok(`${own} is the address of no other tenant.`) : failed(rivalInWords(own, rival));
  },
};

/** Takes it for a moment, which nobody notices. */
async function refuseTaken(listen: Address): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ ...listen, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw addressRefusal(error, `The address ${listen.host}:${listen.port}`);
  }
  server.close();
  await once(server, 'close');
}

async function answering(origin: string): Promise<Finding> {
  const begun = performance.now();
  try {
    const { status, words } = await asked(`${origin}/health`);
    const took = `in ${Math.round(performance.now() - begun)} ms`;
    if (status === 200 && words === 'OK!') return ok(`Our server answers at ${origin}, ${took}.`);
    return failed(`${origin}/health answers ${status}, ${took}.`, 'See the log of the server.');
  } catch (error) {
    return failed(
      `Our server listens on ${origin}, and does not answer there (${(error as NodeJS.ErrnoException).code ?? 'no answer'}).`,
      'See its log; another program may stand in its place, or a firewall between.',
    );
  }
}

/** Whose certificate it is, is asked by the next check. */
async function asked(url: string): Promise<{ readonly status: number | undefined; readonly words: string }> {
  const options = { signal: AbortSignal.timeout(ANSWER_MS_MAX), agent: false } as const;
  const sent = url.startsWith('https:')
    ? requestSecurely(url, { ...options, rejectUnauthorized: false })
    : requestPlainly(url, options);
  const [answer] = await once(sent.end(), 'response');
  return { status: answer.statusCode, words: await text(answer) };
}

const DAY_MS = 86_400_000;

const tls: Check = {
  name: 'tls',
  run({ config, now }) {
    const files = tlsFilesIn(config);
    if (files === undefined) return skipped(withoutTls(config));
    const { cert } = readTls(files, now());
    const certificate = certificateIn(cert, files.cert);
    const warnings = [
      ...endingOf(certificate, files.cert, now()),
      ...namelessFor(certificate, files.cert, hostOf(config)),
    ];
    if (warnings.length > 0) return warning(warnings.join(' '));
    const days = Math.floor((certificate.validToDate.getTime() - now()) / DAY_MS);
    return ok(`The key is that of ${files.cert}, which is good for ${days} days.`);
  },
};

const withoutTls = ({ listen }: Config): string =>
  isEverywhere(listen) ? 'Without TLS of its own.' : `Without TLS of its own, on ${listen.host}.`;

export const NETWORK_CHECKS: readonly Check[] = [address, publicUrl, tls];
