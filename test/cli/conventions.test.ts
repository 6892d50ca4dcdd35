// The conventions that all commands keep: help, output, exit codes, profiles, completion.
import { exec } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, onTestFinished, test } from 'vitest';
import { examplesOf } from '../../src/cli/definitions/examples.ts';
import { createProgram } from '../../src/cli/program.ts';
import { describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { adminKey, builtProgram } from '../support/process.ts';
import { cliTests, runCli } from './support.ts';

function leavesOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.commands
    .filter((sub) => !sub.name().startsWith('__'))
    .flatMap((sub) => (sub.commands.length > 0 ? leavesOf(sub) : [sub]));
}

describe('Every command', () => {
  const commands = leavesOf(createProgram({ version: '1', run: async () => {} }));

  test('has a summary, a description and examples that parse', () => {
    expect(commands.length).toBeGreaterThan(20);
    for (const command of commands) {
      expect(command.summary(), command.name()).not.toBe('');
      expect(command.description(), command.name()).toMatch(/\.$/);
      expect(examplesOf(command).length, command.name()).toBeGreaterThan(0);
    }
  });
});

describeEmbedded('The CLI', (backend) => {
  const cli = cliTests(backend);
  /** Nothing listens there. */
  const nowhere = 'http://127.0.0.1:9';

  test('prints help with examples to standard output', async () => {
    for (const args of [['--help'], ['tail', '--help'], ['keys', 'create', '-h'], ['help', 'send']]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Usage: throughline');
      expect(stdout).toContain('Examples:');
    }
  });

  test('ends with 2 where the command line is wrong, and says how to go on', async () => {
    for (const args of [
      ['nonsense'],
      ['tail', '--nonsense'],
      ['chain'],
      ['events', '--limit', 'many'],
      ['events', '--status', 'lost'],
      ['send', 'order.paid', '{"total": '],
      ['send', 'order.paid', '[1]'],
      ['tail', '--after', 'yesterday'],
      ['events', '--url', 'localhost'],
      ['keys', 'create', 'x'],
      ['redrive'],
    ]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).not.toContain('    at ');
    }
    expect((await cli.run(['tail', '--limt', '1'])).stderr).toContain('--limit');
  });

  test('tells failures apart by exit code, and as JSON for scripts', async () => {
    const unreachable = await cli.run(['events', '--url', nowhere]);
    expect(unreachable.code).toBe(3);
    expect(unreachable.stderr).toContain('throughline serve');
    expect((await cli.run(['tail', '--url', nowhere])).code).toBe(3);
    expect((await cli.run(['send', 'a.b', '--url', nowhere])).code).toBe(3);
    const unknown = await cli.run(['events', '--key', 'wrong', '--json']);
    expect(unknown.code).toBe(4);
    expect(JSON.parse(unknown.stderr)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect((await cli.run(['chain', 'no-such-request'])).code).toBe(5);
    expect((await cli.run(['consumers', 'none'])).code).toBe(5);
    const refused = await cli.run(['events', '--where', 'data.total >']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/INVALID_FILTER[^]*line 1, column \d+/);
  });

  test('a key without the scope is a failure that names the scope', async () => {
    const name = fresh('reader');
    const { stdout: key } = await cli.run(['keys', 'create', name, '--preset', 'reader']);
    const { code, stderr } = await cli.run(['send', 'order.paid'], { env: { THROUGHLINE_KEY: key.trim() } });
    expect(code).toBe(4);
    expect(stderr).toContain('events:send');
  });

  test('colours are for terminals alone, unless they are forced; NO_COLOR goes first', async () => {
    const request = fresh('request');
    await cli.run(['send', 'order.paid', '-r', request]);
    const escape = '\u001b[';
    const plain = await cli.run(['chain', request]);
    expect(plain.stdout).not.toContain(escape);
    const forced = await cli.run(['chain', request], { env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain(escape);
    for (const [args, env] of [
      [['chain', request], { FORCE_COLOR: '1', NO_COLOR: '1' }],
      [['chain', request, '--no-color'], { FORCE_COLOR: '1' }],
      [['chain', request, '--json'], { FORCE_COLOR: '1' }],
    ] as const)
      expect((await cli.run(args, { env })).stdout).not.toContain(escape);
  });

  test('what events hold cannot control the terminal', async () => {
    const topic = fresh('control');
    const evil = '\u001b]0;title\u0007\u009b2J\u202egnp';
    await cli.run(['send', topic, JSON.stringify({ evil }), '--description', evil, '-r', `${topic}${evil}`]);
    for (const args of [
      ['events', '--topic', topic, '--payload'],
      ['events', '--topic', topic, '--payload', '--json'],
      ['chain', `${topic}${evil}`],
      ['tail', topic, '--after', '0', '-n', '1'],
    ]) {
      const { code, stdout } = await cli.run(args);
      expect(code).toBe(0);
      expect(stdout).toContain(topic);
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });

  test('ends well when the reader of a pipe goes away', async () => {
    const topic = fresh('pipe');
    const lines = Array.from({ length: 3_000 }, (_, n) => `{"n":${n}}`).join('\n');
    await cli.run(['send', topic, '--file', '-'], { input: lines });
    const command = `"${process.execPath}" "${builtProgram()}" events --topic ${topic} --limit 3000 --json | head -n 1`;
    const env = { ...process.env, THROUGHLINE_URL: cli.url, THROUGHLINE_KEY: adminKey };
    const { stdout, stderr } = await promisify(exec)(`set -o pipefail; ${command}`, { env, shell: 'bash' });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });
});

describeEmbedded('Profiles', (backend) => {
  const cli = cliTests(backend);

  async function emptyHome(): Promise<{
    run: (args: readonly string[], input?: string) => ReturnType<typeof runCli>;
    config: string;
  }> {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-home-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, 'config');
    const env = { XDG_CONFIG_HOME: config };
    return {
      config: join(config, 'throughline', 'profiles.json'),
      run: (args, input) => runCli(args, { cwd: folder, env, ...(input !== undefined && { input }) }),
    };
  }

  test('login checks the key, stores it for its owner alone, and later commands use it', async () => {
    const { run, config } = await emptyHome();
    const wrong = await run(['login', '--url', cli.url], 'wrong\n');
    expect(wrong.code).toBe(4);
    await expect(stat(config)).rejects.toThrow('ENOENT');
    const { code, stdout } = await run(['login', '--url', cli.url], `${adminKey}\n`);
    expect(code).toBe(0);
    expect(stdout).toContain('admin');
    expect(stdout).not.toContain(adminKey);
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect((await run(['topics'])).code).toBe(0);
    const { stdout: listed } = await run(['login', '--list', '--json']);
    expect(JSON.parse(listed)).toEqual({ profile: 'default', url: cli.url, current: true });
  });

  test("a profile's key is sent to no other gateway", async () => {
    const { run } = await emptyHome();
    await run(['login', '--url', cli.url, '--profile', 'one'], adminKey);
    expect((await run(['topics', '--url', cli.url])).code).toBe(0);
    const other = cli.url.replace('127.0.0.1', 'localhost');
    expect((await run(['topics', '--url', other])).code).toBe(4);
  });

  test('several profiles: the latest is current, another is named or made current, and one is removed', async () => {
    const { run, config } = await emptyHome();
    await run(['login', '--url', cli.url, '--profile', 'one'], adminKey);
    await run(['login', '--url', 'http://127.0.0.1:9', '--profile', 'two'], adminKey);
    expect(JSON.parse(await readFile(config, 'utf8'))).toMatchObject({ current: 'one' });
    await writeFile(
      config,
      (await readFile(config, 'utf8')).replace(
        '"one": {',
        '"two": {"url": "http://127.0.0.1:9", "key": "k"}, "one": {',
      ),
    );
    expect((await run(['topics', '--profile', 'two'])).code).toBe(3);
    expect((await run(['login', '--use', '--profile', 'two'])).code).toBe(0);
    expect((await run(['topics'])).code).toBe(3);
    expect((await run(['topics', '--profile', 'one'])).code).toBe(0);
    const unknown = await run(['topics', '--profile', 'three']);
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toContain('two, one');
    await run(['logout', '--profile', 'one']);
    expect((await run(['topics', '--profile', 'one'])).code).toBe(5);
  });

  test('in the folder where a gateway was started, its admin key is used for the default address alone', async () => {
    const { run } = await emptyHome();
    const { code, stderr } = await run(['events', '--url', cli.url]);
    expect(code).toBe(4);
    expect(stderr).toContain('throughline login');
  });
});

describeEmbedded('Completion', (backend) => {
  const cli = cliTests(backend);
  const complete = async (...words: string[]) =>
    (await cli.run(['__complete', '--', ...words])).stdout.trim().split('\n');

  test('offers commands, options and values', async () => {
    expect(await complete('t')).toEqual(['tail', 'triggers', 'topics']);
    expect(await complete('keys', 'r')).toEqual(['rotate', 'revoke']);
    expect(await complete('keys', 'create', 'x', '--preset', '')).toContain('worker');
    expect(await complete('tail', 'order.*', '--wh')).toEqual(['--where']);
    expect(await complete('tail', '--status', 'fi')).toEqual(['finished']);
    expect(await complete('completion', 'b')).toEqual(['bash']);
    expect(await complete('tail', '--u')).toEqual(['--user', '--url']);
  });

  test('works in bash', async () => {
    const { stdout: script } = await cli.run(['completion', 'bash']);
    const shell = `throughline() { "${process.execPath}" "${builtProgram()}" "$@"; }
${script}
COMP_WORDS=(throughline keys cre); COMP_CWORD=2; _throughline; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(exec)(shell, { shell: 'bash' });
    expect(stdout.trim()).toBe('create');
  });
});
