// Writes docs/scanning/ from the constants of the parser: `node bin/launch.js scripts/scanning.ts`
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KIND_NAMES, type OpaqueKind, PATTERN, PREFIXES, shapeOf } from '#crypto/opaque-form.ts';

/** What people name a finding by; stable, since baselines and dashboards hold it. */
export const RULE_IDS = {
  pat: 'countersign-personal-access-token',
  va: 'countersign-virtual-account-token',
  session: 'countersign-session',
  invitation: 'countersign-invitation-code',
} as const satisfies Record<OpaqueKind, string>;

const KINDS = Object.keys(PREFIXES) as readonly OpaqueKind[];
const nameOf = (kind: OpaqueKind): string => `Countersign ${KIND_NAMES[kind]}`;

/**
 * What may stand before a token though it ends in a letter or digit: escapes in JSON and source text (`\n`, `\u003d`),
 * in URLs (`%3D`), and a terminal's colours in logs (`[32m`). A word boundary alone would overlook each of these leaks.
 */
const ESCAPES = [String.raw`\\[bfnrt]`, String.raw`\\[ux][0-9A-Fa-f]{2,4}`, '%[0-9A-Fa-f]{2}', String.raw`\[[0-9;]*m`];
const BEGIN = [String.raw`\b`, ...ESCAPES].join('|');

/**
 * Examples are written with one character again and again. The bits per character of such a text are under 2; those of
 * 49 random characters behind a prefix have never been seen under 4.
 */
const ENTROPY_MIN = 3;
/** The same for secretlint, which knows no entropy; ten in a row are not drawn in the age of the universe. */
const SAME_TEN_TIMES = String.raw`/([0-9A-Za-z])\1{9}/`;

/** Its one group holds the whole token, as gitleaks reports a group as the secret: so it names what to revoke, without an escape. */
const gitleaksRule = (kind: OpaqueKind): string => `
[[rules]]
id = "${RULE_IDS[kind]}"
description = "${nameOf(kind)}: whoever holds it can use it. Revoke it."
regex = '''(?:${BEGIN})(${shapeOf(kind)})\\b'''
keywords = ["${PREFIXES[kind]}"]
entropy = ${ENTROPY_MIN}
`;

const gitleaks = `# Made by scripts/scanning.ts. For \`gitleaks dir --config\`; or copy the rules into a .gitleaks.toml of your own.
title = "Countersign credentials"
${KINDS.map(gitleaksRule).join('')}`;

const secretlint = {
  rules: [
    {
      id: '@secretlint/secretlint-rule-pattern',
      options: {
        allows: [SAME_TEN_TIMES],
        patterns: KINDS.map((kind) => ({ name: nameOf(kind), patterns: [`/(?<=${BEGIN})${shapeOf(kind)}\\b/`] })),
      },
    },
  ],
};

/** By the fields of GitHub's form for custom patterns; `type` and `secretFormat` are what its partner programme asks for. */
const github = KINDS.map((kind) => ({
  type: RULE_IDS[kind].replaceAll('-', '_'),
  name: nameOf(kind),
  secretFormat: shapeOf(kind),
  beforeSecret: [String.raw`\A`, '[^0-9A-Za-z_]', ...ESCAPES].join('|'),
  afterSecret: String.raw`\z|[^0-9A-Za-z_]`,
}));

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What is published, by its name in docs/scanning/. */
export const PUBLISHED: Readonly<Record<string, string>> = {
  'token.regex': `${PATTERN}\n`,
  'gitleaks.toml': gitleaks,
  'secretlint.json': json(secretlint),
  'github.json': json(github),
};

export const PUBLISHED_FOLDER = resolve(import.meta.dirname, '..', 'docs', 'scanning');

if (process.argv[1] === import.meta.filename) {
  mkdirSync(PUBLISHED_FOLDER, { recursive: true });
  for (const [file, text] of Object.entries(PUBLISHED)) writeFileSync(join(PUBLISHED_FOLDER, file), text);
}
