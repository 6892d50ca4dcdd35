// The program `throughline`: without arguments it starts a gateway, otherwise it runs a command of the CLI. Each loads only its own.
const given = process.argv.slice(2);
const isServe = given.length === 0 || (given.length === 1 && given[0] === 'serve');
if (isServe) await import('./main.ts');
else await import('./cli/run.ts').then(({ run }) => run(process.argv));

export {};
