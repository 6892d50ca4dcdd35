// After an installation: builds the program, and makes the empty database from which a first start begins. An installation
// without development dependencies builds nothing.
import { buildConsole } from './build-console.mjs';
import { buildProgram, notBuilt } from './build.mjs';

if (await buildProgram()) {
  await buildConsole();
  try {
    const { makeTemplate } = await import('../dist/database/embedded/template.js');
    await makeTemplate();
  } catch (error) {
    process.stderr.write(
      `No template was made (${error.message}); a first start takes some seconds longer.\n`,
    );
  }
} else process.stderr.write(`${notBuilt}\n`);
