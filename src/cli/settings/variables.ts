// The environment variables of the CLI. docs/reference/cli.md is printed from them.

export const variables = {
  THROUGHLINE_URL: 'The gateway, as --url.',
  THROUGHLINE_KEY: 'The API key or token, as --key.',
  THROUGHLINE_PROFILE: 'The profile, as --profile.',
  THROUGHLINE_SECRET: 'The secret of a webhook that `triggers create --signature` makes.',
  THROUGHLINE_JOB_ID:
    'Set for programs of `worker --exec`: the id of the job. What they `send` becomes its child.',
  THROUGHLINE_REQUEST_ID: 'Set for programs of `worker --exec`: the request of the job.',
  XDG_CONFIG_HOME: 'Where profiles are kept, as `throughline/profiles.json`. Default: `~/.config`.',
  NO_COLOR: 'Set to anything: no colours, as --no-color.',
} as const;
