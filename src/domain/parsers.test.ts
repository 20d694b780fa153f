import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ID_RANDOM_BYTES, idFrom, parseId } from './id.ts';
import { parsePassword } from './password.ts';
import { parseEmail } from './principal.ts';
import { Refusal } from './refusal.ts';
import { BUILT_IN, parseRoleName } from './role.ts';
import { parseRoleBindingName } from './role-binding.ts';
import { parseTeamName } from './team.ts';
import { parseTenantName, parseTenantOrigin } from './tenant.ts';
import { parseTokenName } from './token.ts';

/** What no parser of a name may take, whatever its rule. */
const HOSTILE = [
  ...['', ' ', '\0', '\n', '__proto__', 'toString', 'hasOwnProperty', '../../etc', `x' or 1=1 --`],
  ...[
    'deploy\n',
    ' deploy',
    'deploy\0',
    'de ploy',
    'dеploy',
    'deploy\u200b',
    'ｄｅｐｌｏｙ',
    'dep\u0301loy',
    '\ud800abc',
  ],
  'x'.repeat(1_000_000),
];

const shown = (text: string) => (text.length > 40 ? `${text.length} characters` : JSON.stringify(text));
const named = (texts: readonly string[]) => texts.map((text) => ({ text, shown: shown(text) }));

/** Refused, for the caller to read, without their own words in it. */
function expectRefused(parse: (input: string) => unknown, text: string, code = 'invalid_request'): void {
  const outcome = (() => {
    try {
      return parse(text);
    } catch (error) {
      return error;
    }
  })();
  expect(outcome).toBeInstanceOf(Refusal);
  expect(outcome).toMatchObject({ code });
  const { message, problems } = outcome as Refusal;
  if (text.length > 12) expect(JSON.stringify([message, problems])).not.toContain(text);
}

describe('a token name', () => {
  test.each(['abc', 'deploy', 'constructor', 'ci-2', 'a-b-c', 'a--b', `a${'b'.repeat(35)}`])('%s is one', (text) => {
    expect(parseTokenName(text)).toBe(text);
  });

  test.each(named([...HOSTILE, 'ab', 'Deploy', '2fa', '-ab', 'ab-', 'a_b', 'a.b', `a${'b'.repeat(36)}`]))(
    '$shown is none',
    ({ text }) => expectRefused(parseTokenName, text),
  );

  test('a refusal names the field', () => {
    expect(() => parseTokenName('A')).toThrow(
      expect.objectContaining({
        problems: [{ field: 'name', problem: 'must match ^[a-z][a-z0-9-]{1,34}[a-z0-9]$' }],
      }),
    );
  });
});

describe('a tenant name', () => {
  test.each(['abc', 'default', 'a-1', `a${'b'.repeat(14)}`])('%s is one', (text) => {
    expect(parseTenantName(text)).toBe(text);
  });

  test.each(named([...HOSTILE, 'ab', 'Acme', '1ab', 'ab-', `a${'b'.repeat(15)}`]))('$shown is none', ({ text }) =>
    expectRefused(parseTenantName, text),
  );
});

describe('a team name', () => {
  test.each(['a', '7', 'Ops', 'data-science', 'a--b', 'toString', 'A'.repeat(24)])('%s is one', (text) => {
    expect(parseTeamName(text)).toBe(text);
  });

  const hostile = HOSTILE.filter((text) => !/^[A-Za-z]{1,24}$/.test(text));
  test.each(named([...hostile, '-', '-ab', 'ab-', 'a_b', 'a.b', 'a:b', 'A'.repeat(25)]))('$shown is none', ({ text }) =>
    expectRefused(parseTeamName, text, 'unprocessable'),
  );

  test.each(['everyone', 'Everyone', 'EVERYONE'])('%s is there already', (text) => {
    const problems = [{ field: 'name', problem: 'is taken' }];
    expect(() => parseTeamName(text)).toThrow(expect.objectContaining({ code: 'unprocessable', problems }));
  });
});

describe('the name of a role', () => {
  test.each(['abc', 'deployer', 'a-1', 'tenant-admins', `a${'b'.repeat(34)}`])('%s is one', (text) => {
    expect(parseRoleName(text)).toBe(text);
  });

  test.each(named([...HOSTILE, 'ab', 'Abc', '1ab', 'ab-', 'a_b', `a${'b'.repeat(35)}`]))('$shown is none', ({ text }) =>
    expectRefused(parseRoleName, text, 'unprocessable'),
  );

  test.each(BUILT_IN.map(({ id }) => id))('%s is the program’s own', (text) => {
    expect(() => parseRoleName(text)).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
});

describe('the name of a role binding', () => {
  test.each(['abc', 'deployers-x1', 'tenant-admin', `a${'b'.repeat(65)}`])('%s is one', (text) => {
    expect(parseRoleBindingName(text)).toBe(text);
  });

  test.each(named([...HOSTILE, 'ab', 'Abc', '1ab', 'ab-', 'a_b', `a${'b'.repeat(66)}`]))('$shown is none', ({ text }) =>
    expectRefused(parseRoleBindingName, text, 'unprocessable'),
  );
});

describe('the address of a tenant', () => {
  test.each([
    { text: 'https://tokens.example.com', origin: 'https://tokens.example.com' },
    { text: ' HTTPS://Tokens.Example.com/ ', origin: 'https://tokens.example.com' },
    { text: 'https://tokens.example.com:443', origin: 'https://tokens.example.com' },
    { text: 'http://127.0.0.1:8080', origin: 'http://127.0.0.1:8080' },
  ])('$text is $origin', ({ text, origin }) => {
    expect(parseTenantOrigin(text)).toBe(origin);
  });

  test.each(
    named([
      ...[...HOSTILE, 'tokens.example.com', 'ftp://tokens.example.com', 'https://', 'https://a.example/path'],
      ...[
        'https://a.example?',
        'https://a.example#x',
        'https://ada@a.example',
        'https://a.example:99999',
        'javascript:1',
      ],
    ]),
  )('$shown is none', ({ text }) => expectRefused(parseTenantOrigin, text));
});

describe('an id', () => {
  test.each(['a'.repeat(24), `z${'0'.repeat(23)}`])('%s is one', (text) => {
    expect(parseId(text)).toBe(text);
  });

  test.each(
    named([...HOSTILE, 'a'.repeat(23), 'a'.repeat(25), `0${'a'.repeat(23)}`, 'A'.repeat(24), `${'a'.repeat(23)}-`]),
  )('$shown is none, and is absent, not wrong', ({ text }) => expectRefused(parseId, text, 'not_found'));

  test('whatever the chance, what is made of it is one', () => {
    const bytes = fc.uint8Array({ minLength: ID_RANDOM_BYTES, maxLength: ID_RANDOM_BYTES });
    fc.assert(fc.property(bytes, (random) => parseId(idFrom(random)) === idFrom(random)));
  });

  test('every byte counts', () => {
    const ids = Array.from({ length: ID_RANDOM_BYTES }, (_, at) => {
      const random = new Uint8Array(ID_RANDOM_BYTES);
      random[at] = 1;
      return idFrom(random);
    });
    expect(new Set(ids).size).toBe(ID_RANDOM_BYTES);
  });
});

describe('an e-mail address', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    [' Ada.Lovelace+tag@Example.COM\n', 'ada.lovelace+tag@example.com'],
    ['ａｄａ＠example.com', 'ada@example.com'],
    ['\u212aelvin@example.com', 'kelvin@example.com'],
    ['z\u030co@example.com', 'ž'.normalize('NFC').concat('o@example.com')],
    ['root@localhost', 'root@localhost'],
    ['constructor@example.com', 'constructor@example.com'],
    [`${'a'.repeat(242)}@example.com`, `${'a'.repeat(242)}@example.com`],
  ])('%j becomes %j', (text, email) => {
    expect(parseEmail(text)).toBe(email);
  });

  test.each(
    named([
      ...HOSTILE,
      ...['ada', '@example.com', 'ada@', 'a@b@c', 'a b@example.com', 'a@exam ple.com', 'a\0@example.com', 'a\u202e@b'],
      ...['a\u200b@example.com', 'a@b\ud800', 'a\u00a0@example.com', `${'a'.repeat(243)}@example.com`],
    ]),
  )('$shown is none', ({ text }) => expectRefused(parseEmail, text));

  test('one that was parsed is in its last form: parsed again it stays', () => {
    const spelled = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }).map((name) => `${name}@Example.com`);
    fc.assert(
      fc.property(spelled, (text) => {
        const parse = (input: string) => {
          try {
            return parseEmail(input);
          } catch {
            return undefined;
          }
        };
        const email = parse(text);
        return email === undefined || parse(email) === email;
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a password', () => {
  test.each([
    ['x'.repeat(12), 'x'.repeat(12)],
    ['x'.repeat(256), 'x'.repeat(256)],
    ['🔑'.repeat(12), '🔑'.repeat(12)],
    ['  spaces count  ', '  spaces count  '],
    ['e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301', 'é'.repeat(12)],
    ['ｘ'.repeat(12), 'x'.repeat(12)],
    ['__proto__ or so', '__proto__ or so'],
  ])('%j is one, in the form that every keyboard’s becomes', (text, password) => {
    expect(parsePassword(text).reveal()).toBe(password);
  });

  test.each(named(['', 'x'.repeat(11), 'e\u0301'.repeat(11), '🔑'.repeat(11), 'x'.repeat(257), 'x'.repeat(1_000_000)]))(
    '$shown is none',
    ({ text }) => expectRefused(parsePassword, text),
  );

  test('a refusal does not repeat it', () => {
    const refused = () => parsePassword('hunter2');
    expect(refused).toThrow(
      expect.objectContaining({
        message: 'A password has 12 to 256 characters. Choose another.',
        problems: [{ field: 'password', problem: 'must have 12 to 256 characters' }],
      }),
    );
  });
});
