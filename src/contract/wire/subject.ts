import * as z from 'zod';

/** Who did or owns something, in the public product's words (contract 2). */
export const subject = z.object({
  subjectId: z.string(),
  subjectType: z.string(),
  subjectSlug: z.string(),
  subjectDisplayName: z.string(),
  subjectPatName: z.string().optional(),
});
