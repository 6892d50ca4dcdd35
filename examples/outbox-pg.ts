// Stores an order and sends `order.paid` in one transaction, with pg: both are there after the commit, or neither.
import type { ClientBase } from 'pg';

/** Returns the id of the event. `client` is a connection of its own, such as one of `pool.connect()`. */
export async function payOrder(client: ClientBase, order: string, total: number): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query('INSERT INTO orders (id, total) VALUES ($1, $2)', [order, total]);
    const event = { topic: 'order.paid', hash: `order.paid ${order}`, payload: { order, total } };
    const { rows } = await client.query<{ id: string }>('SELECT throughline.send_event($1::jsonb) AS id', [
      JSON.stringify(event),
    ]);
    await client.query('COMMIT');
    return rows[0]!.id;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
