// What property-based tests draw: the same at every run of CI, which is to tell what a change did; something new elsewhere.
import fc from 'fast-check';

const seed = process.env.PROPERTY_SEED ?? (process.env.CI ? '20261121' : undefined);

if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
