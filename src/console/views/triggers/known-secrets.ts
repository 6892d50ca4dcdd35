// The secrets of webhooks that were entered in this page. They are kept until it is closed, and stored nowhere.

const secrets = new Map<string, string>();

export function rememberSecret(triggerId: string, secret: string): void {
  secrets.set(triggerId, secret);
}

export function knownSecret(triggerId: string): string {
  return secrets.get(triggerId) ?? '';
}
