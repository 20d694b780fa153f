import { test } from 'vitest';
import { needing, type PartName } from '#support/parts.ts';

const part = process.env.COUNTERSIGN_TEST_PART as PartName;

test.skip(needing(part, 'what runs on it, or with it'), () => {});
