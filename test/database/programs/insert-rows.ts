// Opens the database in the folder given and inserts rows without end, printing the number of each that was committed.

import { createLogger } from '../../../src/base/logger.ts';
import { openDatabase } from '../../../src/database/open.ts';

const database = await openDatabase({ folder: process.argv[2]!, logger: createLogger('silent') });
await database.transaction((tx) => tx.exec('CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)'));
const [last] = await database.query<{ n: number }>({
  text: 'SELECT coalesce(max(n), 0) AS n FROM numbers',
  values: [],
});
for (let n = (last?.n ?? 0) + 1; ; n++) {
  await database.query({ text: 'INSERT INTO numbers VALUES ($1)', values: [n] });
  process.stdout.write(`${n}\n`);
}
