import { ADAPTERS } from './adapters.ts';
import { rowMacConformance } from './row-macs.ts';
import { keyShelfConformance, storeConformance } from './store.ts';

for (const adapter of ADAPTERS) {
  keyShelfConformance(adapter);
  storeConformance(adapter);
  rowMacConformance(adapter);
}
