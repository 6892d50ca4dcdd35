// Stores an order and sends `order.paid` in one transaction, with Prisma: both are there after the commit, or neither.

/** What is used of a PrismaClient. With a model for orders, `tx.order.create` stores them. */
interface Raw {
  $executeRaw(sql: TemplateStringsArray, ...values: unknown[]): Promise<number>;
  $queryRaw<Rows>(sql: TemplateStringsArray, ...values: unknown[]): Promise<Rows>;
}

interface Client {
  $transaction<Result>(work: (tx: Raw) => Promise<Result>): Promise<Result>;
}

/** Returns the id of the event. */
export function payOrder(prisma: Client, order: string, total: number): Promise<string> {
  return prisma.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO orders (id, total) VALUES (${order}, ${total})`;
    const event = { topic: 'order.paid', hash: `order.paid ${order}`, payload: { order, total } };
    const [sent] = await tx.$queryRaw<{ id: string }[]>`
      SELECT throughline.send_event(${JSON.stringify(event)}::jsonb) AS id`;
    return sent!.id;
  });
}
