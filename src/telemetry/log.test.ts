import { expect, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { openLog } from './log.ts';

const PLAIN = 'plaintext-that-nobody-may-read';

function logAt(level: string) {
  const lines: string[] = [];
  const log = openLog(level, (line) => lines.push(line));
  const entries = () => lines.map((line) => JSON.parse(line));
  return { log, lines, entries };
}

test('a line is JSON with its level, time, words and fields, and nothing of the machine', () => {
  const { log, lines, entries } = logAt('info');
  log.info('said', { requestId: 'r-1' });
  expect(entries()).toEqual([{ level: 30, time: expect.any(Number), msg: 'said', requestId: 'r-1' }]);
  expect(lines[0]).toMatch(/\n$/);
});

const NEVER = ['authorization', 'cookie', 'password', 'token', 'code', 'value', 'secret'];

test.each(
  NEVER.flatMap((name) => [
    { where: name, fields: { [name]: PLAIN } },
    { where: `headers.${name}`, fields: { headers: { [name]: PLAIN } } },
    { where: `request.headers.${name}`, fields: { request: { headers: { [name]: PLAIN } } } },
  ]),
)('what stands in $where is redacted', ({ fields }) => {
  const { log, lines } = logAt('info');
  log.info('said', fields);
  log.failed(new Error('failed'), fields);
  expect(lines.map((line) => line.includes('[redacted]'))).toEqual([true, true]);
  expect(lines.join()).not.toContain(PLAIN);
});

test('what is sensitive is never printed, wherever it stands', () => {
  const { log, lines } = logAt('info');
  const sensitive = new Sensitive(PLAIN);
  log.info('said', { name: sensitive, in: { a: { b: { c: [sensitive] } } } });
  log.failed(new Error(`of ${sensitive}`, { cause: sensitive }), { name: sensitive });
  log.failed(sensitive);
  expect(lines).toHaveLength(3);
  expect(lines.join()).not.toContain(PLAIN);
});

test('a failure is described down its causes: what was refused by code and detail, what was thrown by its stack', () => {
  const { log, entries } = logAt('info');
  const root = new TypeError('the root of it');
  const refused = new Refusal('unavailable', 'Try again.', { detail: 'the disk is full', cause: root });
  log.failed(new Error('on top', { cause: refused }), { requestId: 'r-1' });
  expect(entries()).toEqual([
    {
      level: 50,
      time: expect.any(Number),
      msg: 'failed',
      requestId: 'r-1',
      error: {
        name: 'Error',
        message: 'on top',
        stack: expect.stringContaining('log.test.ts'),
        cause: {
          name: 'Refusal',
          message: 'Try again.',
          refusal: 'unavailable',
          detail: 'the disk is full',
          cause: { name: 'TypeError', message: 'the root of it', stack: expect.stringContaining('the root of it') },
        },
      },
    },
  ]);
});

test('no other property of what was thrown is printed: it may be anything', () => {
  const { log, lines, entries } = logAt('info');
  log.failed(Object.assign(new Error('failed'), { body: PLAIN, config: { headers: { 'x-key': PLAIN } } }));
  log.failed({ message: PLAIN, stack: PLAIN });
  log.failed(PLAIN);
  expect(lines.join()).not.toContain(PLAIN);
  expect(entries().map(({ error }) => error.message)).toEqual([
    'failed',
    'something that is no error was thrown',
    'something that is no error was thrown',
  ]);
});

test('a cause that leads back to where it began ends', () => {
  const { log, entries } = logAt('info');
  const [first, second] = [new Error('first'), new Error('second')];
  first.cause = second;
  second.cause = first;
  log.failed(first);
  expect(entries()).toMatchObject([{ error: { message: 'first', cause: { message: 'second' } } }]);
});

test.each([
  { level: 'debug', levels: [30, 50] },
  { level: 'info', levels: [30, 50] },
  { level: 'warn', levels: [50] },
  { level: 'error', levels: [50] },
  { level: 'silent', levels: [] },
])('at $level, lines of levels $levels are written', ({ level, levels }) => {
  const { log, entries } = logAt(level);
  log.info('said');
  log.failed(new Error('failed'));
  expect(entries().map((entry) => entry.level)).toEqual(levels);
});
