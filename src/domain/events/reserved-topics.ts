// Reserved topics: those of the gateway itself, which nobody can send to, change or delete through the API.

/** Events of these topics are sent by the gateway alone. */
export const reservedPrefix = 'throughline.';
/** Events of these topics are visible only with the scope audit:read. */
export const auditPrefix = 'throughline.audit.';

export function isReserved(topic: string): boolean {
  return topic.startsWith(reservedPrefix);
}

export function isAudit(topic: string): boolean {
  return topic.startsWith(auditPrefix);
}
