import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { signJwt } from '#crypto/jwt.ts';
import { mint, previewOf } from '#crypto/opaque.ts';
import { formOf } from '#crypto/opaque-form.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { KeyId } from '#ports/digest.ts';
import { countingRandom } from '#support/fixed.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { PUBLISHED, PUBLISHED_FOLDER, type RuleId, SOUGHT } from '../../scripts/scanning.ts';
import { outcomeOf } from '../clients/program.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const random = countingRandom();
const OPAQUE = {
  'countersign-personal-access-token': mint('pat', random),
  'countersign-virtual-account-token': mint('va', random),
  'countersign-session': mint('session', random),
  'countersign-invitation-code': mint('invitation', random),
};
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWT = await signJwt({ id: 'ka0bc1de2fg3hi4jk5lm6no7' as KeyId, key: privateKey }, { sub: 'somebody', exp: 1 });
/** A real one for each rule: what the server mints and signs. */
const TOKENS: Readonly<Record<RuleId, string>> = {
  ...(Object.fromEntries(Object.entries(OPAQUE).map(([id, token]) => [id, token.reveal()])) as Record<
    keyof typeof OPAQUE,
    string
  >),
  'countersign-jwt': JWT.reveal(),
};
const RULES = Object.keys(SOUGHT) as readonly RuleId[];
const PAT = TOKENS['countersign-personal-access-token'];

/** Where tokens are left behind, as the file in which one is found. */
const PLACES: Readonly<Record<string, (token: string) => string>> = {
  '.env': (token) => `TFY_HOST=https://countersign.example\nTFY_API_KEY=${token}\n`,
  'config.json': (token) => JSON.stringify({ host: 'https://countersign.example', token }),
  'values.yaml': (token) => `env:\n  - name: TFY_API_KEY\n    value: ${token}\n`,
  'README.md': (token) => `# Use\n\nCall it with \`Bearer ${token}\`.\n`,
  'url.txt': (token) => `see https://countersign.example/x?token=${token}&page=2\n`,
  'url-in-url.txt': (token) => `https://x.example/?to=https%3A%2F%2Fy.example%2F%3Ftoken%3D${token}%26page%3D2\n`,
  'app.min.js': (token) => `(()=>{var a={k:"${token}",n:1};fetch("/x",{headers:{authorization:"Bearer "+a.k}})})();`,
  '.bash_history': (token) =>
    `ls\ncurl -H "Authorization: Bearer ${token}" https://countersign.example/api/v1/whoami\n`,
  'lines.json': (token) => JSON.stringify({ said: `the token:\n${token}\nthe end` }),
  'coloured.log': (token) => `token: \u001b[0;32m${token}\u001b[0m\n`,
  'coloured.json': (token) => JSON.stringify({ said: `\u001b[1m${token}\u001b[0m` }),
};

/** What is near a token and is none. */
const NEAR_MISSES: Readonly<Record<string, (token: string) => string>> = {
  'a letter short': (token) => token.slice(0, -1),
  'a letter more': (token) => `${token}a`,
  'a longer word on': (token) => `${token}_more`,
  'twice without a gap': (token) => token + token,
  'a longer word before': (token) => `not${token}`,
  'a longer name before': (token) => `my_${token}`,
  'prefix in capitals': (token) => token.replace(/^[a-z]+_[a-z]+/, (prefix) => prefix.toUpperCase()),
  'a hyphen for an underscore': (token) => token.replace('_', '-'),
  'another prefix of the family': (token) => token.replace(/^[a-z]+_[a-z]+/, 'tfy_key'),
  'no prefix': (token) => token.slice(token.lastIndexOf('_') + 1),
  'a body with a hyphen': (token) => `${token.slice(0, -9)}-${token.slice(-8)}`,
  'documentation: a word': (token) => `${token.slice(0, token.lastIndexOf('_'))}_YOUR_TOKEN_HERE`,
  'documentation: dots': (token) => `${token.slice(0, token.lastIndexOf('_'))}_...`,
  'documentation: in brackets': (token) => `${token.slice(0, token.lastIndexOf('_'))}_<token>`,
  'documentation: the same letter': (token) => token.slice(0, token.lastIndexOf('_') + 1) + 'x'.repeat(49),
};

const otherTyp = (typ: string) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ, kid: 'ka0bc1de2fg3hi4jk5lm6no7' })}.${part({ sub: 'user', iat: 1, jti: 'j' })}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
};
const NEAR_JWTS: Readonly<Record<string, string>> = {
  'another product’s': otherTyp('at+jwt'),
  'of no type of its own': otherTyp('JWT'),
  'without its signature': TOKENS['countersign-jwt'].replace(/[^.]+$/, ''),
  'with half its signature': TOKENS['countersign-jwt'].slice(0, -170),
  'its header alone': TOKENS['countersign-jwt'].replace(/\..*$/, ''),
  'a longer word before': `not${TOKENS['countersign-jwt']}`,
};

type Finding = { readonly file: string; readonly rule: string; readonly secret: string };

/** As a folder with one file for each. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

const planted = RULES.flatMap((rule) =>
  Object.entries(PLACES).map(([place, text]) => ({ rule, file: `${rule}/${place}`, text })),
);
const plantedFiles = () => Object.fromEntries(planted.map(({ rule, file, text }) => [file, text(TOKENS[rule])]));
const previews = [...Object.values(OPAQUE), JWT].map(previewOf);
const nearMissFiles = (): Readonly<Record<string, string>> => ({
  'preview.md': ['tfy_pat_7Fk2…9xQd', ...previews, ''].join('\n'),
  ...Object.fromEntries(Object.entries(NEAR_JWTS).map(([what, text]) => [`jwt/${what}.txt`, `token = ${text}\n`])),
  ...Object.fromEntries(
    Object.entries(OPAQUE).flatMap(([rule, token]) =>
      Object.entries(NEAR_MISSES).map(
        ([what, of]) => [`${rule}/${what}.txt`, `token = ${of(token.reveal())}\n`] as const,
      ),
    ),
  ),
});

const byFile = (one: Finding, other: Finding) => (one.file < other.file ? -1 : 1);
const expected = (nameOf: (rule: RuleId) => string): readonly Finding[] =>
  planted.map(({ rule, file }) => ({ file, rule: nameOf(rule), secret: TOKENS[rule] })).sort(byFile);

test('what is published is what the constants of the parser make: if not, run scripts/scanning.ts', () => {
  const there = readdirSync(PUBLISHED_FOLDER).map((file) => [file, readFileSync(join(PUBLISHED_FOLDER, file), 'utf8')]);
  expect(Object.fromEntries(there)).toEqual(PUBLISHED);
});

test('the documents show the published expression', () => {
  for (const page of ['docs/formats.md', 'docs/scanning.md']) {
    expect(readFileSync(page, 'utf8')).toContain(`\`${PUBLISHED['token.regex']?.trimEnd()}\``);
  }
});

test('tokens check calls well formed what the rules find, and none of what they pass over', () => {
  const whole = (text: string) => {
    const told = formOf(new Sensitive(text));
    return told.form === 'jwt' || (told.form === 'opaque' && told.fault === undefined);
  };
  expect(Object.values(TOKENS).map(whole)).toEqual(RULES.map(() => true));
  const others = [
    ...Object.values(NEAR_JWTS),
    ...Object.values(OPAQUE).flatMap((token) => Object.values(NEAR_MISSES).map((of) => of(token.reveal()))),
  ];
  expect(others.filter(whole)).toEqual([]);
});

describe.skipIf(!has('gitleaks'))(needing('gitleaks', 'gitleaks with the published rules'), () => {
  const PUBLISHED_RULES = join(PUBLISHED_FOLDER, 'gitleaks.toml');

  /** Once each: what is written with escapes it finds as it stands, and again when it has decoded it. */
  async function findings(folder: string, rules = PUBLISHED_RULES): Promise<readonly Finding[]> {
    const args = ['dir', '--config', rules, '--no-banner', '--log-level', 'error', '--exit-code', '0'];
    const { code, out, err } = await outcomeOf(usePart('gitleaks').gitleaks, [
      ...args,
      '-f',
      'json',
      '-r',
      '-',
      folder,
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const found = (JSON.parse(out) as readonly { File: string; RuleID: string; Secret: string }[]).map(
      ({ File, RuleID, Secret }) => ({ file: relative(folder, File), rule: RuleID, secret: Secret }),
    );
    return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()].sort(byFile);
  }

  test('finds and names a token of every kind in every place, and nothing else around it', async () => {
    expect(await findings(folderWith(plantedFiles()))).toEqual(expected((rule) => rule));
  });

  test('finds none in near misses, previews and documentation', async () => {
    expect(await findings(folderWith(nearMissFiles()))).toEqual([]);
  });

  test('finds one in the base64 of a Kubernetes secret', async () => {
    const yaml = `kind: Secret\ndata:\n  token: ${Buffer.from(PAT).toString('base64')}\n`;
    const found = { file: 'secret.yaml', rule: 'countersign-personal-access-token', secret: PAT };
    expect(await findings(folderWith({ 'secret.yaml': yaml }))).toEqual([found]);
  });

  test('beside its own rules, our tokens are still named as ours, and another’s JWT is found as one', async () => {
    const folder = folderWith({ 'ours.env': `API_KEY="${PAT}"\n`, 'jwt.env': `API_KEY="${otherTyp('JWT')}"\n` });
    const rules = join(temporaryFolder(), 'both.toml');
    writeFileSync(rules, `[extend]\nuseDefault = true\n\n${PUBLISHED['gitleaks.toml']}`);
    const found = (await findings(folder, rules)).map(({ file, rule }) => ({ file, rule }));
    expect(found).toEqual([
      { file: 'jwt.env', rule: 'jwt' },
      { file: 'ours.env', rule: 'countersign-personal-access-token' },
    ]);
  });
});

describe('secretlint with the published rules', () => {
  type Message = { readonly message: string; readonly range: readonly [number, number] };
  type Linted = { readonly filePath: string; readonly sourceContent: string; readonly messages: readonly Message[] };

  async function linted(folder: string, ...options: readonly string[]): Promise<readonly Linted[]> {
    const rules = join(PUBLISHED_FOLDER, 'secretlint.json');
    const args = [join(ROOT, 'node_modules/secretlint/bin/secretlint.js'), '--secretlintrc', rules, '--no-gitignore'];
    const { out, err } = await outcomeOf(process.execPath, [...args, '--format', 'json', ...options, `${folder}/**/*`]);
    expect(err).toBe('');
    return JSON.parse(out);
  }
  const named = (message: string) => message.replace(/^.*found matching (.*): .*$/, '$1');
  const findingsIn = (folder: string, files: readonly Linted[]): readonly Finding[] =>
    files
      .flatMap(({ filePath, sourceContent, messages }) =>
        messages.map(({ message, range }) => ({
          file: relative(folder, filePath),
          rule: named(message),
          secret: sourceContent.slice(...range),
        })),
      )
      .sort(byFile);

  test('finds and names a token of every kind in every place, and nothing else around it', async () => {
    const folder = folderWith(plantedFiles());
    const found = findingsIn(folder, await linted(folder, '--no-maskSecrets'));
    expect(found).toEqual(expected((rule) => SOUGHT[rule].name));
  });

  test('finds none in near misses, previews and documentation', async () => {
    const folder = folderWith(nearMissFiles());
    const files = await linted(folder);
    expect(files).toHaveLength(Object.keys(nearMissFiles()).length);
    expect(findingsIn(folder, files)).toEqual([]);
  });

  test('shows no token unless it is told to', async () => {
    const files = await linted(folderWith({ '.env': PAT }));
    expect(files.map(({ messages }) => messages)).toEqual([[expect.objectContaining({ range: [0, PAT.length] })]]);
    expect(JSON.stringify(files.map(({ messages }) => messages))).not.toContain(PAT);
  });
});

/** GitHub is not to be had here: its fields, put together as its form says, in the engine of this process. */
describe('the expressions for GitHub', () => {
  type Row = { secretFormat: string; beforeSecret: string; afterSecret: string; type: string };
  const rows: readonly Row[] = JSON.parse(PUBLISHED['github.json'] as string);
  const here = (expression: string) => expression.replaceAll(String.raw`\A`, '^').replaceAll(String.raw`\z`, '$');
  const foundIn = (text: string) =>
    rows.flatMap(({ secretFormat, beforeSecret, afterSecret, type }) => {
      const expression = `(?:${here(beforeSecret)})(?<secret>${secretFormat})(?:${here(afterSecret)})`;
      const { secret } = new RegExp(expression).exec(text)?.groups ?? {};
      return secret === undefined ? [] : [{ type, secret }];
    });

  test('find a token of every kind in every place', () => {
    const found = Object.entries(plantedFiles()).map(([file, text]) => ({ file, found: foundIn(text) }));
    const one = (rule: RuleId) => [{ type: rule.replaceAll('-', '_'), secret: TOKENS[rule] }];
    expect(found).toEqual(planted.map(({ rule, file }) => ({ file, found: one(rule) })));
  });

  test('find none in near misses, but for an example of one letter only, which is theirs to leave out', () => {
    const found = Object.entries(nearMissFiles()).filter(([, text]) => foundIn(text).length > 0);
    expect(found.map(([file]) => file).filter((file) => !file.includes('the same letter'))).toEqual([]);
  });
});
