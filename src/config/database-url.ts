import { Sensitive } from '#domain/sensitive.ts';
import type { Parsed } from './setting.ts';

/** A connection URI as PostgreSQL's own programs take it (its manual, 34.1.1.2). What it holds is never said again. */
export function postgresUrl(text: string): Parsed<Sensitive | undefined> {
  if (text === '') return { value: undefined };
  const url = URL.parse(text);
  if (url !== null && /^postgres(ql)?:$/.test(url.protocol) && namesDatabase(url))
    return { value: new Sensitive(text) };
  return { problem: 'must be postgres://user@host:port/database, with % and two digits for what is special in a URL' };
}

/** Else the driver would take the one that is called like the user. */
const namesDatabase = ({ pathname }: URL): boolean => /^\/[^/]+$/.test(pathname);
