// Adds the figures of a batch of customers to the archive.
import { archive } from '../../archive.ts';

export function customFunc(payload: { processedCount?: number } = {}) {
  archive.batches += 1;
  archive.customers += payload.processedCount ?? 0;
  return { ...archive };
}
