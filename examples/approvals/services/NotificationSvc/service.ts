// Tells people what they need to know; here by an event for each notification.
import { app, type WorkflowEventData } from 'throughline';

export function sendApprovalNotification({ row, status }: WorkflowEventData) {
  const text = `The approval of invoice ${row.invoiceNo?.value} is ${status.value}`;
  return notify(String(row.customer?.value), text);
}

export async function notify(to: string, text: string) {
  await app.event.publish({ sender: 'services.NotificationSvc.notified', kwargs: { to, text } });
  return { to, text };
}
