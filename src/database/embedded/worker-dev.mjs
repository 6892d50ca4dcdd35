// In development: loads the thread of the embedded database from its TypeScript source.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
