import { describe, expect, test } from 'vitest';
import { atMost, lookUp } from './look-up.ts';

describe('of many look-ups', () => {
  /** Looks up nothing until it is told to. */
  function held() {
    const begun: { readonly host: string; readonly end: (error?: Error) => void }[] = [];
    const resolve = (host: string) =>
      new Promise<readonly string[]>((done, fail) => {
        begun.push({ host, end: (error) => (error === undefined ? done([host]) : fail(error)) });
      });
    return { begun, hosts: () => begun.map(({ host }) => host), resolve: atMost(2, resolve) };
  }

  test('two are under way at once; each that ends, well or not, lets the next begin', async () => {
    const { begun, hosts, resolve } = held();
    const all = ['a', 'b', 'c', 'd'].map((host) => resolve(host).catch(() => 'failed'));
    expect(hosts()).toEqual(['a', 'b']);
    begun[1]?.end(new Error('no such host'));
    await all[1];
    expect(hosts()).toEqual(['a', 'b', 'c']);
    begun[0]?.end();
    await all[0];
    expect(hosts()).toEqual(['a', 'b', 'c', 'd']);
    begun[2]?.end();
    begun[3]?.end();
    expect(await Promise.all(all)).toEqual([['a'], 'failed', ['c'], ['d']]);
    resolve('e');
    resolve('f');
    resolve('g');
    expect(hosts().slice(4)).toEqual(['e', 'f']);
  });
});

test('names are looked up as this machine does', async () => {
  expect(await lookUp('localhost')).toContain('127.0.0.1');
});
