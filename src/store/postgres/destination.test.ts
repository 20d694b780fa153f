import { expect, test } from 'vitest';
import { destinationOf } from './destination.ts';

test.each(['sslrootcert', 'sslcert', 'sslkey'])(
  'the file of %s is named where it cannot be read, and no more',
  (of) => {
    const url = `postgres://app:planted@db.example.com/c?sslmode=verify-full&${of}=/no/such/file`;
    const message = 'The file /no/such/file named in COUNTERSIGN_DATABASE_URL cannot be read (ENOENT).';
    expect(() => destinationOf(url)).toThrow(expect.objectContaining({ code: 'conflict', message }));
  },
);
