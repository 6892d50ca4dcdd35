// Orders, kept in memory; each write notifies the watchers of the model.
import { app } from 'throughline';

interface Order {
  orderNo: string;
  status?: string;
}

const orders = new Map<string, Order>();

export async function save(row: Order) {
  if (!row.orderNo) throw new Error('An order has to have a number: orderNo is missing.');
  const prevData = orders.get(row.orderNo) ?? {};
  orders.set(row.orderNo, row);
  await app.event.publish({
    sender: 'models.OrderModel',
    eventType: 'events.ModelType',
    kwargs: { model: 'models.OrderModel', optType: 'UpdateAfter', prevData, postData: row },
  });
}

export function find(orderNo: string) {
  return orders.get(orderNo) ?? null;
}
