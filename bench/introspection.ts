import { ratio } from './figures.ts';
import { introspecting } from './load.ts';
import { gate, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { openTarget } from './target.ts';
import { figureOf, inTurns, type Measured, type Row } from './verify.ts';

const INTROSPECT = '/oauth2/introspect';

/** A gateway that asks about one token again and again, both in memory, against the least that could answer it. */
export async function benchIntrospection({ folder, tokens }: Seeded, settings: Settings): Promise<Report> {
  const [asker, presented] = tokens as [string, string];
  const ours = await openTarget({ kind: 'countersign', folder });
  const answer = await answerOf(ours.origin, asker, presented);
  const bare = await openTarget({ kind: 'introspector', token: asker, presented, path: INTROSPECT, answer });
  const requests = introspecting(INTROSPECT, asker, presented);
  const rows: readonly Row[] = [
    { row: 'i', what: 'bare Fastify: a form, two digests and look-ups', target: bare, requests },
    { row: 'i', what: 'introspection, both tokens remembered', target: ours, requests },
  ];
  const measured = await inTurns(rows, settings);
  for (const { close } of [bare, ours]) await close();
  const [least, own] = measured as readonly [Measured, Measured];
  const cpu = ({ rounds }: Measured) => rounds.map(({ cpuMs }) => cpuMs);
  return {
    figures: measured.map(figureOf),
    ratios: [],
    gates: [
      gate('CPU of bare Fastify / CPU of introspection', ratio(cpu(least), cpu(own)), { atLeast: 0.6 }),
      gate('statements of introspection', own.counts.statements, { atMost: 0 }),
    ],
    skipped: [],
  };
}

async function answerOf(origin: string, asker: string, presented: string): Promise<string> {
  const headers = { authorization: `Bearer ${asker}` };
  const body = new URLSearchParams({ token: presented });
  const answer = await (await fetch(origin + INTROSPECT, { method: 'POST', headers, body })).text();
  if (!answer.includes('"active":true')) throw new Error(`a good token was introspected as ${answer}`);
  return answer;
}
