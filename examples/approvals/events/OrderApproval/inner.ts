// What follows when the approval of an order is over: the order goes on, or is cancelled.
import { app, type WorkflowEventData } from 'throughline';

const orderStatus: Readonly<Record<string, string>> = { approved: 'processing', rejected: 'cancelled' };

export async function handleOrderApproval({ row, status }: WorkflowEventData) {
  const next = orderStatus[status.value ?? ''];
  app.log.info(`order ${row.orderNo?.value}: its approval is ${status.value}`);
  if (next === undefined) return { orderNo: row.orderNo?.value, unchanged: true };
  row.status = { value: next };
  await row.save();
  return { orderNo: row.orderNo?.value, status: next };
}
