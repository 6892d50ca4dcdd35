// `throughline serve`: options become settings of the environment, then the gateway starts as without a command.

export interface ServeArguments {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly data?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly app?: string | undefined;
}

/** Never resolves: the gateway ends the process. */
export async function serve({ port, host, data, databaseUrl, app }: ServeArguments): Promise<never> {
  const settings = {
    PORT: port?.toString(),
    HOST: host,
    THROUGHLINE_DATA: data,
    DATABASE_URL: databaseUrl,
    THROUGHLINE_APP: app,
  };
  for (const [name, value] of Object.entries(settings)) if (value !== undefined) process.env[name] = value;
  await import('../../main.ts');
  return new Promise(() => {});
}
