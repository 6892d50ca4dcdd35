// Processes customers in batches, and says when one is done.
import { app } from 'throughline';

export class CustomerBatchService {
  readonly #customers = Array.from({ length: 100 }, (_, n) => ({ id: n + 1, processed: false }));

  async processCustomers() {
    for (const customer of this.#customers) customer.processed = true;
    return app.event.publish({
      sender: 'services.CustomerBatchService.dataProcessed',
      args: [{ processedCount: this.#customers.length }],
    });
  }
}
