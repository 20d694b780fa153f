// Writes docs/scanning/ from the constants of the parser: `node bin/launch.js scripts/scanning.ts`
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  JWT_BEGINNING,
  KIND_NAMES,
  type OpaqueKind,
  PATTERN,
  PREFIXES,
  SIGNATURE_CHARS_MIN,
  shapeOf,
} from '#crypto/opaque-form.ts';

type Sought = {
  readonly name: string;
  /** Its first letters, by which a scanner knows where to look at all. */
  readonly begins: string;
  readonly shape: string;
  /** Characters that would make it longer, so that it is none. */
  readonly goesOnBy: string;
};

const opaque = (kind: OpaqueKind): Sought => ({
  ...{ name: `Countersign ${KIND_NAMES[kind]}`, begins: PREFIXES[kind] },
  ...{ shape: shapeOf(kind), goesOnBy: '0-9A-Za-z_' },
});

const BASE64URL = '0-9A-Za-z_-';

function jwt(): Sought {
  const part = `[${BASE64URL}]`;
  const shape = `${JWT_BEGINNING}${part}+\\.${part}+\\.${part}{${SIGNATURE_CHARS_MIN},}`;
  return { name: 'Countersign access token (JWT)', begins: JWT_BEGINNING, shape, goesOnBy: BASE64URL };
}

/** By what people name a finding; stable, since baselines and dashboards hold it. */
export const SOUGHT = {
  'countersign-personal-access-token': opaque('pat'),
  'countersign-virtual-account-token': opaque('va'),
  'countersign-session': opaque('session'),
  'countersign-invitation-code': opaque('invitation'),
  'countersign-jwt': jwt(),
} as const satisfies Record<string, Sought>;
export type RuleId = keyof typeof SOUGHT;
const RULES = Object.entries(SOUGHT) as readonly (readonly [RuleId, Sought])[];

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
const gitleaksRule = ([id, { name, begins, shape, goesOnBy }]: (typeof RULES)[number]): string => `
[[rules]]
id = "${id}"
description = "${name}: whoever holds it can use it. Revoke it."
regex = '''(?:${BEGIN})(${shape})(?:[^${goesOnBy}]|$)'''
keywords = ["${begins}"]
entropy = ${ENTROPY_MIN}
`;

const gitleaks = `# Made by scripts/scanning.ts. For \`gitleaks dir --config\`; or copy the rules into a .gitleaks.toml of your own.
title = "Countersign credentials"
${RULES.map(gitleaksRule).join('')}`;

const secretlint = {
  rules: [
    {
      id: '@secretlint/secretlint-rule-pattern',
      options: {
        allows: [SAME_TEN_TIMES],
        patterns: RULES.map(([, { name, shape, goesOnBy }]) => ({
          ...{ name, patterns: [`/(?<=${BEGIN})${shape}(?![${goesOnBy}])/`] },
        })),
      },
    },
  ],
};

/** By the fields of GitHub's form for custom patterns; `type` and `secretFormat` are what its partner programme asks for. */
const github = RULES.map(([id, { name, shape, goesOnBy }]) => ({
  type: id.replaceAll('-', '_'),
  name,
  secretFormat: shape,
  beforeSecret: [String.raw`\A`, '[^0-9A-Za-z_]', ...ESCAPES].join('|'),
  afterSecret: String.raw`\z|[^${goesOnBy}]`,
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
