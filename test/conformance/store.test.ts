import { accountTokenConformance } from './account-tokens.ts';
import { ADAPTERS } from './adapters.ts';
import { feedConformance } from './feed.ts';
import { holdersConformance } from './holders.ts';
import { jobConformance } from './jobs.ts';
import { keyShelfConformance } from './key-shelf.ts';
import { peopleConformance } from './people.ts';
import { patConformance } from './personal-access-tokens.ts';
import { raceConformance } from './races.ts';
import { retentionConformance } from './retention.ts';
import { rightsConformance } from './rights.ts';
import { rowMacConformance } from './row-macs.ts';
import { storeConformance } from './store.ts';
import { teamConformance } from './teams.ts';
import { tokenLimitConformance } from './token-limits.ts';
import { tokenValueConformance } from './token-values.ts';
import { userConformance } from './users.ts';
import { virtualAccountConformance } from './virtual-accounts.ts';

for (const adapter of ADAPTERS) {
  keyShelfConformance(adapter);
  peopleConformance(adapter);
  userConformance(adapter);
  rightsConformance(adapter);
  holdersConformance(adapter);
  teamConformance(adapter);
  patConformance(adapter);
  tokenValueConformance(adapter);
  tokenLimitConformance(adapter);
  virtualAccountConformance(adapter);
  accountTokenConformance(adapter);
  storeConformance(adapter);
  rowMacConformance(adapter);
  feedConformance(adapter);
  raceConformance(adapter);
  jobConformance(adapter);
  retentionConformance(adapter);
}
