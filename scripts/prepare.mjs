// After an installation: builds the program, and makes the empty database from which a first start begins.
import './build.mjs';

try {
  const { makeTemplate } = await import('../dist/database/template.js');
  await makeTemplate();
} catch (error) {
  process.stderr.write(`No template was made (${error.message}); a first start takes some seconds longer.\n`);
}
