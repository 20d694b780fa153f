const DATE_CHARS = '2025-01-15'.length;
const MINUTE_CHARS = '2025-01-15T10:00'.length;

/** Instants as lists show them: the day, in UTC. */
export const dayOf = (instant: string | null): string => (instant === null ? 'Never' : instant.slice(0, DATE_CHARS));

/** To the minute, in UTC. */
export const minuteOf = (instant: string | null): string =>
  instant === null ? 'Never' : `${instant.slice(0, MINUTE_CHARS).replace('T', ' ')} UTC`;

type Use = { readonly at: string; readonly surface: string; readonly address: string | null };

export const useOf = (use: Use | null): string => {
  if (use === null) return 'never';
  return `${minuteOf(use.at)} on ${use.surface}${use.address === null ? '' : ` from ${use.address}`}`;
};
