// `throughline doctor`: checks a gateway, and its database if one is named.
import { checkGateway } from '../doctor/gateway-checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Colour } from '../output/colours.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

export interface DoctorArguments {
  readonly databaseUrl?: string | undefined;
  readonly data?: string | undefined;
}

const colours: Readonly<Record<Finding['level'], Colour>> = {
  ok: 'green',
  note: 'dim',
  warning: 'yellow',
  problem: 'red',
};

export async function doctor(session: Session, given: DoctorArguments): Promise<void> {
  const { output } = session;
  const findings: Finding[] = [];
  const add = async (found: readonly Finding[]) => {
    for (const finding of found) await print(output, finding);
    findings.push(...found);
  };
  const isDatabase = given.databaseUrl !== undefined || given.data !== undefined;
  // An embedded database can be looked at only while its gateway is stopped.
  if (given.data === undefined) {
    const { url } = await session.target();
    await add(await checkGateway(url, await session.client()));
  }
  if (isDatabase) {
    const { checkDatabase } = await import('../doctor/database-checks.ts');
    await add(await checkDatabase(given));
  }
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (problems > 0) throw new Failure('', { exitCode: exitCodes.incomplete });
}

async function print(output: Output, finding: Finding): Promise<void> {
  if (output.isJson) return output.json(finding);
  const { level, check, message, hint } = finding;
  const { paint } = output;
  await output.line(`${paint(colours[level], level.padEnd(7))}  ${check.padEnd(14)}  ${printable(message)}`);
  if (hint !== undefined) await output.line(`${' '.repeat(25)}${paint('dim', printable(hint))}`);
}
